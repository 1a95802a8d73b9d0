"""Bytes to requests: llhttp judges every byte, and this module adds the strictness that llhttp leaves out.

Beyond llhttp: the request line has exactly one reading; HTTP/1.0 and 1.1 only; one Host, checked; Transfer-Encoding only
`chunked`, once, and not in HTTP/1.0; limits of sizes and counts; a boundary between messages that llhttp and we find
independently and must agree on. Errors do not raise out of `feed`: they wait in `fault` until the requests before them are answered.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable

import httptools
import pybase64

from wasicloud_host.http import request_ids, targets
from wasicloud_host.http.chunks import BodyEnd
from wasicloud_host.http.errors_page import Fault
from wasicloud_host.http.limits import Limits
from wasicloud_host.http.message import Head, Request

# never shown to the component: they concern this connection only (wasi:http's forbidden headers)
_HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"upgrade",
        b"http2-settings",
    )
)
_SPECIAL = _HOP_BY_HOP | {b"host", b"content-length", b"transfer-encoding", b"expect", b"x-request-id"}
_NEVER_TRAILERS = _SPECIAL | {
    b"authorization",
    b"cache-control",
    b"content-encoding",
    b"content-range",
    b"content-type",
    b"cookie",
    b"max-forwards",
    b"te",
    b"trailer",
}
_PLAIN_LINE = re.compile(rb"(GET|HEAD|OPTIONS|DELETE) (/[!\"$-~]{0,2000}) HTTP/1\.1(?=\r\n)")
_UPGRADE = re.compile(rb"(?i)(?<=\r\n)upgrade(?=:)")
_IGNORED_UPGRADE = b"keep-alive"
_BLANK_LINES = 4
_HEADS_REMEMBERED = 256
_HEAD_REMEMBERED_BYTES = 2048


class HeadCache:
    """Header blocks that llhttp has accepted before, by their bytes: clients repeat theirs, so most need no second reading.

    Only blocks of bodiless HTTP/1.1 requests that keep the connection; shared by all connections of a process.
    """

    __slots__ = ("_heads", "get")

    def __init__(self) -> None:
        self._heads: dict[bytes, Head] = {}
        self.get = self._heads.get

    def put(self, block: bytes, head: Head) -> None:
        """Remember a block; the oldest ones go in bulk when there are too many."""
        if len(block) <= _HEAD_REMEMBERED_BYTES:
            if len(self._heads) >= _HEADS_REMEMBERED:
                self._heads.clear()
            self._heads[block] = head


class _Nobody:
    """llhttp calls no one."""

    __slots__ = ()


_NOBODY = _Nobody()


class Parser:
    """The reading side of one connection. `requests` fills up; a request with a body is there before its body is."""

    __slots__ = (
        "_authority",
        "_blanks",
        "_body_end",
        "_cache",
        "_chunked",
        "_count",
        "_execute",
        "_expects",
        "_id",
        "_length",
        "_limits",
        "_line",
        "_lines",
        "_llhttp",
        "_opened",
        "_scout",
        "_trailer_lines",
        "closing",
        "fault",
        "open",
        "partial",
        "requests",
    )

    def __init__(self, limits: Limits, cache: HeadCache) -> None:
        self._limits = limits
        self._cache = cache
        self._llhttp = httptools.HttpRequestParser(self)
        self._execute = self._llhttp.feed_data
        self._scout: Callable[[bytes], None] | None = None  # judges a head whose end has not come
        self._blanks = 0
        self._trailer_lines: list[bytes] = []
        self._body_end: BodyEnd | None = None
        self._opened = False
        self.open: Request | None = None  # its body is still arriving
        self.partial = b""  # a head that has begun and not ended
        self.closing = False  # the last request of the connection has been read; what follows is ignored
        self.fault: Fault | None = None
        self.requests: deque[Request] = deque()
        self._reset()

    def close(self) -> None:
        """Break the cycle with llhttp's object, so that memory goes at once."""
        del self._llhttp, self._execute, self._scout

    def feed(self, data: bytes) -> None:
        """Take what arrived. Ignored after a fault and after the connection's last request."""
        try:
            while data and self.fault is None and not (self.closing and self.open is None):
                data = self._feed_head(data) if self.open is None else self._feed_body(data)
        except Fault as fault:
            self.fault = fault

    # ---- heads

    def _reset(self) -> None:
        self._line: tuple[bytes, bytes, bool] | None = None
        self._lines: list[bytes] = []
        self._count = 0
        self._authority: bytes | None = None
        self._length: int | None = None
        self._chunked = False
        self._expects = False
        self._id: bytes | None = None

    def _feed_head(self, data: bytes) -> bytes:
        known = len(self.partial)
        head = self.partial + data if known else data
        if head.startswith(b"\r\n"):
            self._skip_blank_line()
            return head[2:]
        end = head.find(b"\r\n\r\n", max(0, known - 3)) + 4
        if end < 4:
            self._feed_open_head(head, data)
            return b""
        if end > self._limits.head_bytes:
            raise Fault(431)
        self.partial = b""
        self._scout = None
        self._blanks = 0
        line = _PLAIN_LINE.match(head, 0, end)
        if line is None or len(line[2]) > self._limits.target_bytes:
            self._line = targets.parse_line(head[: head.find(b"\r\n")], self._limits)
            self._read_head(head[:end])
        else:
            seen = self._cache.get(head[line.end() : end])
            if seen is None:
                self._line = (line[1], line[2], False)
                self._read_head(head[:end])
                self._remember(head[line.end() : end])
            else:
                self.requests.append(Request(line[1], line[2], seen.authority or b"", seen, old=False))
        return head[end:]

    def _skip_blank_line(self) -> None:
        """RFC 9112 §2.2: empty lines before a request line are ignored; not endlessly."""
        self._blanks += 1
        self.partial = b""
        if self._blanks > _BLANK_LINES:
            raise Fault(400, "There are too many empty lines before the request line.")

    def _read_head(self, head: bytes) -> None:
        """A whole head that was not seen before, its first line in `_line`: llhttp reads all of it."""
        if b"pgrade:" in head or b"PGRADE:" in head:
            head = _UPGRADE.sub(
                _IGNORED_UPGRADE, head
            )  # llhttp would skip the body of a request that offers an upgrade
        self._run(self._execute, head)
        if not self._opened:
            raise Fault(400)
        self._opened = False
        self._reset()

    def _feed_open_head(self, head: bytes, data: bytes) -> None:
        """A head whose end has not come: refuse early what can only be wrong, by a second parser that keeps nothing."""
        if len(head) > self._limits.head_bytes:
            raise Fault(431)
        line_end = head.find(b"\r\n")
        if line_end < 0:
            targets.check_open_line(head, self._limits)
        elif self._scout is None:
            targets.parse_line(head[:line_end], self._limits)
            self._scout = httptools.HttpRequestParser(_NOBODY).feed_data
            self._run(self._scout, head)
        else:
            self._run(self._scout, data)
        self.partial = head

    def _remember(self, block: bytes) -> None:
        head = self.requests[-1].head
        if head.keep_alive and head.length is None and not head.chunked:
            self._cache.put(block, head)

    def _run(self, execute: Callable[[bytes], None], data: bytes) -> None:
        try:
            execute(data)
        except httptools.HttpParserUpgrade:
            raise Fault(501, "This server does not switch protocols.") from None
        except httptools.HttpParserInvalidMethodError:
            raise Fault(501, "The method is not implemented.") from None
        except httptools.HttpParserError as error:
            cause = error.__context__
            if isinstance(cause, Fault):
                raise cause from None
            raise Fault(400, f"The request is not well-formed HTTP/1.1: {_reason(error)}.") from None

    def on_header(self, name: bytes, value: bytes) -> None:
        """llhttp: one field, of the head or of the trailers."""
        name = name.lower()
        value = value.rstrip(b" \t")
        if name in _SPECIAL or self.open is not None:
            self._count += 1  # of those that get no line
            if self.open is not None:
                self._trailer(name, value)
            elif self._special(name, value):
                self._lines.append(_field(name, value))
        elif value.isascii():
            self._lines.append(b"%b: %b\n" % (name, value))
        else:
            self._lines.append(_field(name, value))

    def _special(self, name: bytes, value: bytes) -> bool:
        """Take note of a field that means something to the server; whether the component sees it."""
        if name == b"host":
            if self._authority is not None:
                raise Fault(400, "There is more than one Host field.")
            self._authority = targets.check_host(value)
            return False
        if name == b"content-length":
            self._length = _length(value, self._length)
            self._count -= 1
            return True
        if name == b"transfer-encoding":
            self._check_coding(value)
            return False
        if name == b"expect":
            if value.lower() != b"100-continue":
                raise Fault(417)
            self._expects = True
            return False
        if name == b"x-request-id":
            if request_ids.sane(value):
                self._id = value
            return False
        return False

    def _check_coding(self, value: bytes) -> None:
        coding = value.lower()
        if self._chunked or coding != b"chunked":
            foreign = not self._chunked and coding.endswith(b", chunked") and coding.count(b"chunked") == 1
            raise Fault(501 if foreign else 400, "The only transfer coding of this server is chunked, once.")
        self._chunked = True

    def on_headers_complete(self) -> None:
        """llhttp: the head is whole and its framing is settled."""
        if self._line is None:
            raise Fault(400)
        method, target, old = self._line
        if len(self._lines) + self._count > self._limits.header_count:
            raise Fault(431, "There are too many header fields.")
        if self._chunked and (old or self._length is not None):
            raise Fault(400, "Transfer-Encoding does not go with Content-Length nor with HTTP/1.0.")
        if self._authority is None and not old:
            raise Fault(400, "There is no Host field.")
        target, authority = targets.resolve(method, target, self._authority)
        if self._length is not None and self._length > self._limits.body_bytes:
            raise Fault(413)
        head = Head(
            authority=self._authority,
            lines=b"".join(self._lines),
            request_id=self._id,
            length=self._length,
            chunked=self._chunked,
            expects_continue=self._expects and not old,
            keep_alive=self._llhttp.should_keep_alive(),
        )
        request = Request(method, target, authority, head, old=old)
        if request.pieces is not None:
            self.open = request
            self._body_end = BodyEnd(self._limits) if self._chunked else None
            self._trailer_lines = []
        if not head.keep_alive:
            self.closing = True
        self._count = 0
        self._opened = True
        self.requests.append(request)

    # ---- bodies

    def _feed_body(self, data: bytes) -> bytes:
        request = self.open
        assert request is not None  # noqa: S101 - the caller's condition
        if self._body_end is not None:
            end = self._body_end.find(data)
        else:
            left = (request.head.length or 0) - request.received
            end = left if left <= len(data) else -1
        whole = end < 0 or end == len(data)
        self._run(self._execute, data if whole else data[:end])
        if request.done != (end >= 0):
            raise Fault(400, "The body's end is ambiguous.")
        return b"" if whole else data[end:]

    def on_body(self, data: bytes) -> None:
        """llhttp: decoded bytes of the body."""
        request = self.open
        if request is None or request.pieces is None:
            raise Fault(400)
        request.received += len(data)
        if request.received > self._limits.body_bytes:
            raise Fault(413)
        request.pieces.append(data)

    def on_message_complete(self) -> None:
        """llhttp: the message has ended."""
        request = self.open
        if request is None:
            return  # it had none: it was done with its head
        if self._trailer_lines:
            request.trailers = b"".join(self._trailer_lines)
        request.done = True
        self.open = None
        self._body_end = None
        self._count = 0

    def _trailer(self, name: bytes, value: bytes) -> None:
        if self._count > self._limits.header_count:
            raise Fault(431, "There are too many trailer fields.")
        if name not in _NEVER_TRAILERS:
            self._trailer_lines.append(_field(name, value))


def _field(name: bytes, value: bytes) -> bytes:
    """One header line of the head that the bridge reads (wit/bridge/README.md): values that are not UTF-8 go as base64."""
    if not value.isascii():
        try:
            value.decode()
        except UnicodeDecodeError:
            return b"%b:\x01%b\n" % (name, pybase64.b64encode(value))
    return b"%b: %b\n" % (name, value)


def _length(value: bytes, before: int | None) -> int:
    if before is not None or not value.isdigit() or len(value) > 18:
        raise Fault(400, "Content-Length is not one decimal number.")
    return int(value)


def _reason(error: Exception) -> str:
    return " ".join(str(error).replace("`", "").split())[:120]
