"""Where a request goes, out of the head that the bridge wrote. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wasicloud_host.links import header_lines
from wasicloud_host.links.encoding import Failure
from wasicloud_host.links.outgoing.egress import split_port

_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]+(%[A-Za-z0-9]+)?")
_PORTS = {"http": 80, "https": 443}

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})


@dataclass(frozen=True, slots=True)
class Target:
    """A request's head, checked: ``authority`` as the component wrote it, for the Host header."""

    method: str
    path: str
    secure: bool
    host: str
    port: int
    authority: str
    headers: tuple[tuple[bytes, bytes], ...]

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice is as good as once."""
        return self.method in IDEMPOTENT


def parse(head: bytes) -> Target:
    """Read a request head (README of wit/bridge); raises `Failure` with wasi:http's own codes."""
    method, path, scheme, authority, lines = (head.decode() + "\n" * 4).split("\n", 4)
    scheme = scheme.lower() or "https"
    if scheme not in _PORTS:
        raise Failure("HTTP-protocol-error")
    if not method or method == "CONNECT":
        raise Failure("HTTP-request-method-invalid")
    if path.startswith("?"):
        path = "/" + path
    if not authority or "@" in authority or not path.isascii() or not (path.startswith("/") or path == "*"):
        raise Failure("HTTP-request-URI-invalid")
    try:
        host, port = split_port(authority)
    except ValueError:
        raise Failure("HTTP-request-URI-invalid") from None
    if not _HOST.fullmatch(host):
        raise Failure("HTTP-request-URI-invalid")
    return Target(
        method=method,
        path=path,
        secure=scheme == "https",
        host=host,
        port=port or _PORTS[scheme],
        authority=authority,
        headers=header_lines.parse(lines.encode()),
    )
