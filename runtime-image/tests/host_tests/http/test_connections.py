"""The life of a connection: kept, pipelined, half-closed, closed so that the answer survives, and the port itself."""

from __future__ import annotations

import resource
import socket
import threading

import pytest

from host_tests.http.front import hello, serving, whole_echo
from host_tests.http.wire import Client, eventually
from wasicloud_host import config
from wasicloud_host.http import sockets
from wasicloud_host.http.metrics import Metrics
from wasicloud_host.http.server import Server
from wasicloud_host.log import Log


def path_echo(head: bytes, _body: bytes, _io) -> bytes:
    return b"R200\n\nu" + head.split(b"\n")[1]


def test_a_connection_serves_many_requests() -> None:
    with serving(path_echo) as front, front.connect() as client:
        for number in range(200):
            assert client.get(f"/{number}").body == b"/%d" % number


def test_pipelined_requests_are_answered_in_order() -> None:
    with serving(path_echo) as front, front.connect() as client:
        requests = [b"GET /%d HTTP/1.1\r\nhost: test\r\n\r\n" % number for number in range(300)]
        client.send(b"".join(requests))
        for number in range(300):
            assert client.answer().body == b"/%d" % number


def test_pipelined_bodies_do_not_run_into_each_other() -> None:
    messages = []
    for number in range(50):
        body = b"body-%d" % number
        if number % 3 == 0:
            messages.append(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n")
        elif number % 3 == 1:
            messages.append(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        else:
            coded = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
            messages.append(b"POST / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n" + coded)
    with serving(whole_echo) as front, front.connect() as client:
        client.send(b"".join(messages))
        for number in range(50):
            assert client.answer().body == (b"" if number % 3 == 0 else b"body-%d" % number)


def test_a_good_request_before_a_bad_one_is_answered_first() -> None:
    with serving(path_echo) as front, front.connect() as client:
        client.send(b"GET /good HTTP/1.1\r\nhost: test\r\n\r\nBAD\r\n\r\n")
        assert client.answer().body == b"/good"
        assert client.answer().status == 400
        assert client.rest() == b""


def test_a_half_closed_client_still_gets_its_answer() -> None:
    def slow(head: bytes, body: bytes, io) -> bytes:
        io.about_to_block()
        threading.Event().wait(0.3)
        return path_echo(head, body, io)

    with serving(slow) as front, front.connect() as client:
        client.send(b"GET /a HTTP/1.1\r\nhost: test\r\n\r\nGET /b HTTP/1.1\r\nhost: test\r\n\r\n").half_close()
        assert client.answer().body == b"/a"
        assert client.answer().body == b"/b"
        assert client.is_closed()


def test_connection_close_is_kept() -> None:
    with serving(hello) as front, front.connect() as client:
        assert client.get(extra="connection: close\r\n").header("connection") == "close"
        assert client.is_closed()
    with serving(hello) as front, front.connect() as client:
        assert client.get(extra="connection: keep-alive, Close\r\n").header("connection") == "close"
        assert client.is_closed()


def test_the_client_reads_an_error_although_it_goes_on_sending() -> None:
    with serving(hello) as front, front.connect() as client:
        client.send(b"BAD\r\n\r\n")
        for _ in range(200):
            client.offer(b"x" * 10_000)
        assert client.answer().status == 400


def test_lingering_ends() -> None:
    with serving(hello, linger_seconds=0.3) as front, front.connect() as client:
        client.send(b"BAD\r\n\r\n")
        assert client.answer().status == 400
        eventually(lambda: front.metrics.snapshot().gauges[("connections",)] == 0)


def test_port_0_gives_a_free_port_and_two_servers_can_share_one() -> None:
    with serving(lambda *_: b"R200\n\nuone") as first:
        host, port = first.address
        assert port > 0
        second = Server(
            config.Http(listen=f"{host}:{port}", access_log=False), lambda *_: b"R200\n\nutwo", Metrics(), Log()
        )
        assert second.start() == (host, port)
        found = set()
        for _ in range(200):
            with Client(first.address) as client:
                found.add(client.get().body)
        second.close()
        assert found == {b"one", b"two"}


def test_an_inherited_socket_is_served() -> None:
    with sockets.open_listener("127.0.0.1:0", backlog=10) as listener:
        copy = listener.dup()
        server = Server(config.Http(listen=f"fd:{copy.detach()}", access_log=False), hello, Metrics(), Log())
        address = server.start()
        assert address == listener.getsockname()
        with Client(address) as client:
            assert client.get().body == b"hello"
        server.close()


def test_processes_that_share_an_inherited_socket_share_its_connections() -> None:
    with sockets.open_listener("127.0.0.1:0", backlog=100) as listener:
        servers = []
        for name in (b"one", b"two"):
            settings = config.Http(listen=f"fd:{listener.dup().detach()}", access_log=False)
            servers.append(Server(settings, lambda *_, name=name: b"R200\n\nu" + name, Metrics(), Log()))
            servers[-1].start()
        answers = []
        clients = []
        for _ in range(200):
            clients.append(Client(listener.getsockname()))
            answers.append(clients[-1].get().body)
        for client in clients:
            client.sock.close()
        for server in servers:
            server.close()
        assert min(answers.count(b"one"), answers.count(b"two")) > 40


def test_ipv6_is_served() -> None:
    server = Server(config.Http(listen="[::1]:0", access_log=False), hello, Metrics(), Log())
    try:
        address = server.start()
    except OSError:
        assert not socket.has_ipv6 or not _has_loopback_6()
        return
    with Client(address) as client:
        assert client.get().body == b"hello"
    server.close()


def _has_loopback_6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_a_taken_port_is_an_error_at_the_start() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = Server(
            config.Http(listen=f"127.0.0.1:{taken.getsockname()[1]}", access_log=False), hello, Metrics(), Log()
        )
        with pytest.raises(OSError, match="in use"):
            server.start()
        server.close()


def test_running_out_of_descriptors_costs_idle_connections_not_the_server() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with serving(hello) as front:
        clients = [front.connect() for _ in range(20)]
        for client in clients:
            assert client.get().status == 200
        probe = socket.socket()
        late = [socket.socket() for _ in range(4)]
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (probe.fileno() + 6, hard))
            for sock in late:
                sock.settimeout(30)
                sock.connect(front.address)
                sock.sendall(b"GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")
            for sock in late:
                assert sock.recv(100).startswith(b"HTTP/1.1 200")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for sock in (probe, *late, *(client.sock for client in clients)):
                sock.close()
        with front.connect() as client:
            assert client.get().status == 200


def test_a_preparation_that_fails_leaves_the_server_serving() -> None:
    calls = []

    def prepare() -> bool:
        calls.append(1)
        if len(calls) < 3:
            return True
        raise RuntimeError

    server = Server(config.Http(listen="127.0.0.1:0", access_log=False), hello, Metrics(), Log(-1))
    with Client(server.start(prepare)) as client:
        for _ in range(3):
            assert client.get().body == b"hello"
    server.close()
    assert len(calls) >= 3
