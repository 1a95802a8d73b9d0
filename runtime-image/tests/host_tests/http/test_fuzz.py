"""Mutated input: no crash, no hang, no wrong success, and no difference by where the bytes were cut.

Seeded, so that a failure repeats: the seed of each case is its number. `WASICLOUD_FUZZ=full` runs 100,000 cases, the default a few thousand.
"""

from __future__ import annotations

import io
import os
import random
from typing import Any

import h11
import pytest

from host_tests.http import reference
from host_tests.http.front import undata
from host_tests.http.test_smuggling import ACCEPTED, REFUSED
from wasicloud_host import errors
from wasicloud_host.http.connection import Connection, State
from wasicloud_host.http.limits import Limits
from wasicloud_host.http.metrics import Metrics, Tally
from wasicloud_host.http.parser import HeadCache, Parser
from wasicloud_host.http.serving import Service
from wasicloud_host.log import Log

FULL = os.environ.get("WASICLOUD_FUZZ") == "full"
PARSER_CASES = 60_000 if FULL else 3_000
SERVICE_CASES = 40_000 if FULL else 2_000
LIMITS = Limits(body_bytes=5_000, head_bytes=4_000, target_bytes=2_000, inline_body_bytes=100)

GOOD = [
    b"GET / HTTP/1.1\r\nhost: a\r\n\r\n",
    b"GET /x?y=1 HTTP/1.1\r\nHost: a.example:80\r\nUser-Agent: u\r\nAccept: */*\r\n\r\n",
    b"POST /p HTTP/1.1\r\nhost: a\r\ncontent-length: 11\r\n\r\nhello world",
    b"PUT /c HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nx-sum: 1\r\n\r\n",
    b"HEAD / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n",
    b"POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\nabc",
    b"GET http://a/x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nhost: a\r\nx: caf\xe9\r\n\r\n",
]
SEEDS = (
    GOOD
    + [vector for _, vector in REFUSED.values() if len(vector) < 1500]
    + [vector for vector, _, _ in ACCEPTED.values()]
)
PIECES = [
    b"\r\n", b"\n", b"\r", b" ", b"\t", b"\0", b":", b",", b";", b"0", b"chunked", b"0\r\n\r\n", b"Transfer-Encoding: chunked\r\n",
    b"Content-Length: 5\r\n", b"Host: b\r\n", b"Connection: close\r\n", b"HTTP/1.1", b"HTTP/1.0", b"GET / HTTP/1.1\r\nhost: a\r\n\r\n",
    b"\xff", b"\x80", b"ffffffffffffffff", b"Expect: 100-continue\r\n", b"Upgrade: h2c\r\n", b"\r\n\r\n", b"#", b"//", b"x" * 300,
]  # fmt: skip


def mutated(chance: random.Random) -> bytes:
    data = bytearray(b"".join(chance.choice(SEEDS) for _ in range(chance.choice((1, 1, 2, 3)))))
    for _ in range(chance.choice((0, 1, 1, 2, 3, 6))):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(6)
        if kind == 0 and data:
            data[at % len(data)] = chance.randrange(256)
        elif kind == 1:
            del data[at : at + chance.choice((1, 1, 2, 5, 20))]
        elif kind == 2:
            data[at:at] = chance.choice(PIECES)
        elif kind == 3:
            data[at:at] = data[at : at + chance.choice((1, 4, 30))]
        elif kind == 4:
            other = chance.choice(SEEDS)
            data[at:] = other[chance.randrange(len(other)) :]
        elif data:
            data[at % len(data)] ^= 1 << chance.randrange(8)
    return bytes(data)


def cuts(chance: random.Random, data: bytes) -> list[bytes]:
    if chance.random() < 0.2:
        return [data[at : at + 1] for at in range(len(data))]
    marks = sorted(chance.randrange(len(data) + 1) for _ in range(chance.randrange(5)))
    return [data[a:b] for a, b in zip([0, *marks], [*marks, len(data)], strict=True) if a < b]


def parsed(pieces: list[bytes], cache: HeadCache) -> tuple[list[tuple[Any, ...]], int | None]:
    parser = Parser(LIMITS, cache)
    for piece in pieces:
        parser.feed(piece)
    found = []
    for request in parser.requests:
        body = b"".join(request.pieces or ()) if request.done else None
        found.append((request.method, request.target, request.authority, request.head.lines, body, request.trailers))
    fault = parser.fault.status if parser.fault is not None else None
    parser.close()
    return found, fault


def agrees(found: list[tuple[Any, ...]], data: bytes) -> None:
    """Everything that was read as a whole request is one to the reference too, and to h11 as far as h11 goes."""
    expected = reference.read_all(data)
    for number, (method, _target, authority, _lines, body, _trailers) in enumerate(found):
        assert number < len(expected), ("served what is no request", data)
        other = expected[number]
        assert method == other.method, data
        if body is not None:
            assert body == (other.body if other.body is not None else b"?"), data
        hosts = [value.lower() for name, value in other.fields if name == b"host"]
        assert (
            [authority] == hosts or (not hosts and other.target.startswith((b"/", b"*"))) or b"://" in other.target
        ), data
    complete = [each for each in found if each[4] is not None]
    for mine, theirs in zip(complete, _h11(data), strict=False):
        assert mine[0] == theirs[0], data
        assert mine[4] == theirs[1], data


