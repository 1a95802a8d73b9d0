"""A second reading of HTTP/1.1, written from RFC 9112's grammar and nothing else: slow, whole inputs only, no state.

The fuzzer compares the edge with it: whatever the edge serves, this reader must have read as the same request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
LINE = re.compile(rb"(" + TOKEN + rb") ([\x21-\x7e]+) HTTP/1\.([01])\r\n")
FIELD = re.compile(
    rb"(" + TOKEN + rb"):[ \t]*((?:[\x21-\x7e\x80-\xff](?:[\t \x21-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[ \t]*\r\n"
)
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,16})(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n")
HOST = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")


@dataclass(frozen=True)
class Read:
    method: bytes
    target: bytes
    fields: tuple[tuple[bytes, bytes], ...]
    body: bytes | None
    """None: it has not ended within the input."""


def read_all(data: bytes) -> list[Read]:
    """All requests at the beginning of `data`, up to the first error or the end of the input."""
    found: list[Read] = []
    at = 0
    while True:
        while data.startswith(b"\r\n", at):
            at += 2
        head = _head(data, at)
        if head is None:
            return found
        method, target, old, fields, at = head
        lengths = [value for name, value in fields if name == b"content-length"]
        codings = [value.lower() for name, value in fields if name == b"transfer-encoding"]
        hosts = [value for name, value in fields if name == b"host"]
        if len(hosts) > 1 or (not hosts and not old) or any(not HOST.fullmatch(host) for host in hosts):
            return found
        if (codings and (lengths or old or codings != [b"chunked"])) or len(lengths) > 1:
            return found
        if lengths and not re.fullmatch(rb"[0-9]{1,18}", lengths[0]):
            return found
        end: int | None = at
        body = b""
        if codings:
            body, end = _chunks(data, at)
        elif lengths:
            size = int(lengths[0])
            end = at + size if at + size <= len(data) else None
            body = data[at : at + size]
        found.append(Read(method, target, fields, None if end is None else body))
        tokens = {
            token.strip(b" \t").lower()
            for name, value in fields
            if name == b"connection"
            for token in value.split(b",")
        }
        if end is None or b"close" in tokens or (old and b"keep-alive" not in tokens):
            return found
        at = end


def _head(data: bytes, at: int) -> tuple[bytes, bytes, bool, tuple[tuple[bytes, bytes], ...], int] | None:
    line = LINE.match(data, at)
    if line is None:
        return None
    at = line.end()
    fields = []
    while not data.startswith(b"\r\n", at):
        field = FIELD.match(data, at)
        if field is None:
            return None
        fields.append((field[1].lower(), field[2]))
        at = field.end()
    return line[1], line[2], line[3] == b"0", tuple(fields), at + 2


def _chunks(data: bytes, at: int) -> tuple[bytes, int | None]:
    body = b""
    while True:
        line = CHUNK.match(data, at)
        if line is None:
            return body, None
        at = line.end()
        size = int(line[1], 16)
        if not size:
            break
        body += data[at : at + size]
        at += size
        if not data.startswith(b"\r\n", at):
            return body, None
        at += 2
    while not data.startswith(b"\r\n", at):
        field = FIELD.match(data, at)
        if field is None:
            return body, None
        at = field.end()
    return body, at + 2
