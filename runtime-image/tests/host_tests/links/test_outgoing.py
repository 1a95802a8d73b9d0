"""Outgoing HTTP: concurrent, streamed both ways, every failure by its wasi:http name."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from host_tests.links.served import ALLOWED, FOREVER, hello, read_exactly, read_head
from wasicloud_host.links import encoding


def test_a_response_with_its_head_and_body(allowed, peer):
    handle = int(allowed.send(f"http://127.0.0.1:{peer(hello).port}/path?q=1")[1:])
    assert allowed.head(handle) == b"o200\nContent-Length: 5\nX-One: 1\nX-One: 2\n\n"
    assert allowed.body(handle) == b"hello"
    assert allowed.call("stream-trailers", handle) == b"n"
    assert allowed.call("stream-drop", handle) == b"o"
    assert not allowed.session.handles.table


def test_the_request_as_the_server_sees_it(allowed, peer):
    seen = []

    def answer(connection):
        seen.append(read_head(connection))
        seen.append(read_exactly(connection, 4))
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    port = peer(answer).port
    handle = int(allowed.send(f"http://127.0.0.1:{port}/a%2Fb?x", "X-Odd:\x01/w==", method="POST", body=b"body")[1:])
    assert allowed.head(handle) == b"o204\n\n"
    assert allowed.body(handle) == b""
    assert seen[0].lower() == (
        b"post /a%%2fb?x http/1.1\r\nhost: 127.0.0.1:%d\r\nx-odd: \xff\r\ncontent-length: 4\r\n\r\n" % port
    )
    assert seen[0].startswith(b"POST /a%2Fb?x ")
    assert seen[1] == b"body"


def test_redirects_are_not_followed(allowed, peer):
    def answer(connection):
        read_head(connection)
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\nContent-Length: 0\r\n\r\n")

    handle = int(allowed.send(f"http://127.0.0.1:{peer(answer).port}/")[1:])
    assert allowed.head(handle).startswith(b"o302\nLocation: http://evil.example/\n")


def test_requests_run_at_the_same_time(allowed, peer):
    together = threading.Barrier(5, timeout=60)

    def answer(connection):
        read_head(connection)
        together.wait()  # broken unless all five are on their way
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    port = peer(answer).port
    handles = [int(allowed.send(f"http://localhost:{port}/{number}")[1:]) for number in range(5)]
    for handle in handles:
        assert allowed.head(handle).startswith(b"o200")
        assert allowed.body(handle) == b"ok"


def test_wait_tells_which_of_several_is_ready(allowed, peer):
    release = threading.Event()

    def slow(connection):
        read_head(connection)
        release.wait(60)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    first = int(allowed.send(f"http://127.0.0.1:{peer(slow).port}/")[1:])
    second = int(allowed.send(f"http://127.0.0.1:{peer(hello).port}/")[1:])
    assert allowed.call("wait", b"%d:h,%d:h" % (first, second), FOREVER) == b"o1"
    assert allowed.call("future-poll", first) == b"w"
    release.set()
    assert allowed.head(first).startswith(b"o200")


def test_bodies_stream_both_ways_while_the_other_side_runs(allowed, peer):
    def echo(connection):
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            size = b""
            while not size.endswith(b"\r\n"):
                size += connection.recv(1)
            piece = read_exactly(connection, int(size, 16) + 2)
            connection.sendall(size + piece)
            if size == b"0\r\n":
                return

    handle = int(allowed.send(f"http://127.0.0.1:{peer(echo).port}/", method="POST", body=b"first", more=1)[1:])
    assert allowed.head(handle) == b"o200\n\n"
    assert allowed.call("stream-read", handle, 100, 1) == b"oufirst"
    assert allowed.call("stream-read", handle, 100, 0) == b"w"
    assert allowed.call("stream-write", handle, b"usecond", 1) == b"o"
    assert allowed.call("stream-read", handle, 100, 1) == b"ousecond"
    assert allowed.call("stream-finish", handle, b"") == b"o"
    assert allowed.body(handle) == b""


def test_a_long_body_crosses_in_bounded_memory(allowed, peer):
    total = 32 << 20

    def answer(connection):
        read_head(connection)
        body = read_exactly(connection, total)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    url = f"http://127.0.0.1:{peer(answer).port}/"
    handle = int(allowed.send(url, f"content-length: {total}", method="PUT", more=1)[1:])
    piece = encoding.data(bytes(range(256)) * 512)
    for _ in range(total // (128 << 10)):
        assert allowed.call("stream-write", handle, piece, 1) == b"o"
        request = allowed.session.outgoing[0]
        assert len(request._out) < 512 << 10
    allowed.call("stream-finish", handle, b"")
    assert allowed.head(handle).startswith(b"o200")
    received = 0
    while (answer := allowed.call("stream-read", handle, 1 << 20, 1)) != b"n":
        received += len(encoding.undata(answer[1:]))
        assert allowed.session.outgoing[0]._in_size < 512 << 10
    assert received == total


def test_a_full_pipe_says_so_instead_of_waiting(allowed, peer):
    release = threading.Event()

    def answer(connection):
        read_head(connection)
        release.wait(60)

    handle = int(allowed.send(f"http://127.0.0.1:{peer(answer).port}/", method="POST", more=1)[1:])
    piece = encoding.data(b"x" * (64 << 10))
    answers = [allowed.call("stream-write", handle, piece, 0) for _ in range(1000)]
    assert answers[-1] == b"w"
    release.set()


@pytest.mark.parametrize("close", [True, False])
def test_a_server_that_answers_before_the_upload_ends_does_not_block_it(allowed, peer, close):
    release = threading.Event()

    def answer(connection):
        read_head(connection)
        connection.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!")
        if not close:
            release.wait(60)

    handle = int(allowed.send(f"http://127.0.0.1:{peer(answer).port}/", method="POST", more=1)[1:])
    assert allowed.call("wait", b"%d:h" % handle, FOREVER) == b"o0"
    for _ in range(100):
        assert allowed.call("stream-write", handle, encoding.data(b"x" * 100_000), 1) == b"o"
    allowed.call("stream-finish", handle, b"")
    assert allowed.head(handle).startswith(b"o413")
    assert allowed.body(handle) == b"no!"
    release.set()


def test_HT12_trailers_both_ways(allowed, peer):
    seen = []

    def answer(connection):
        read_head(connection)
        seen.append(read_exactly(connection, len(b"0\r\nX-Sum: 1\r\n\r\n")))
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 2\r\n\r\n")

    handle = int(allowed.send(f"http://127.0.0.1:{peer(answer).port}/", method="POST", more=1)[1:])
    allowed.call("stream-finish", handle, b"X-Sum: 1\n")
    assert allowed.head(handle) == b"o200\n\n"
    while (trailers := allowed.call("stream-trailers", handle)) == b"w":
        allowed.call("wait", b"%d:t" % handle, FOREVER)
    assert trailers == b"oX-Sum: 2\n"
    assert seen[0].lower() == b"0\r\nx-sum: 1\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"", b"connection-terminated"),
        (b"HTTP/1.1 2", b"connection-terminated"),
        (b"nonsense\r\n\r\n", b"HTTP-protocol-error"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", b"HTTP-protocol-error"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n", b"HTTP-protocol-error"),
    ],
)
def test_a_broken_response_head(allowed, peer, sent, code):
    def answer(connection):
        read_head(connection)
        connection.sendall(sent)

    assert allowed.head(int(allowed.send(f"http://127.0.0.1:{peer(answer).port}/")[1:])) == b"e" + code


def test_a_body_that_ends_early_is_not_a_clean_end(allowed, peer):
    def answer(connection):
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")

    handle = int(allowed.send(f"http://127.0.0.1:{peer(answer).port}/")[1:])
    assert allowed.head(handle).startswith(b"o200")
    assert allowed.call("stream-read", handle, 100, 1) == b"ouhalf"
    assert allowed.call("stream-read", handle, 100, 1) == b"eHTTP-response-incomplete"


def test_an_aborted_body_never_ends_cleanly(allowed, peer):
    rest = []

    def answer(connection):
        read_head(connection)
        while piece := connection.recv(100):
            rest.append(piece)
        rest.append(b"end")

    handle = int(allowed.send(f"http://127.0.0.1:{peer(answer).port}/", method="POST", body=b"half", more=1)[1:])
    while not rest:
        allowed.call("wait", b"", time.monotonic_ns() + 10_000_000)
        allowed.session.outgoing[0].advance()
    allowed.call("stream-abort", handle)
    deadline = time.monotonic() + 60
    while b"end" not in rest:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert b"0\r\n\r\n" not in b"".join(rest)
    assert allowed.head(handle) == b"econnection-terminated"


def silent(connection):
    read_head(connection)
    connection.recv(1)


def stalled(connection):
    read_head(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
    connection.recv(1)


def test_HT14_first_byte_timeout(allowed, peer):
    handle = int(allowed.send(f"http://127.0.0.1:{peer(silent).port}/", timeouts=(0, 50_000_000, 0))[1:])
    assert allowed.head(handle) == b"eHTTP-response-timeout"


def test_HT14_between_bytes_timeout(allowed, peer):
    handle = int(allowed.send(f"http://127.0.0.1:{peer(stalled).port}/", timeouts=(0, 0, 50_000_000))[1:])
    assert allowed.head(handle).startswith(b"o200")
    assert allowed.call("stream-read", handle, 100, 1) == b"ouhalf"
    assert allowed.call("stream-read", handle, 100, 1) == b"econnection-read-timeout"


def test_HT14_connect_timeout(allowed):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        crowd = []
        for _ in range(8):  # fill the backlog so that nobody answers the next
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(full.getsockname())
            crowd.append(one)
        handle = int(allowed.send(f"http://127.0.0.1:{full.getsockname()[1]}/", timeouts=(50_000_000, 0, 0))[1:])
        assert allowed.head(handle) == b"econnection-timeout"
        for one in crowd:
            one.close()


def test_no_wait_is_longer_than_the_request_may_take(world, peer):
    short = world(egress=ALLOWED, seconds=0.1)
    handle = int(short.send(f"http://127.0.0.1:{peer(silent).port}/")[1:])
    assert short.call("wait", b"%d:h" % handle, FOREVER) == b"o"
    assert short.call("stream-read", handle, 100, 1) == b"econnection-read-timeout"


def test_while_it_waits_for_the_client_outgoing_requests_go_on(world, peer):
    received = threading.Event()

    def answer(connection):
        read_head(connection)
        received.set()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    relay = world(egress=ALLOWED)
    port = peer(answer).port

    def client():
        received.wait(60)
        relay.request.client.sendall(b"after")

    threading.Thread(target=client, daemon=True).start()
    handle = int(relay.send(f"http://localhost:{port}/")[1:])
    assert relay.call("stream-read", 0, 100, 1) == b"ouafter"
    assert relay.head(handle) == b"o200\nContent-Length: 0\n\n"


def test_a_dropped_request_is_cancelled(allowed, peer):
    closed = threading.Event()

    def answer(connection):
        read_head(connection)
        if connection.recv(1) == b"":
            closed.set()

    handle = int(allowed.send(f"http://127.0.0.1:{peer(answer).port}/")[1:])
    allowed.call("wait", b"%d:h" % handle, time.monotonic_ns() + 100_000_000)
    allowed.call("stream-drop", handle)
    assert closed.wait(60)
    assert allowed.session.outgoing == []
