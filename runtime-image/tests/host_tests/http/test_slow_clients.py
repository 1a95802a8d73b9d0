"""Clients that trickle, stall or fall silent: they cost neither a thread for ever nor another client's time."""

from __future__ import annotations

import contextlib
import threading
import time

from host_tests.http.front import hello, serving, stream_echo, whole_echo
from host_tests.http.wire import eventually
from wasicloud_host import errors


def trickle(client, data: bytes, pause: float, seconds: float) -> None:
    """Send a byte now and then until the server ends it."""
    end = time.monotonic() + seconds
    with contextlib.suppress(OSError):
        for byte in data:
            if time.monotonic() > end:
                return
            client.sock.sendall(bytes((byte,)))
            time.sleep(pause)


def test_a_trickle_does_not_renew_a_heads_time() -> None:
    with serving(hello, head_seconds=1.0) as front, front.connect() as client:
        began = time.monotonic()
        sender = threading.Thread(target=trickle, args=(client, b"GET /" + b"a" * 1000, 0.05, 20))
        sender.start()
        answer = client.answer()
        assert answer.status == 408
        assert answer.header("x-request-id")
        assert time.monotonic() - began < 15
        client.sock.close()
        sender.join()
        assert not front.seen


def test_a_connection_that_never_asks_is_closed() -> None:
    with serving(hello, head_seconds=0.5) as front, front.connect() as client:
        assert client.is_closed()


def test_an_idle_connection_is_closed_after_its_time() -> None:
    with serving(hello, idle_seconds=0.5) as front, front.connect() as client:
        assert client.get().status == 200
        assert client.is_closed()


def test_a_head_that_begins_after_a_request_has_its_own_time() -> None:
    with serving(hello, head_seconds=0.5, idle_seconds=60) as front, front.connect() as client:
        client.send(b"GET / HTTP/1.1\r\nhost: test\r\n\r\nGET / HT")
        assert client.answer().status == 200
        late = client.answer()
        assert late.status == 408
        assert late.header("x-request-id")
        assert b'"detail"' in late.body


def test_a_body_that_stops_is_given_up() -> None:
    with serving(whole_echo, stall_seconds=0.5) as front, front.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 10\r\n\r\nabc")
        answer = client.answer()
        assert (answer.status, answer.header("connection")) == (408, "close")
        assert isinstance(front.errors[0], errors.RequestBodyBroken)


def test_a_body_below_the_minimum_rate_is_given_up_although_it_moves() -> None:
    with (
        serving(whole_echo, stall_seconds=30, minimum_rate=1000, rate_grace_seconds=0.5) as front,
        front.connect() as client,
    ):
        client.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 1000\r\n\r\n")
        sender = threading.Thread(target=trickle, args=(client, b"x" * 1000, 0.02, 20))
        sender.start()
        assert client.answer().status == 408
        client.sock.close()
        sender.join()


def test_a_handler_that_takes_its_time_is_no_slow_client() -> None:
    """Only time spent waiting for the client counts."""

    def handle(_head: bytes, body: bytes, io) -> bytes:
        found = b""
        while piece := io.read(2, True):
            found += piece
            time.sleep(0.3)
        return b"R200\n\nu" + found

    limits = {"rate_grace_seconds": 0.2, "minimum_rate": 1000, "inline_body_bytes": 0}
    with serving(handle, **limits) as front, front.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 6\r\n\r\nabcdef")
        assert client.answer().body == b"abcdef"


def test_a_reader_that_stops_loses_a_finished_answer() -> None:
    large = b"R200\n\nu" + b"x" * (32 << 20)
    with serving(lambda *_: large, stall_seconds=0.5) as front, front.connect() as client:
        client.send(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n")
        eventually(lambda: front.seen)
        eventually(lambda: front.metrics.snapshot().gauges[("connections",)] == 0)
        assert not client.answer().complete


def test_a_thousand_idle_connections_cost_no_threads() -> None:
    with serving(hello) as front:
        before = threading.active_count()
        clients = []
        for number in range(1000):
            client = front.connect()
            clients.append(client)
            if number % 2:
                assert client.get().status == 200
        assert threading.active_count() <= before + 3
        assert front.metrics.snapshot().gauges[("connections",)] == 1000
        for client in clients[::50]:
            assert client.get().body == b"hello"
        for client in clients:
            client.sock.close()
        eventually(lambda: front.metrics.snapshot().gauges[("connections",)] == 0)


def test_stalled_uploads_do_not_hinder_others() -> None:
    with serving(stream_echo) as front:
        stalled = []
        for _ in range(20):
            client = front.connect()
            client.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 10\r\n\r\nabc")
            stalled.append(client)
        eventually(lambda: len(front.seen) == 20)
        with front.connect() as quick:
            for _ in range(50):
                assert quick.get().status == 200
        for client in stalled:
            client.send(b"defghij")
            assert client.answer().body == b"abcdefghij"
            client.sock.close()


def test_threads_that_are_needed_no_more_end() -> None:
    release = threading.Event()

    def handle(_head: bytes, _body: bytes, io) -> bytes:
        io.about_to_block()
        release.wait(30)
        return b"R200\n\nu"

    with serving(handle, thread_idle_seconds=0.2) as front:
        clients = [front.connect() for _ in range(20)]
        for client in clients:
            client.send(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n")
        eventually(lambda: len(front.seen) == 20)
        assert front.metrics.snapshot().gauges[("threads",)] >= 20
        release.set()
        for client in clients:
            assert client.answer().status == 200
            client.sock.close()
        eventually(lambda: front.metrics.snapshot().gauges[("threads",)] <= 4)
