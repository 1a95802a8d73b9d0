"""Connections of outgoing HTTP: used again where that is safe, TLS with names that are checked."""

from __future__ import annotations

import ssl

import pytest

from host_tests import certificates
from host_tests.links.served import hello, read_head
from wasicloud_host.links.outgoing import pool, transport


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
