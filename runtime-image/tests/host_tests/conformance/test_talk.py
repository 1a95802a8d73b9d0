"""The talk's components with the talk's data: people that another program put into Redis, files in Redis and in Azure."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
import redis as redis_client

from host_tests.conformance import hosts
from host_tests.providers import servers
from host_tests.providers.contract.backends import BACKENDS
from wasicloud_host import config

EXAMPLES = servers.ROOT / "examples"
GOPHER = EXAMPLES / "gopher" / "rust" / "gopher.wasm"
GOPHERS = {"rust": GOPHER} | {file.parts[-3]: file for file in sorted(EXAMPLES.glob("gopher/*/build/gopher.wasm"))}
"""The same component in several languages, on both generations of the interface: the committed one, and those built here."""


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    """A Redis with a password, and somebody else's client of it."""
    with BACKENDS["redis"](tmp_path_factory.mktemp("redis")) as backend:
        client = redis_client.Redis(port=backend.servers[0].port, password=backend.secrets[0], decode_responses=True)
        with client:
            client.execute_command("HSET", "user:ricochet", "accept-language", "en-US", "animal", "dog")
            client.execute_command("HSET", "user:mossaka", "accept-language", "zh-CN", "animal", "cat")
            yield backend, client


@pytest.fixture(scope="module")
def azure(tmp_path_factory):
    """An Azurite."""
    with BACKENDS["azureBlob"](tmp_path_factory.mktemp("azure")) as backend:
        yield backend


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Compiled components: some are large."""
    folder = tmp_path_factory.mktemp("cache")
    folder.chmod(0o700)
    return folder


@contextmanager
def gopher(backend, artifact, folder, cache=None, **parameters):
    """The component that greets, its buckets mapped as ``parameters`` say."""
    link = config.Link("kv", "wasi:keyvalue", provider="people", parameters=config.LinkParameters(**parameters))
    component = config.Component("gopher", str(artifact), links=(link,))
    provider = config.Provider("people", backend.type, backend.options)
    wanted = hosts.configuration("gopher", component, provider)
    with hosts.running(config.replace(wanted, cache_directory=str(cache) if cache else None), folder) as host:
        yield host


@pytest.fixture(scope="module", params=GOPHERS)
def artifact(request):
    """One of the components."""
    return GOPHERS[request.param]


def test_people_that_redis_cli_put_there_are_greeted_with_layout_hash(redis, artifact, tmp_path, cache):
    backend, client = redis
    with gopher(backend, artifact, tmp_path, cache, layout="hash") as host:
        assert host.ask("/ricochet").text == "Hello ricochet, greetings to your dog!\n"
        assert host.ask("/mossaka").text == "你好 mossaka, greetings to your cat!\n"
        assert host.ask("/nobody").status == 404
        assert host.ask("/zhou?animal=fox&language=fr-FR", "PUT").status == 201
        assert host.ask("/zhou").text == "Bonjour zhou, greetings to your fox!\n"
    assert client.hgetall("user:zhou") == {"animal": "fox", "accept-language": "fr-FR"}
    client.delete("user:zhou")


def test_the_same_component_greets_from_azure(azure, artifact, tmp_path, cache):
    with gopher(azure, artifact, tmp_path, cache) as host:
        assert host.ask("/zhou?animal=fox&language=fr-FR", "PUT").status == 201
        assert host.ask("/zhou").text == "Bonjour zhou, greetings to your fox!\n"
        assert host.ask("/zhou", "DELETE").status == 200
        assert host.ask("/zhou").status == 404


def test_a_hash_under_a_key_of_layout_strings_is_the_interface_s_error_and_no_trap(redis, tmp_path):
    backend, client = redis
    key = "user%3Ahash:animal"  # of the bucket `user:hash`: how a bucket's name stands before its keys
    client.execute_command("HSET", key, "a", "field")
    with gopher(backend, GOPHER, tmp_path) as host:
        for _ in range(2):
            answer = host.ask("/hash")
            assert answer.status == 502
            assert "another type of value" in answer.text
        assert host.ask("/hash?animal=dog", "PUT").status == 201  # `set` replaces whatever is there
        assert host.ask("/hash").text == "Hello hash, greetings to your dog!\n"
        assert host.ask("/ricochet").status == 404  # the hash `user:ricochet` is no key of this layout
        traps = [line for line in host.metrics().splitlines() if "traps_total{" in line]
        assert all(line.endswith((" 0", " 0.0")) for line in traps)


@pytest.mark.parametrize("generation", ["kv-store", "kv-eventual", "kv-draft2"])
def test_every_generation_says_it_in_its_own_error(redis, generation, tmp_path):
    backend, _ = redis
    buckets = {"default": config.BucketParameters(prefix="")}
    link = config.Link("kv", "wasi:keyvalue", "redis", parameters=config.LinkParameters(buckets=buckets))
    provider = config.Provider("redis", backend.type, backend.options)
    with hosts.running(hosts.configuration(generation, hosts.guest(generation, link), provider), tmp_path) as host:
        for ask in ("/get?bucket=default&key=user:ricochet", "/increment?bucket=default&key=user:ricochet&delta=1"):
            answer = host.ask(ask)
            assert (answer.status, bool(answer.text.strip())) == (502, True), ask


@pytest.fixture(params=["redis", "azureBlob"])
def files(request, tmp_path):
    """The file server over a backend of this kind."""
    (tmp_path / "backend").mkdir()
    with BACKENDS[request.param](tmp_path / "backend") as backend:
        link = config.Link("blobs", "wasi:blobstore", provider="files")
        component = config.Component("blobby", str(EXAMPLES / "blobby" / "blobby.wasm"), links=(link,))
        provider = config.Provider("files", backend.type, backend.options)
        with hosts.running(hosts.configuration("blobby", component, provider), tmp_path) as host:
            yield host


def test_blobby_serves_files(files):
    body = bytes(range(256)) * 1000
    assert files.ask("/holiday/photo.jpg").status == 404
    assert files.ask("/holiday/photo.jpg", "HEAD").status == 404
    assert files.ask("/holiday/photo.jpg", "PUT", body).status == 201
    got = files.ask("/holiday/photo.jpg")
    assert (got.status, got.body, got.headers["content-type"]) == (200, body, "image/jpeg")
    head = files.ask("/holiday/photo.jpg", "HEAD")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(body)))
    assert files.ask("/holiday/photo.jpg", "POST", b"shorter").status == 201
    assert files.ask("/holiday/photo.jpg").body == b"shorter"
    assert files.ask("/empty.txt", "PUT", b"").status == 201
    assert files.ask("/empty.txt").body == b""
    refused = files.ask("/holiday/photo.jpg", "PATCH")
    assert refused.status == 405
    assert set(refused.headers["allow"].split(", ")) == {"GET", "HEAD", "PUT", "POST", "DELETE"}
    assert files.ask("/holiday/photo.jpg", "DELETE").status == 200
    assert files.ask("/holiday/photo.jpg").status == 404
    assert files.ask("/holiday/photo.jpg", "DELETE").status == 200


def test_those_write_files_to_azure_whom_redis_knows(redis, azure, tmp_path):
    """The talk as a whole: middleware with a Link to Redis, before files with a Link to Azure."""
    people, _ = redis
    layout = config.LinkParameters(layout="hash")
    links = (
        config.Link("kv", "wasi:keyvalue", provider="people", parameters=layout),
        config.Link("next", "wasi:http/incoming-handler", target="blobby"),
    )
    globby = config.Component("globby", str(EXAMPLES / "globby" / "globby.wasm"), links=links)
    blobs = config.Link("blobs", "wasi:blobstore", provider="files")
    blobby = config.Component("blobby", str(EXAMPLES / "blobby" / "blobby.wasm"), links=(blobs,))
    providers = (
        config.Provider("people", people.type, people.options),
        config.Provider("files", azure.type, azure.options),
    )
    wanted = config.HostConfig("globby", (globby, blobby), providers, config.Http("127.0.0.1:0"))
    with hosts.running(wanted, tmp_path) as host:
        assert host.ask("/a.txt", "PUT", b"x", {"x-gopher": "nobody"}).status == 403
        assert host.ask("/a.txt").status == 404
        assert host.ask("/a.txt", "PUT", b"x", {"x-gopher": "ricochet"}).status == 201
        assert host.ask("/a.txt").body == b"x"
