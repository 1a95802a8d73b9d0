"""What only Redis has: sockets, TLS, users, data of other programs, clusters whose keys move."""

from __future__ import annotations

import os

import pytest
import redis
from redis.crc import key_slot

from host_tests import certificates
from host_tests.providers import servers
from host_tests.providers.contract.objects import Bytes, content
from wasicloud_host import config
from wasicloud_host.capabilities import keyvalue, naming
from wasicloud_host.errors import BackendError
from wasicloud_host.providers import registry
from wasicloud_host.providers.redis import objects


@pytest.fixture
def opened():
    """Makes providers that close with the test."""
    made = []

    def make(**options):
        made.append(registry.open_one(config.Provider("cache", "redis", options)))
        return made[-1]

    yield make
    for provider in made:
        provider.close()


@pytest.fixture
def started(tmp_path):
    """Starts servers that end with the test."""
    running = []

    def start(*arguments):
        home = tmp_path / f"server-{len(running)}"
        home.mkdir()
        running.append(servers.redis_server(home, *arguments))
        running[-1].start()
        return running[-1]

    yield start
    for server in running:
        server.kill()


def bucket(provider, identifier="default", **parameters):
    """A bucket through a Link of these parameters."""
    return provider.keyvalue(naming.bucket(config.LinkParameters(**parameters), identifier))


def test_a_unix_socket_and_a_database(opened, started, tmp_path):
    path = tmp_path / "redis.sock"
    server = started("--unixsocket", str(path))
    bucket(opened(url=f"unix://{path}?db=3")).set(b"key", b"value")
    assert redis.Redis(port=server.port, db=3).get("default:key") == b"value"


def test_a_user_with_a_password_that_rotates(opened, started, tmp_path):
    server = started()
    admin = redis.Redis(port=server.port)
    admin.execute_command("ACL", "SETUSER", "app", "on", ">first", "~*", "+@all")
    password = tmp_path / "password"
    password.write_text("first\n")
    provider = opened(url=f"redis://127.0.0.1:{server.port}", username="app", passwordFile=str(password))
    bucket(provider).set(b"key", b"value")
    admin.execute_command("ACL", "SETUSER", "app", "<first", ">second")
    password.write_text("second\n")
    admin.execute_command("CLIENT", "KILL", "USER", "app")
    assert bucket(provider).get(b"key") == b"value"
    admin.execute_command("ACL", "SETUSER", "app", "-@write")
    with pytest.raises(BackendError) as caught:
        bucket(provider).set(b"key", b"value")
    assert caught.value.outcome == "denied"
    admin.close()


def test_data_that_other_programs_wrote(opened, started):
    server = started()
    other = redis.Redis(port=server.port)
    other.set("user:1", "ann")
    other.set("page:1", "front")
    other.hset("user:ricochet", mapping={"accept-language": "en-US", "animal": "dog"})
    provider = opened(url=f"redis://127.0.0.1:{server.port}")

    mapped = bucket(provider, "users", buckets={"users": config.BucketParameters(prefix="user:")})
    assert mapped.get(b"1") == b"ann"
    assert set(keyvalue.walk(mapped)) == {b"1"}, "keys of other types are not the bucket's"

    everything = bucket(provider, "all", buckets={"all": config.BucketParameters(prefix="")})
    assert set(keyvalue.walk(everything)) == {b"user:1", b"page:1"}
    with pytest.raises(BackendError, match="type"):
        everything.get(b"user:ricochet")

    animal = bucket(provider, "user:ricochet", layout="hash")
    assert set(keyvalue.walk(animal)) == {b"accept-language", b"animal"}
    assert animal.get(b"animal") == b"dog"
    animal.set(b"animal", b"cat")
    assert other.hget("user:ricochet", "animal") == b"cat"
    other.close()


def test_a_counter_is_one_that_other_programs_understand(opened, started):
    server = started()
    other = redis.Redis(port=server.port)
    counters = bucket(opened(url=f"redis://127.0.0.1:{server.port}"))
    counters.increment(b"visits", 41, signed=False)
    assert other.incr("default:visits") == 42
    other.expire("default:visits", 1000)
    assert counters.increment(b"visits", 1, signed=False) == 43
    assert other.ttl("default:visits") > 0, "counting does not undo an expiry"
    other.close()


def test_glob_characters_in_a_prefix_match_only_themselves(opened, started):
    provider = opened(url=f"redis://127.0.0.1:{started().port}")
    odd = bucket(provider, "a*?[b-c]\\^")
    bucket(provider, "axyb").set(b"foreign", b"x")
    bucket(provider, "a*?b\\^").set(b"foreign", b"x")
    odd.set(b"own", b"x")
    assert set(keyvalue.walk(odd)) == {b"own"}


def test_a_script_is_sent_again_when_the_server_forgot_it(opened, started):
    server = started()
    counters = bucket(opened(url=f"redis://127.0.0.1:{server.port}"))
    counters.increment(b"n", 1, signed=False)
    with redis.Redis(port=server.port) as admin:
        admin.script_flush()
    assert counters.increment(b"n", 1, signed=False) == 2


