"""Shutting down: what was accepted is answered, nothing new begins, and the end comes in time."""

from __future__ import annotations

import threading
import time

import pytest

from host_tests.http.front import Front, hello, serving
from host_tests.http.wire import Client, eventually
from wasicloud_host import config
from wasicloud_host.http.limits import Limits


def test_running_requests_finish_and_close_their_connection() -> None:
    release = threading.Event()

    def handle(head: bytes, body: bytes, io) -> bytes:
        io.about_to_block()
        release.wait(30)
        return hello(head, body, io)

    with serving(handle) as front:
        clients = [front.connect().send(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n") for _ in range(5)]
        eventually(lambda: len(front.seen) == 5)
        results = []
        drainer = threading.Thread(target=lambda: results.append(front.server.drain(30)))
        drainer.start()
        eventually(lambda: _refuses(front.address))
        release.set()
        for client in clients:
            answer = client.answer()
            assert (answer.body, answer.header("connection")) == (b"hello", "close")
            assert client.is_closed()
            client.sock.close()
        drainer.join()
        assert results == [True]


def _refuses(address: tuple[str, int]) -> bool:
    try:
        Client(address).sock.close()
    except ConnectionError:
        return True
    return False


def test_idle_connections_may_bring_one_more_request_then_they_are_closed() -> None:
    with serving(hello, drain_idle_seconds=1.5) as front:
        busy, idle = front.connect(), front.connect()
        assert busy.get().status == idle.get().status == 200
        results = []
        drainer = threading.Thread(target=lambda: results.append(front.server.drain(30)))
        drainer.start()
        eventually(lambda: _refuses(front.address))
        answer = busy.get()
        assert (answer.status, answer.header("connection")) == (200, "close")
        assert idle.is_closed()
        drainer.join()
        assert results == [True]
        busy.sock.close()
        idle.sock.close()


def test_clients_in_the_backlog_are_still_served() -> None:
    blocked = threading.Event()

    def handle(head: bytes, body: bytes, io) -> bytes:
        blocked.wait(30)  # without telling: nobody leads until the monitor notices
        return hello(head, body, io)

    with serving(handle, threads=1) as front:
        first = front.connect().send(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n")
        eventually(lambda: front.seen)
        waiting = [front.connect().send(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n") for _ in range(5)]
        drainer = threading.Thread(target=front.server.drain, args=(30,))
        drainer.start()
        time.sleep(0.1)
        blocked.set()
        for client in (first, *waiting):
            assert client.answer().status == 200
            client.sock.close()
        drainer.join()


def test_a_drain_that_takes_too_long_says_so() -> None:
    release = threading.Event()

    def handle(head: bytes, body: bytes, io) -> bytes:
        io.about_to_block()
        release.wait(30)
        return hello(head, body, io)

    with serving(handle) as front, front.connect() as client:
        client.send(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n")
        eventually(lambda: front.seen)
        assert front.server.drain(0.3) is False
        release.set()


def test_no_request_fails_while_a_second_server_takes_over() -> None:
    """Clients with keep-alive that reconnect when told to close see good answers only."""
    with serving(lambda *_: b"R200\n\nuold") as old:
        host, port = old.address
        failures: list[object] = []
        stop = threading.Event()
        served = {b"old": 0, b"new": 0}

        def load() -> None:
            client = Client((host, port))
            while not stop.is_set():
                try:
                    answer = client.get()
                    served[answer.body] += 1
                    if answer.header("connection") == "close":
                        client.sock.close()
                        client = Client((host, port))
                except Exception as error:
                    failures.append(error)
                    return
            client.sock.close()

        loaders = [threading.Thread(target=load) for _ in range(4)]
        new = Front(lambda *_: b"R200\n\nunew", Limits(), config.Http(listen=f"{host}:{port}", access_log=False))
        for loader in loaders:
            loader.start()
        eventually(lambda: served[b"old"] > 100 or served[b"new"] > 100)
        assert old.server.drain(30)
        before = served[b"new"]
        eventually(lambda: served[b"new"] > before + 200 or bool(failures))
        stop.set()
        for loader in loaders:
            loader.join()
        new.close()
        assert failures == []


@pytest.mark.parametrize("times", [1, 2])
def test_draining_and_closing_twice_is_harmless(times: int) -> None:
    with serving(hello) as front:
        for _ in range(times):
            assert front.server.drain(5)
        front.server.close()
        assert front.server.drain(5)
