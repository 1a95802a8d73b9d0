"""A backend that freezes, dies or breaks off while components use it: the interface's error in time, and no restart afterwards."""

from __future__ import annotations

import concurrent.futures
import contextlib
import http.client
import threading
import time

import pytest

from host_tests.conformance import hosts
from host_tests.conformance.conftest import linked
from host_tests.providers import servers
from host_tests.providers.contract.backends import BACKENDS

KINDS = ("redis", "azureBlob")
BOUND_SECONDS = 25.0
"""A provider gives up after at most 13 s (two answers of 5 s, a second between them, a connection); the rest is a busy machine."""


@pytest.fixture(scope="module", params=KINDS)
def backend(request, tmp_path_factory):
    """A backend of its own, since it is disturbed."""
    with BACKENDS[request.param](tmp_path_factory.mktemp(request.param)) as running:
        yield running


@pytest.fixture(scope="module")
def keys(backend, tmp_path_factory):
    """A component with keyvalue."""
    with hosts.running(linked("kv-store", backend), tmp_path_factory.mktemp("keys")) as host:
        yield host


@pytest.fixture(scope="module")
def blobs(backend, tmp_path_factory):
    """A component with blobstore."""
    with hosts.running(linked("blobstore-finish", backend), tmp_path_factory.mktemp("blobs")) as host:
        yield host


@pytest.fixture
def server(backend):
    """Its server; running again afterwards."""
    (server,) = backend.servers
    yield server
    server.resume()


def recovers(*running):
    """Without a restart, these serve again."""
    for host in running:
        servers.wait_until(host.ready, "readiness")
        assert host.process.poll() is None


def test_a_backend_frozen_in_the_middle_of_requests_is_an_error_in_time_and_then_works_again(keys, server):
    assert keys.ask("/set?bucket=default&key=frozen&value=old").status == 200
    stop = threading.Event()
    answers = []

    def load():
        while not stop.is_set():
            begun = time.monotonic()
            status = keys.ask("/get?bucket=default&key=frozen").status
            answers.append((status, time.monotonic() - begun))

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        clients = [pool.submit(load) for _ in range(4)]
        servers.wait_until(lambda: len(answers) > 20, "answers before")
        server.pause()
        servers.wait_until(lambda: sum(status == 502 for status, _ in answers) >= 4, "errors")
        servers.wait_until(lambda: not keys.ready(), "no readiness")
        server.resume()
        recovers(keys)
        answered = len(answers)
        servers.wait_until(lambda: {status for status, _ in answers[answered:][-4:]} == {200}, "good answers")
        stop.set()
        for client in clients:
            client.result()
    assert {status for status, _ in answers} == {200, 502}  # an error of the interface, never a trap
    assert max(seconds for _, seconds in answers) < BOUND_SECONDS
    assert keys.ask("/get?bucket=default&key=frozen").text.strip() == "old"


def test_a_change_that_froze_is_made_once_or_not_at_all(keys, server):
    assert keys.ask("/set?bucket=default&key=count&value=0").status == 200
    server.pause()
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(keys.ask, "/increment?bucket=default&key=count&delta=1") for _ in range(3)]
        statuses = [future.result().status for future in waiting]
    server.resume()
    recovers(keys)
    assert set(statuses) == {502}
    assert keys.ask("/increment?bucket=default&key=count&delta=1").status == 200
    assert 1 <= int(keys.ask("/get?bucket=default&key=count").text) <= 4


def test_a_write_during_which_the_backend_dies_leaves_the_old_object(blobs, server):
    old, new = b"old" * 1000, bytes(24 << 20)
    assert blobs.ask("/put?container=faults&name=object", "POST", old).status in (200, 201)
    begun = time.monotonic()
    with upload(blobs, "/put?container=faults&name=object", len(new)) as connection:
        connection.send(new[: len(new) // 2])
        server.kill()
        with contextlib.suppress(OSError):  # the host may answer before all of it came
            connection.send(new[len(new) // 2 :])
        status = answered(connection)
    assert status in (None, 502)
    assert time.monotonic() - begun < 2 * BOUND_SECONDS
    assert blobs.ask("/get?container=faults&name=object").status == 502
    servers.wait_until(lambda: not blobs.ready(), "no readiness")
    server.start()
    recovers(blobs)
    assert blobs.ask("/get?container=faults&name=object").body == old


def test_an_object_that_breaks_off_never_looks_whole(blobs, server):
    body = bytes(24 << 20)
    assert blobs.ask("/put?container=faults&name=long", "POST", body).status in (200, 201)
    connection = http.client.HTTPConnection("127.0.0.1", blobs.port, timeout=hosts.ANSWER_SECONDS)
    connection.request("GET", "/get?container=faults&name=long")
    response = connection.getresponse()
    assert response.status == 200
    first = response.read(1000)
    server.kill()
    whole = False
    rest = b""
    with contextlib.suppress(http.client.HTTPException, OSError):
        rest = response.read()
        whole = True
    connection.close()
    server.start()
    recovers(blobs)
    assert not whole or len(first) + len(rest) == len(body)  # all of it may have been on its way already
    assert blobs.ask("/get?container=faults&name=long").body == body


@contextlib.contextmanager
def upload(host, path, length):
    """A connection on which a body of this length is announced."""
    connection = http.client.HTTPConnection("127.0.0.1", host.port, timeout=hosts.ANSWER_SECONDS)
    connection.putrequest("POST", path)
    connection.putheader("content-length", str(length))
    connection.endheaders()
    try:
        yield connection
    finally:
        connection.close()


def answered(connection):
    """The status, or nothing if the connection was cut."""
    try:
        return connection.getresponse().status
    except (http.client.HTTPException, OSError):
        return None
