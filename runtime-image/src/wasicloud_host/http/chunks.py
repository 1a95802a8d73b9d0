"""Where a chunked body ends (RFC 9112 §7.1): the boundary between one request and the next in a run of bytes.

llhttp decodes and judges the body; this scanner only finds its last byte and bounds what chunk lines and trailers may
cost. The two must agree: a body whose end one of them sees elsewhere is refused, so nothing can hide behind a difference.
"""

from __future__ import annotations

import re

from wasicloud_host.http.errors_page import Fault
from wasicloud_host.http.limits import Limits

_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})((?:[ \t]*;[^\r\n\0]*)?)\r\n")


class BodyEnd:
    """Scans one chunked body as it arrives, in pieces of any length."""

    __slots__ = ("_budget", "_extensions", "_in_trailers", "_left", "_limits", "_line")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._left = 0  # bytes of chunk data and its CRLF that are still to come
        self._line = b""  # a line that has begun
        self._in_trailers = False
        self._budget = limits.head_bytes  # for the trailer section
        self._extensions = limits.chunk_extension_bytes

    def find(self, data: bytes) -> int:
        """The index in `data` just behind the body, or -1 if the body goes on; raises `Fault` 400 or 431."""
        at, size = 0, len(data)
        while at < size:
            if self._left:
                step = min(self._left, size - at)
                self._left -= step
                at += step
                continue
            newline = data.find(b"\n", at)
            if newline < 0:
                self._line += data[at:]
                self._check_open_line()
                return -1
            line = self._line + data[at : newline + 1]
            self._line = b""
            at = newline + 1
            if self._in_trailers:
                if line == b"\r\n":
                    return at
                self._spend_on_trailers(len(line))
            else:
                self._size_line(line)
        return -1

    def _size_line(self, line: bytes) -> None:
        match = _SIZE_LINE.fullmatch(line)
        if match is None or len(line) > self._limits.chunk_line_bytes:
            raise Fault(400, "A chunk-size line is malformed or too long.")
        self._extensions -= len(match[2])
        if self._extensions < 0:
            raise Fault(400, "The chunk extensions are too long.")
        size = int(match[1], 16)
        if size:
            self._left = size + 2
        else:
            self._in_trailers = True

    def _check_open_line(self) -> None:
        if self._in_trailers:
            if len(self._line) > self._budget:
                raise Fault(431, "The trailers are too large.")
        elif len(self._line) > self._limits.chunk_line_bytes:
            raise Fault(400, "A chunk-size line is too long.")

    def _spend_on_trailers(self, size: int) -> None:
        self._budget -= size
        if self._budget < 0:
            raise Fault(431, "The trailers are too large.")