def _h11(data: bytes) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(data)
    method, body = b"", b""
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                method, body = event.method, b""
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                found.append((method, body))
                connection.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
                connection.send(h11.EndOfMessage())
                connection.start_next_cycle()
            else:
                return found
    except h11.ProtocolError:
        return found


def test_the_parser_reads_only_requests_and_the_same_however_they_are_cut() -> None:
    cache = HeadCache()
    for seed in range(PARSER_CASES):
        chance = random.Random(seed)
        data = mutated(chance)
        whole = parsed([data], cache)
        fresh = parsed([data], HeadCache())
        assert whole == fresh, (seed, data)  # what was remembered of other requests changes nothing
        found, fault = parsed(cuts(chance, data), cache)
        assert found == whole[0], (seed, data)
        assert (fault is None) == (whole[1] is None), (seed, data)
        agrees(whole[0], data)


class Wire:
    """A socket that has its input ready, in pieces, and keeps the output."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = list(pieces)
        self.output = io.BytesIO()
        self.ended = False

    def fileno(self) -> int:
        return -1

    def recv(self, size: int) -> bytes:
        if not self.pieces:
            return b""
        piece = self.pieces.pop(0)
        if len(piece) > size:
            self.pieces.insert(0, piece[size:])
        return piece[:size]

    def send(self, data: bytes, _flags: int = 0) -> int:
        assert not self.ended, "bytes after the end of the output"
        return self.output.write(data)

    def sendmsg(self, parts: tuple[bytes, ...]) -> int:
        return sum(map(self.send, parts))

    def shutdown(self, _how: int) -> None:
        self.ended = True

    def setsockopt(self, *_: object) -> None:
        pass

    def close(self) -> None:
        self.ended = True


class Alone:
    """A worker that has nobody to hand over to."""

    def __init__(self) -> None:
        self.tally = Tally()

    def hand_over(self) -> None:
        pass


def _serve(pieces: list[bytes], style: int) -> tuple[list[tuple[bytes, bytes | None]], bytes, Tally]:
    """Run one connection to its end; what the handler was given (method, body or None), and the output."""
    given: list[tuple[bytes, bytes | None]] = []

    def handle(head: bytes, body: bytes, request: Any) -> bytes:
        head.decode()  # what crosses is UTF-8
        method = head.split(b"\n")[0]
        data: bytes | None
        try:
            if body == b"s" and style != 2:
                data = b""
                if style == 1:
                    request.start(b"200\n\n")
                while piece := request.read(7, True):
                    data += piece
                    if style == 1:
                        request.write(piece)
            else:
                data = undata(body) if body != b"s" else None
        except errors.RequestError:
            given.append((method, None))
            return b"F" if request.started else b"R200\n\nuwrong"
        given.append((method, data))
        return b"F" if request.started else b"R200\n\nuright"

    wire = Wire(pieces)
    service = Service(handle, LIMITS, Metrics(), Log(-1), "", access=False)
    connection = Connection(wire, LIMITS, service.cache, 0.0)  # type: ignore[arg-type]
    worker = Alone()
    for _ in range(10_000):
        state = service.serve(connection, worker)  # type: ignore[arg-type]
        connection.state = state
        if state is State.CLOSED:
            break
    else:
        pytest.fail("a connection that never ends")
    assert not service.log._queue, "a fault inside the edge"
    return given, wire.output.getvalue(), worker.tally


def test_connections_serve_only_requests_and_answer_in_well_formed_http() -> None:
    for seed in range(SERVICE_CASES):
        chance = random.Random(-1 - seed)
        data = mutated(chance)
        style = seed % 3
        given, output, tally = _serve(cuts(chance, data), style)
        expected = reference.read_all(data)
        assert len(given) <= len(expected), (seed, data)
        for (method, body), other in zip(given, expected, strict=False):
            assert method == other.method, (seed, data)
            assert body is None or body == other.body, (seed, data)
        assert tally.begun == tally.ended, (seed, data)
        _check_output(output, given, (seed, data), reads=style != 2)


def _check_output(output: bytes, given: list[tuple[bytes, bytes | None]], case: object, *, reads: bool) -> None:
    """Every answer is a complete message, the last one possibly cut; no success for a body that broke."""
    answers = 0
    rest = output
    while rest and answers <= len(given):
        method = given[answers][0] if answers < len(given) else b"GET"
        reader = h11.Connection(h11.CLIENT)
        reader.send(h11.Request(method=method, target="/", headers=[("host", "a")]))
        reader.send(h11.EndOfMessage())
        reader.receive_data(rest)
        status, complete = 0, False
        while True:
            event = reader.next_event()
            if isinstance(event, h11.Response):
                status = event.status_code
                assert any(name == b"x-request-id" for name, _ in event.headers), case
            elif isinstance(event, h11.EndOfMessage):
                complete = True
                break
            elif event is h11.NEED_DATA:
                break
        if reads and answers < len(given) and given[answers][1] is None:
            assert status != 200 or not complete, case
        answers += 1
        rest = reader.trailing_data[0] if complete else b""
    assert not rest, case
