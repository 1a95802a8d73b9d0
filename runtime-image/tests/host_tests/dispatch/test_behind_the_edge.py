"""The edge above, real instances below: overload, stops and preparation as a client sees them."""

from __future__ import annotations

import http.client
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import wasmtime
from wasmtime import component as wasm

from host_tests.runtime import guests
from wasicloud_host import config, dispatch
from wasicloud_host.http.metrics import Metrics
from wasicloud_host.http.server import Server
from wasicloud_host.log import Log
from wasicloud_host.runtime import crossing, engine, epochs, footprint, instances, native

ANSWER = b"R200\ncontent-type: text/plain\n\nu"


@dataclass(slots=True)
class Site:
    """A served component; ``made_by`` are the threads that made its instances."""

    address: tuple[str, int]
    made_by: list[int]
    dispatcher: dispatch.Dispatcher

    def post(self, what: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(*self.address, timeout=60)
        try:
            connection.request("POST", "/", what)
            response = connection.getresponse()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def compiled() -> tuple[wasmtime.Engine, wasm.Component]:
    data = bytes(wasmtime.wat2wasm(guests.PROBE))
    made, _ = engine.make(engine.Settings(8 + instances.SPARE, 8 << 20, footprint.measure(data)))
    return made, wasm.Component(made, data)


@pytest.fixture
def site(compiled: tuple[wasmtime.Engine, wasm.Component]) -> Iterator[Site]:
    """The probe does what the first letter of a request's body says."""
    pointer = native.pointer(compiled[0])
    ticker = epochs.Ticker(lambda: native.increment_epoch(pointer))
    entry = crossing.Crossing(*compiled, (guests.TABLE,), (8 << 20, 1000), ticker)
    made_by: list[int] = []

    def make(deadline: float) -> crossing.Entered:
        made_by.append(threading.get_ident())
        return entry.enter(guests.Session(), deadline)

    dispatcher = dispatch.Dispatcher(instances.Pool(make, instances.Limits()), 2, 1.0)

    def handle(head: bytes, body: bytes, io: Any) -> bytes:
        first = io.read(1, True) if body == b"s" else body[1:2]
        answer = dispatcher.handle(first, b"", io)
        return ANSWER + answer

    read, write = os.pipe()
    log = Log(write)
    server = Server(config.Http(listen="127.0.0.1:0"), handle, Metrics(), log)
    address = server.start(dispatcher.idle)
    yield Site(address, made_by, dispatcher)
    server.close(timeout=10)
    dispatcher.close()
    ticker.close()
    log.close()
    os.close(write)
    os.close(read)


def test_a_request_is_answered(site: Site) -> None:
    status, _, body = site.post(b"count")
    assert (status, body) == (200, b"1")


@pytest.mark.parametrize(("what", "status"), [(b"unreachable", 500), (b"recurse", 500), (b"xit", 500), (b"spin", 504)])
def test_a_stop_is_one_failed_request(site: Site, what: bytes, status: int) -> None:
    found, headers, body = site.post(what)
    assert found == status
    assert headers["x-request-id"].encode() in body
    assert site.post(b"count")[0] == 200


def test_one_more_than_the_limit_is_503_with_retry_after(site: Site) -> None:
    threads = [threading.Thread(target=site.post, args=(b"spin",)) for _ in range(2)]
    for thread in threads:
        thread.start()
    until(lambda: site.dispatcher.in_flight == 2)
    status, headers, _ = site.post(b"count")
    for thread in threads:
        thread.join()
    assert status == 503
    assert int(headers["retry-after"]) >= 1


def test_instances_are_prepared_by_the_edges_thread_between_requests(site: Site) -> None:
    for _ in range(5):
        assert site.post(b"count")[2] == b"1"
    makers = {thread.ident: thread.name for thread in threading.enumerate()}
    assert "serve" in {makers.get(ident) for ident in site.made_by[1:]}


def until(holds: Callable[[], object]) -> None:
    deadline = guests.soon()
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.002)
