"""Outgoing HTTP: allowed hosts only, concurrent, streamed both ways, every failure by its wasi:http name."""

from __future__ import annotations

import socket
import ssl
import threading
import time

import pytest

from host_tests import certificates
from host_tests.links.served import read_exactly, read_head
from wasicloud_host import config
from wasicloud_host.errors import ConfigInvalid
from wasicloud_host.links import encoding
from wasicloud_host.links.outgoing import pool, transport
from wasicloud_host.links.outgoing.egress import AllowedHosts

ALLOWED = config.Egress(("127.0.0.1", "localhost", "*.invalid"))
FOREVER = (1 << 64) - 1


def hello(connection):
    while True:
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-One: 1\r\nX-One: 2\r\n\r\nhello")


@pytest.fixture
def allowed(world):
    """A session that may reach this machine."""
    return world(egress=ALLOWED)


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


def test_nowhere_is_allowed_by_default(world, peer):
    server = peer(hello)
    for host in ("127.0.0.1", "localhost"):
        assert world().send(f"http://{host}:{server.port}/") == b"eHTTP-request-denied"
    assert server.connections == 0


@pytest.mark.parametrize(
    ("rules", "host", "port", "allowed"),
    [
        (["api.example.com"], "api.example.com", 443, True),
        (["api.example.com"], "API.Example.COM", 8443, True),
        (["api.example.com"], "api.example.com.", 80, True),
        (["api.example.com"], "xapi.example.com", 80, False),
        (["api.example.com:8443"], "api.example.com", 8443, True),
        (["api.example.com:8443"], "api.example.com", 443, False),
        (["*.example.com"], "a.b.example.com", 443, True),
        (["*.example.com"], "example.com", 443, False),
        (["*.example.com"], "badexample.com", 443, False),
        (["*.example.com"], ".example.com", 443, False),
        (["*.internal:8443"], "x.internal", 8443, True),
        (["*.internal:8443"], "x.internal", 443, False),
        (["[::1]:80"], "::1", 80, True),
        (["*.example.com"], "a.example.com:80", 80, False),
        ([], "example.com", 80, False),
    ],
)
def test_allowed_hosts(rules, host, port, allowed):
    assert AllowedHosts(rules).allows(host, port) is allowed


@pytest.mark.parametrize("rule", ["*", "https://example.com", "a b", "", "host:port", "*.", "a.*.b", "host:0"])
def test_what_is_no_rule_stops_before_serving(world, rule):
    with pytest.raises(ConfigInvalid, match="allowedHosts"):
        world(egress=config.Egress((rule,)))


def test_every_request_is_counted_once(allowed, peer):
    handle = int(allowed.send(f"http://127.0.0.1:{peer(hello).port}/")[1:])
    allowed.head(handle)
    allowed.body(handle)
    allowed.send("http://evil.example/")
    allowed.head(int(allowed.send("http://127.0.0.1:1/")[1:]))
    assert [call[2] for call in allowed.calls] == ["ok", "denied", "unavailable"]
    assert {call[:2] for call in allowed.calls} == {("wasi:http", "http")}


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ws://127.0.0.1/", b"HTTP-protocol-error"),
        ("http://127.0.0.1:99999/", b"HTTP-request-URI-invalid"),
        ("http://127.0.0.1:0/", b"HTTP-request-URI-invalid"),
        ("http://127.0.0.1:port/", b"HTTP-request-URI-invalid"),
        ("http://allowed@evil.invalid/", b"HTTP-request-URI-invalid"),
        ("http://127.0.0.1", b"HTTP-request-URI-invalid"),
        ("http://127.0.0.1/\u00e4", b"HTTP-request-URI-invalid"),
        ("http:///path", b"HTTP-request-URI-invalid"),
        ("http://exa mple/", b"HTTP-request-URI-invalid"),
        ("http://evil.example/", b"HTTP-request-denied"),
    ],
)
def test_HT14_what_cannot_be_asked_is_refused_at_once(allowed, url, code):
    assert allowed.send(url) == b"e" + code


