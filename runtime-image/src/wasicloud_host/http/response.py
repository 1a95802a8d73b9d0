"""The component's response to bytes on the wire: checked fields, framing, and nothing that HTTP forbids.

Pure: the same head and request give the same bytes. Heads that were read before are remembered by their bytes, because a
component answers most requests with one of a few.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass

import pybase64

from wasicloud_host.http.errors_page import PHRASES, Fault
from wasicloud_host.http.message import Request

_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_DROPPED = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"transfer-encoding",
        b"upgrade",
        b"host",
        b"http2-settings",
        b"x-request-id",  # the edge's own
    )
)
_NEVER_TRAILERS = _DROPPED | {
    b"content-length",
    b"content-encoding",
    b"content-type",
    b"content-range",
    b"trailer",
    b"set-cookie",
}
_NO_BODY = frozenset((204, 304))
_REMEMBERED = 512
_REMEMBERED_BYTES = 1024
_START = {status: b"HTTP/1.1 %d %b\r\n" % (status, phrase.encode()) for status, phrase in PHRASES.items()}


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """A response head of the component, checked. `start` is the status line and the fields that go out, without the last CRLF."""

    status: int
    start: bytes
    length: int | None
    """Content-Length as the component gave it; it is not in `start`."""
    dated: bool
    """The component gave its own Date."""
    simple: bool
    """A body follows and only its length has to be added."""


@dataclass(frozen=True, slots=True)
class Framing:
    """How a response's end is marked: by count (`length`), by chunks, or by closing (neither)."""

    wire: bytes
    """The complete head."""
    silent: bool
    """HEAD, 204, 304: no body bytes go out."""
    chunked: bool
    length: int | None
    close: bool
    """The connection ends with this response."""


WHOLE = Framing(b"", silent=False, chunked=False, length=0, close=False)
"""A response that went out in one piece with its length."""


class HeadReader:
    """Reads response heads, remembering those it has seen; one per process, used from any thread."""

    __slots__ = ("_heads",)

    def __init__(self) -> None:
        self._heads: dict[bytes, ResponseHead] = {}

    def read(self, head: bytes) -> ResponseHead:
        """A head `STATUS\\nname: value\\n…`, checked; raises `Fault` 500 for one that HTTP does not allow."""
        known = self._heads.get(head)
        if known is None:
            known = parse_head(head)
            if len(head) <= _REMEMBERED_BYTES:
                if len(self._heads) >= _REMEMBERED:
                    self._heads.clear()
                self._heads[head] = known
        return known


def parse_head(head: bytes) -> ResponseHead:
    """Check and convert one response head; raises `Fault` 500."""
    status_line, *lines = head.split(b"\n")
    if len(status_line) != 3 or not status_line.isdigit() or int(status_line) < 200:
        raise Fault(500, "The component's response has no valid status.")
    status = int(status_line)
    parts = [_START.get(status) or b"HTTP/1.1 %d \r\n" % status]
    length: int | None = None
    dated = False
    for name, value in _fields(lines):
        if name == b"content-length":
            length = _length(value, length)
        elif name not in _DROPPED:
            dated = dated or name == b"date"
            parts.append(b"%b: %b\r\n" % (name, value))
    return ResponseHead(status, b"".join(parts), length, dated, length is None and status not in _NO_BODY)


def fields(lines: bytes) -> bytes:
    """Header lines as they go on the wire (for 1xx responses); raises `Fault` 500."""
    return b"".join(b"%b: %b\r\n" % field for field in _fields(lines.split(b"\n")) if field[0] not in _DROPPED)


def trailers(lines: bytes) -> bytes:
    """Trailer lines as they go on the wire; what must not stand in trailers (RFC 9110 §6.5.1) is left out; raises `Fault` 500."""
    return b"".join(b"%b: %b\r\n" % field for field in _fields(lines.split(b"\n")) if field[0] not in _NEVER_TRAILERS)


def _fields(lines: list[bytes]) -> list[tuple[bytes, bytes]]:
    found = []
    for line in lines:
        if not line:
            continue
        name, colon, value = line.partition(b":")
        if value.startswith(b"\x01"):
            try:
                value = pybase64.b64decode(value[1:], validate=True)
            except (binascii.Error, ValueError):
                raise Fault(500, "The component's response has a malformed field.") from None
        value = value.strip(b" \t")
        if not colon or _NAME.fullmatch(name) is None or _VALUE.fullmatch(value) is None:
            raise Fault(500, "The component's response has a malformed field.")
        found.append((name.lower(), value))
    return found


def _length(value: bytes, before: int | None) -> int:
    if not value.isdigit() or len(value) > 18 or before not in (None, int(value)):
        raise Fault(500, "The component's response has a malformed Content-Length.")
    return int(value)


def frame(head: ResponseHead, request: Request, extra: bytes, size: int | None, *, close: bool) -> Framing:
    """Choose how the response ends and write its head.

    `extra` are the edge's own complete header lines; `size` is the body's length where it is known; `close` asks for the
    connection to end. RFC 9112 §6.3 decides; HTTP/1.0 has no chunks, so a body of unknown length ends with the connection.
    """
    silent = request.method == b"HEAD" or head.status in _NO_BODY
    length = head.length if head.length is not None else size
    chunked = length is None and not silent and not request.old
    if length is None and not silent and request.old:
        close = True
    lines = b""
    if chunked:
        lines = b"transfer-encoding: chunked\r\n"
    elif length is not None and head.status not in _NO_BODY and not (silent and head.length is None and not size):
        lines = b"content-length: %d\r\n" % length
    elif head.status == 304 and head.length is not None:
        lines = b"content-length: %d\r\n" % head.length
    if close:
        lines += b"connection: close\r\n"
    elif request.old:
        lines += b"connection: keep-alive\r\n"
    return Framing(b"%b%b%b\r\n" % (head.start, lines, extra), silent, chunked, length, close)
