"""Objects longer than the memory that moves them: through a component, both ways, on every backend that keeps them outside the host."""

from __future__ import annotations

import http.client
import os
import threading
import zlib
from collections.abc import Iterator

import psutil
import pytest

from host_tests.conformance import hosts
from host_tests.providers import servers
from host_tests.providers.contract.backends import BACKENDS
from wasicloud_host import config

COMPONENT = servers.ROOT / "bench" / "guest" / "backends.wasm"
MIB = 1 << 20
SIZE = (1024 if os.environ.get("WASICLOUD_LONG_TESTS") else 256) * MIB
ROOM = 128 * MIB
"""How much the host may grow: parts on their way to the backend and back, not the object."""


@pytest.fixture(params=["filesystem", "redis", "azureBlob"])
def host(request, tmp_path):
    """A component that stores its request's body, and streams it back."""
    (tmp_path / "backend").mkdir()
    with BACKENDS[request.param](tmp_path / "backend") as backend:
        links = tuple(config.Link(f"to-{name}", f"wasi:{name}", "tested") for name in ("blobstore", "keyvalue"))
        component = config.Component("large", str(COMPONENT), links=links)
        provider = config.Provider("tested", backend.type, backend.options)
        wanted = hosts.configuration(
            "large", component, provider, max_body_bytes=2 * SIZE, request_timeout_seconds=600.0
        )
        with hosts.running(wanted, tmp_path) as running:
            yield running


class Highest:
    """The most memory that a process had while this was open."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.before = self.seen = self._now()

    @property
    def growth(self) -> int:
        """Bytes above what it had at the beginning."""
        return self.seen - self.before

    def __enter__(self) -> Highest:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _now(self) -> int:
        return int(self._process.memory_info().rss)

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            self.seen = max(self.seen, self._now())


def pieces(total: int) -> Iterator[bytes]:
    """A body whose every MiB is another one."""
    for number in range(total // MIB):
        yield number.to_bytes(8, "big") * (MIB // 8)


def put(host: hosts.Host, total: int) -> int:
    """Store it; the status."""
    connection = http.client.HTTPConnection("127.0.0.1", host.port, timeout=600)
    connection.request("PUT", "/blob", pieces(total), {"content-length": str(total)})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status


def got(host: hosts.Host) -> tuple[int, int]:
    """Length and sum of what comes back."""
    connection = http.client.HTTPConnection("127.0.0.1", host.port, timeout=600)
    connection.request("GET", "/blob")
    response = connection.getresponse()
    length = total = 0
    while piece := response.read(MIB):
        length += len(piece)
        total = zlib.crc32(piece, total)
    connection.close()
    return length, total


@pytest.mark.timeout(900)
def test_a_long_object_goes_in_and_out_in_bounded_memory(host):
    assert put(host, MIB) == 200  # what is made once is made
    assert got(host)[0] == MIB
    wanted = 0
    for piece in pieces(SIZE):
        wanted = zlib.crc32(piece, wanted)
    with Highest(host.process.pid) as memory:
        assert put(host, SIZE) == 200
        assert got(host) == (SIZE, wanted)
    assert memory.growth < ROOM, f"grew by {memory.growth / MIB:.0f} MiB"