@pytest.mark.parametrize("head", ["CONNECT\n/\nhttp\n127.0.0.1\n", "\n/\nhttp\n127.0.0.1\n"])
def test_HT14_methods_that_are_none(allowed, head):
    assert allowed.call("http-send", head.encode(), 0, 0, 0, b"", 0) == b"eHTTP-request-method-invalid"


@pytest.mark.parametrize("path", ["http://evil.example/", "//evil.example/ HTTP/1.1", "no-slash", "/a b", "/a\rb"])
def test_HT14_a_path_is_a_path(allowed, path):
    answer = allowed.call("http-send", f"GET\n{path}\nhttp\n127.0.0.1\n".encode(), 0, 0, 0, b"", 0)
    assert answer in (b"eHTTP-request-URI-invalid", b"eHTTP-protocol-error")


def test_HT14_a_name_that_does_not_exist_is_a_DNS_error(allowed):
    handle = int(allowed.send(f"http://{'x' * 70}.invalid/")[1:])  # no resolver has to be asked
    assert allowed.head(handle).startswith(b"eDNS-error:")


def test_HT14_nobody_listens(allowed):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    assert allowed.head(int(allowed.send(f"http://127.0.0.1:{port}/")[1:])) == b"econnection-refused"


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


def test_connections_are_used_again_for_requests_that_may_be_repeated(allowed, peer):
    server = peer(hello)
    for _ in range(3):
        handle = int(allowed.send(f"http://127.0.0.1:{server.port}/")[1:])
        assert allowed.head(handle).startswith(b"o200")
        assert allowed.body(handle) == b"hello"
    assert server.connections == 1


def test_a_kept_connection_that_the_server_closed_costs_nothing(allowed, peer):
    def once(connection):
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    server = peer(once)
    for _ in range(5):
        handle = int(allowed.send(f"http://127.0.0.1:{server.port}/")[1:])
        assert allowed.head(handle).startswith(b"o200")
        assert allowed.body(handle) == b"ok"


def test_connections_that_are_kept_are_bounded_for_each_server_and_in_all():
    class Kept:
        closed = False

        def is_idle(self):
            return True

        def close(self):
            self.closed = True

    kept = pool.Pool()
    transports = [Kept() for _ in range(200)]
    for number, connection in enumerate(transports):
        kept.keep((False, f"host-{number % 20}", 80), connection)
    assert sum(not connection.closed for connection in transports) == pool.IDLE_IN_ALL
    assert kept.take((False, "host-19", 80)) is transports[-1]
    kept.close()
    assert sum(not connection.closed for connection in transports) == 1


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


@pytest.fixture
def certificate(tmp_path):
    """A server's certificate for 127.0.0.1 that signs itself."""
    return certificates.write(tmp_path).both


def _secure(answer, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def wrapped(connection):
        with context.wrap_socket(connection, server_side=True) as secure:
            answer(secure)

    return wrapped


def test_TLS_with_a_certificate_nobody_vouches_for(allowed, peer, certificate):
    port = peer(_secure(hello, certificate)).port
    assert allowed.head(int(allowed.send(f"https://127.0.0.1:{port}/")[1:])) == b"eTLS-certificate-error"


def test_TLS_with_a_trusted_certificate(allowed, peer, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    transport._tls.cache_clear()
    try:
        port = peer(_secure(hello, certificate)).port
        for _ in range(2):
            handle = int(allowed.send(f"https://127.0.0.1:{port}/")[1:])
            assert allowed.head(handle).startswith(b"o200")
            assert allowed.body(handle) == b"hello"
        handle = int(allowed.send(f"https://localhost:{port}/")[1:])
        assert allowed.head(handle) == b"eTLS-certificate-error", "the name is checked"
    finally:
        transport._tls.cache_clear()


def test_TLS_to_a_server_that_speaks_none(allowed, peer):
    def answer(connection):
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    port = peer(answer).port
    assert allowed.head(int(allowed.send(f"https://127.0.0.1:{port}/")[1:])) == b"eTLS-protocol-error"
