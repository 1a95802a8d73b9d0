"""A backend that dies, freezes or comes back: errors in bounded time, nothing half-written, no restart needed."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

import pytest

from host_tests.providers.contract.backends import BACKENDS
from host_tests.providers.contract.objects import LAST, Bytes, content, drain, names
from wasicloud_host.capabilities import deadline
from wasicloud_host.errors import BackendError

SERVED = [name for name in ("azureBlob", "redis") if name in BACKENDS]

BOUND = 30
"""Seconds in which an error must come on a busy machine; the backends' own limits are a third of it."""


@pytest.fixture(scope="module", params=SERVED)
def backend(request, tmp_path_factory):
    """A backend of this module's own, to be ill-treated."""
    with BACKENDS[request.param](tmp_path_factory.mktemp(request.param)) as running:
        yield running


@pytest.fixture(scope="module")
def provider(backend):
    """A provider of it."""
    opened = backend.open()
    yield opened
    opened.close()


@pytest.fixture
def server(backend):
    """Its server, running again afterwards."""
    (server,) = backend.servers
    yield server
    server.resume()


@pytest.fixture
def down(server):
    """A server that is gone; call it to bring it back."""
    server.kill()
    back = []

    def start():
        if not back:
            back.append(True)
            server.start()

    yield start
    start()


def operations(provider, place):
    """One of each kind, as functions without arguments."""
    bucket, blobs = provider.keyvalue(place), provider.blobstore()
    return {
        "get": lambda: bucket.get(b"key"),
        "set": lambda: bucket.set(b"key", b"value"),
        "delete": lambda: bucket.delete(b"key"),
        "exists": lambda: bucket.exists(b"key"),
        "keys": lambda: bucket.keys(None),
        "increment": lambda: bucket.increment(b"counter", 1, signed=False),
        "snapshot": lambda: bucket.snapshot(b"key"),
        "get-many": lambda: bucket.get_many([b"a", b"b"]),
        "set-many": lambda: bucket.set_many([(b"a", b"1"), (b"b", b"2")]),
        "create-container": lambda: blobs.create_container(place),
        "container-exists": lambda: blobs.container_exists(place),
        "read": lambda: blobs.read(place, "object", 0, LAST),
        "write": lambda: blobs.write(place, "object", Bytes(b"x" * (20 << 20))),
        "info": lambda: blobs.info(place, "object"),
        "page": lambda: blobs.page(place, None),
        "check": provider.check,
    }


def settled(check):
    """Wait until the backend is back."""
    until = time.monotonic() + 60
    while True:
        try:
            return check()
        except BackendError:
            assert time.monotonic() < until
            time.sleep(0.1)


def test_KV10_while_the_backend_is_down_every_operation_fails_soon_and_then_works_again(provider, backend, place, down):
    for name, operation in operations(provider, place).items():
        begun = time.monotonic()
        with pytest.raises(BackendError) as caught:
            operation()
        assert time.monotonic() - begun < BOUND, name
        assert caught.value.outcome in ("unavailable", "timeout"), name
        assert str(caught.value)
        for secret in backend.secrets:
            assert secret not in str(caught.value)
    down()
    settled(provider.check)
    bucket = provider.keyvalue(place)
    bucket.set(b"key", b"value")
    assert bucket.get(b"key") == b"value"


def test_KV10_a_frozen_backend_is_a_timeout_and_then_works_again(provider, place, server):
    bucket = provider.keyvalue(place)
    bucket.set(b"key", b"value")
    server.pause()
    begun = time.monotonic()
    with pytest.raises(BackendError) as caught:
        bucket.get(b"key")
    assert time.monotonic() - begun < BOUND
    assert caught.value.outcome in ("unavailable", "timeout")
    server.resume()
    settled(provider.check)
    assert bucket.get(b"key") == b"value"


def test_no_call_takes_longer_than_the_request_that_makes_it(provider, place, server):
    bucket = provider.keyvalue(place)
    bucket.set(b"key", b"value")
    server.pause()
    for operation in (lambda: bucket.get(b"key"), lambda: bucket.increment(b"n", 1, signed=True), provider.check):
        begun = time.monotonic()
        deadline.begin(begun + 0.2)
        try:
            with pytest.raises(BackendError):
                operation()
        finally:
            deadline.end()
        assert time.monotonic() - begun < 2.5
    server.resume()
    settled(provider.check)


def test_BS21_a_write_that_the_backend_cuts_off_leaves_the_old_object(provider, place, server):
    blobs = provider.blobstore()
    blobs.create_container(place)
    blobs.write(place, "object", Bytes(b"old"))

    class Killing(Bytes):
        def chunks(self, length):
            for number, piece in enumerate(super().chunks(length)):
                if number == 12:
                    server.kill()
                yield piece

    for name in ("object", "new"):
        with pytest.raises(BackendError):
            blobs.write(place, name, Killing(b"new" * (20 << 20)))
        server.kill()
        server.start()
        settled(provider.check)
    assert content(blobs, place, "object") == b"old"
    assert names(blobs, place) == {"object"}


def test_a_read_that_the_backend_cuts_off_is_an_error_and_not_an_end(provider, place, server):
    blobs = provider.blobstore()
    blobs.create_container(place)
    blobs.write(place, "object", Bytes(b"x" * (40 << 20)))
    reader = blobs.read(place, "object", 0, LAST)
    assert reader.read(10) == b"x" * 10
    server.kill()
    try:
        with pytest.raises(BackendError):
            drain(reader)
    finally:
        server.start()
    settled(provider.check)


def test_work_that_is_under_way_while_the_backend_restarts_goes_on(provider, place, server):
    bucket = provider.keyvalue(place)
    bucket.set(b"key", b"value")
    stop = threading.Event()
    wrong = []

    def work():
        while not stop.is_set():
            with suppress(BackendError):
                if bucket.get(b"key") != b"value":
                    wrong.append("a value that was never written")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    server.kill()
    time.sleep(0.2)
    server.start()
    settled(provider.check)
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert settled(lambda: bucket.get(b"key")) == b"value"
