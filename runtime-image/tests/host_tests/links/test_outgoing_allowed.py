"""Where outgoing HTTP may go, and what cannot be asked at all: refused before anything is looked up."""

from __future__ import annotations

import socket

import pytest

from host_tests.links.served import hello
from wasicloud_host import config
from wasicloud_host.errors import ConfigInvalid
from wasicloud_host.links.outgoing.egress import AllowedHosts


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
