"""Request lines, request targets and Host (RFC 9112 §3, RFC 9110 §4.2, §7.2): one reading only, everything else refused."""

from __future__ import annotations

import re

from wasicloud_host.http.errors_page import Fault
from wasicloud_host.http.limits import Limits

_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OPEN_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+(?: [\x21-\x7e]*(?: [A-Z/0-9.]*)?)?\r?")
_VERSION = re.compile(rb"HTTP/[0-9]\.[0-9]")
_ORIGIN = re.compile(rb"/[!\"$-~]*")  # visible ASCII without '#'
_ABSOLUTE = re.compile(rb"https?://([^/?#@]*)((?:/[!\"$->@-~]*)?(?:\?[!\"$-~]*)?)", re.IGNORECASE)
_HOST = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")


def parse_line(line: bytes, limits: Limits) -> tuple[bytes, bytes, bool]:
    """Method, target and whether it is HTTP/1.0, from a request line without its CRLF; raises `Fault` 400, 414, 501 or 505."""
    parts = line.split(b" ")
    if len(parts) != 3:
        raise Fault(400, "The request line is not METHOD SP target SP HTTP-version.")
    method, target, version = parts
    if version not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise Fault(505 if _VERSION.fullmatch(version) else 400)
    if len(target) > limits.target_bytes:
        raise Fault(414)
    if not _TOKEN.fullmatch(method):
        raise Fault(400, "The method is not a token.")
    if method == b"CONNECT":
        raise Fault(501, "This server is no proxy: it does not implement CONNECT.")
    return method, target, version == b"HTTP/1.0"


def check_open_line(line: bytes, limits: Limits) -> None:
    """Refuse the beginning of a request line that no rest can make good; raises `Fault` 400 or 414."""
    if line != b"\r" and _OPEN_LINE.fullmatch(line) is None:
        raise Fault(400, "The request line is malformed.")
    if len(line) > limits.target_bytes + 64:
        raise Fault(414)


def is_origin(target: bytes) -> bool:
    """Whether a target is in origin-form (`/path?query`) with no character that a URI forbids outright."""
    return _ORIGIN.fullmatch(target) is not None


def check_host(value: bytes) -> bytes:
    """A Host field's value if it is `host[:port]`; raises `Fault` 400."""
    if _HOST.fullmatch(value) is None:
        raise Fault(400, "The Host field is not host[:port].")
    return value.lower()


def resolve(method: bytes, target: bytes, host: bytes | None) -> tuple[bytes, bytes]:
    """Path with query, and authority, of a request; raises `Fault` 400.

    In absolute-form the target's authority must be Host's: two readings of where a request goes are how it goes astray.
    """
    if is_origin(target):
        return target, host or b""
    if target == b"*" and method == b"OPTIONS":
        return target, host or b""
    match = _ABSOLUTE.fullmatch(target)
    if match is None:
        raise Fault(400, "The request target is malformed.")
    authority = check_host(match[1])
    if host is not None and authority != host:
        raise Fault(400, "The request target names another host than the Host field.")
    path = match[2]
    return (path if path.startswith(b"/") else b"/" + path), authority