def test_an_idle_connection_that_the_server_closed_is_not_noticed(opened, started):
    server = started()
    kept = bucket(opened(url=f"redis://127.0.0.1:{server.port}"))
    kept.set(b"key", b"value")
    with redis.Redis(port=server.port) as admin:
        admin.client_kill_filter(_type="normal", skipme=True)
    assert kept.get(b"key") == b"value"


@pytest.fixture
def wire(started):
    """A line to a server."""
    line = servers.Wire(started().port)
    yield line
    line.close()


@pytest.mark.parametrize("signed", [True, False])
def test_a_count_whose_answer_is_lost_is_an_error_and_not_made_twice(opened, wire, signed):
    counters = bucket(opened(url=f"redis://127.0.0.1:{wire.port}"))
    counters.increment(b"n", 1, signed=signed)
    wire.swallow = b"default:n"
    with pytest.raises(BackendError):
        counters.increment(b"n", 1, signed=signed)
    assert wire.swallowed == 1
    assert counters.get(b"n") == b"2"


def test_an_object_whose_answer_is_lost_is_whole(opened, wire):
    blobs = opened(url=f"redis://127.0.0.1:{wire.port}").blobstore()
    place = naming.container(config.LinkParameters(), "photos")
    blobs.create_container(place)
    blobs.write(place, "cat", Bytes(b"old"))
    wire.swallow = objects.PUT.digest
    blobs.write(place, "cat", Bytes(b"new" * 1_000_000))
    assert wire.swallowed == 1
    assert content(blobs, place, "cat") == b"new" * 1_000_000


def test_keys_that_move_to_another_node_are_followed(opened, tmp_path):
    nodes = servers.redis_cluster(tmp_path)
    try:
        moving = bucket(opened(url=f"redis://127.0.0.1:{nodes[0].port}"))
        moving.set(b"key", b"value")
        slot = key_slot(b"default:key")
        clients = [redis.Redis(port=node.port) for node in nodes]
        identities = [client.execute_command("CLUSTER", "MYID").decode() for client in clients]
        owner = next(
            i for i, client in enumerate(clients) if client.execute_command("CLUSTER", "COUNTKEYSINSLOT", slot)
        )
        to = (owner + 1) % 3
        clients[to].execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", identities[owner])
        clients[owner].execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", identities[to])
        clients[owner].execute_command("MIGRATE", "127.0.0.1", nodes[to].port, "default:key", 0, 5000)
        assert moving.get(b"key") == b"value", "asked for while it moves"
        assert moving.get_many([b"key", b"other"]) == [b"value", None]
        for client in clients:
            client.execute_command("CLUSTER", "SETSLOT", slot, "NODE", identities[to])
        assert moving.get(b"key") == b"value", "found where it moved"
        assert moving.increment(b"count", 1, signed=False) == 1
        for client in clients:
            client.close()
    finally:
        for node in nodes:
            node.kill()


def test_a_node_that_dies_is_replaced_by_its_replica_without_a_restart(opened, tmp_path):
    nodes = servers.redis_cluster(tmp_path, replicas=1)
    try:
        kept = bucket(opened(url=f"redis://127.0.0.1:{nodes[0].port}"))
        keys = [b"%d" % number for number in range(50)]
        for key in keys:
            kept.set(key, b"value of " + key)
        nodes[0].kill()  # which the provider was told of, too

        def all_there():
            try:
                return kept.get_many(keys) == [b"value of " + key for key in keys]
            except BackendError:
                return False

        servers.wait_until(all_there, "the replica")
        for key in keys:
            kept.set(key, b"new")
            assert kept.get(key) == b"new"
    finally:
        for node in nodes:
            node.kill()


def test_a_primary_that_was_demoted_is_left(opened, started):
    old, new = started(), started()
    kept = bucket(opened(url=f"redis://127.0.0.1:{old.port}"))
    kept.set(b"key", b"value")
    with redis.Redis(port=old.port) as admin:
        admin.replicaof("127.0.0.1", new.port)
        with pytest.raises(BackendError) as caught:
            kept.set(b"key", b"other")
        assert caught.value.outcome == "unavailable"
        admin.replicaof("NO", "ONE")
    kept.set(b"key", b"again")
    assert kept.get(b"key") == b"again"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that signs itself."""
    return certificates.write(tmp_path_factory.mktemp("tls"))


def test_TLS_is_checked_against_the_given_authority(opened, started, certificate):
    port = servers.free_port()
    arguments = ["--tls-port", str(port), "--tls-auth-clients", "no"]
    files = ["--tls-cert-file", str(certificate.certificate), "--tls-key-file", str(certificate.key)]
    try:
        started(*arguments, *files)
    except pytest.fail.Exception as failure:
        if os.environ.get("CI") or "tls" not in str(failure).lower():
            raise
        pytest.skip("this redis-server was built without TLS")
    trusted = opened(url=f"rediss://127.0.0.1:{port}", tls={"caFile": str(certificate.certificate)})
    bucket(trusted).set(b"key", b"value")
    assert bucket(trusted).get(b"key") == b"value"
    with pytest.raises(BackendError) as caught:
        bucket(opened(url=f"rediss://127.0.0.1:{port}")).get(b"key")
    assert caught.value.outcome == "unavailable"
