"""What one component alone cannot show: several components, several hosts, a backend that goes away."""

from __future__ import annotations

import concurrent.futures

import pytest

from host_tests.conformance import hosts
from host_tests.conformance.conftest import linked
from host_tests.providers.contract.backends import BACKENDS

GENERATIONS = ("kv-store", "kv-eventual", "kv-draft2")
WITH_SERVER = ("azureBlob", "redis", "redis-hash")
several_hosts = pytest.mark.parametrize("backend", [name for name in BACKENDS if name != "memory"], indirect=True)
"""Over every backend that several processes share; the memory of one process is its own."""


@pytest.mark.parametrize("guest", GENERATIONS)
def test_kv09_an_unlisted_bucket_is_refused(backend, guest, tmp_path):
    with hosts.running(linked(guest, backend, identifiers=("default", "other")), tmp_path) as host:
        assert host.rule("KV09", "unlisted=forbidden")["ok"] is True


@pytest.mark.parametrize("guest", GENERATIONS)
@pytest.mark.parametrize("kind", WITH_SERVER)
def test_kv10_a_backend_that_is_down_is_an_error_without_secrets_and_recovers(kind, guest, tmp_path):
    (tmp_path / "backend").mkdir()
    with BACKENDS[kind](tmp_path / "backend") as backend, hosts.running(linked(guest, backend), tmp_path) as host:
        assert host.rule("KV05")["ok"] is True
        for server in backend.servers:
            server.kill()
        for secret in backend.secrets:
            found = host.rule("KV10", "secret=" + secret.replace(" ", "%20"))
            assert found["ok"] is True, found
        for server in backend.servers:
            server.start()
        assert host.rule("KV05")["ok"] is True
        assert not any(secret in host.log_file.read_text() for secret in backend.secrets)


def test_kv06_a_write_is_seen_by_the_next_request(serve):
    host = serve("kv-store")
    assert host.ask("/set?bucket=default&key=kv06&value=written").status == 200
    assert host.ask("/get?bucket=default&key=kv06").text.strip() == "written"


@several_hosts
@pytest.mark.parametrize("reader", ["kv-eventual", "kv-draft2"])
def test_kv27_generations_of_the_interface_see_the_same_data(serve, reader):
    assert serve("kv-store").ask(f"/set?bucket=default&key={reader}&value=shared").status == 200
    assert serve(reader).ask(f"/get?bucket=default&key={reader}").text.strip() == "shared"


def test_kv15_increments_of_several_hosts_and_requests_lose_none(serve, backend):
    guests = GENERATIONS if backend.shared else ("kv-store",)
    wanted = [serve(guest) for guest in guests for _ in range(40)]
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda host: host.ask("/increment?bucket=default&key=kv15&delta=1").status, wanted))
    assert set(answers) == {200}
    assert serve("kv-store").ask("/get?bucket=default&key=kv15").text.strip() == str(len(wanted))


@several_hosts
def test_bs22_guests_with_and_without_finish_share_a_container(serve):
    assert serve("blobstore").ask("/put?container=bs22&name=a", "POST", b"from one").status in (200, 201)
    assert serve("blobstore-finish").ask("/get?container=bs22&name=a").body == b"from one"
