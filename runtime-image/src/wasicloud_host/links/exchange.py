"""The functions of `wit/bridge/exchange.wit`: clocks, randomness, waiting, and the streams of a request.

Handle 0 is the request being served; its bytes go through `RequestIO`, which the HTTP edge implements. All other handles
are in the session's table. No wait is longer than the request's deadline.
"""

from __future__ import annotations

import os
import select
import time
from typing import TYPE_CHECKING, Protocol

import pybase64

from wasicloud_host.errors import RequestError
from wasicloud_host.links import encoding
from wasicloud_host.links.encoding import NONE, OK, WOULD_BLOCK, Failure
from wasicloud_host.links.outgoing.request import OutgoingRequest
from wasicloud_host.links.streams import Stream

if TYPE_CHECKING:
    from wasicloud_host.links.session import Session

READ_LIMIT = 1 << 20
"""Most bytes that one `stream-read` answers."""

RANDOM_LIMIT = 1 << 20

_FOREVER = (1 << 64) - 1


class RequestIO(Protocol):
    """The request being served, as the HTTP edge gives it inward. One thread uses it at a time."""

    @property
    def request_id(self) -> str:
        """The id that the access log shows for it."""

    def read(self, limit: int, block: bool) -> bytes | None:
        """Next bytes of the request's body; ``b""`` at the end; ``None`` if it would have to wait and may not.

        Raises `errors.RequestBodyBroken`, `errors.BodyTooLarge`, `errors.ClientGone`.
        """

    def trailers(self) -> bytes | None:
        """After the end of the body: header lines, or ``None``."""

    def informational(self, status: int, headers: bytes) -> None:
        """Send a 1xx response; header lines."""

    def start(self, head: bytes) -> None:
        """Send the response's head; the body follows by `write` and ends with the handler's answer."""

    def write(self, data: bytes) -> None:
        """Send bytes of the response's body; waits with bounded memory. Raises `errors.ClientGone`."""

    def fileno(self) -> int:
        """The descriptor that becomes readable when `read` could give more."""

    def about_to_block(self) -> None:
        """Told before any wait."""


OVERTIME_SECONDS = 0.2
"""A wait goes on for so long after the request's deadline: the component is stopped as it returns, and cannot take the
end of its time for the end of its wait."""


class Exchange:
    """What one instance asks of the host about the request it serves."""

    __slots__ = ("_peeked", "session")

    def __init__(self, session: Session) -> None:
        self.session = session
        self._peeked: bytes | Exception | None = None  # of the request's body, found while waiting

    def begin(self) -> None:
        """A new request: nothing of it has been seen."""
        self._peeked = None

    def io(self) -> RequestIO:
        """The request being served; raises `Failure` between requests."""
        io = self.session.io
        if io is None:
            raise Failure("connection-terminated")
        return io

    def read_request(self, limit: int, block: bool) -> bytes | None:
        """Bytes of the request's body; while it waits, outgoing requests go on."""
        if isinstance(self._peeked, Exception):
            error, self._peeked = self._peeked, b""
            raise error
        if self._peeked is not None:
            piece, rest = self._peeked[:limit], self._peeked[limit:]
            self._peeked = rest or (None if piece else b"")
            return piece
        io = self.io()
        if not block or not self.session.outgoing:
            return io.read(limit, block)
        while (found := io.read(limit, block=False)) is None:
            self.sleep([(0, "r")])
        return found

    def wait(self, interests: list[tuple[int, str]], until: float) -> list[int]:
        """Positions of interests that are ready; empty if ``until`` came first."""
        until = min(until, self.session.deadline + OVERTIME_SECONDS)
        while True:
            ready = [position for position, (handle, kind) in enumerate(interests) if self._ready(handle, kind)]
            if ready or time.monotonic() >= until:
                return ready
            self.sleep(interests, until)

    def sleep(self, interests: list[tuple[int, str]], until: float | None = None) -> None:
        """Wait until something may have moved: a descriptor of the interests, an outgoing request, or the clock.

        Without ``until`` the caller has to go on, so that the end of the request's own time is an error.
        """
        session = self.session
        if until is None:
            until = session.deadline
            if time.monotonic() >= until:
                raise Failure("connection-read-timeout")
        poll = select.poll()
        if any(handle == 0 and kind in "rt" for handle, kind in interests):
            poll.register(self.io().fileno(), select.POLLIN)
        for request in session.outgoing:
            interest = request.interest()
            if interest is not None:
                poll.register(*interest)
            until = min(until, request.wake_at())
        left = until - time.monotonic()
        if left > 0:
            if session.io is not None:
                session.io.about_to_block()
            poll.poll(None if until == float("inf") else min(left * 1000 + 1, 2**31 - 1))
        for request in list(session.outgoing):
            request.advance()

    def trailers(self) -> bytes | None:
        """The request's trailers, after throwing away the rest of its body; ``None`` if the body has not ended."""
        while (piece := self.read_request(READ_LIMIT, block=False)) is not None:
            if not piece:
                self._peeked = b""
                return self.io().trailers() or b""
        return None

    def _ready(self, handle: int, kind: str) -> bool:
        if handle != 0:
            resource = self.session.handles.table.get(handle)
            return resource.ready(kind) if isinstance(resource, OutgoingRequest) else True
        if kind == "w":
            return True
        if self._peeked is None:
            try:
                self._peeked = self.io().read(READ_LIMIT, block=False)
            except (RequestError, Failure) as error:
                self._peeked = error
        if kind == "t" and self._peeked:
            return not isinstance(self._peeked, bytes) or self._drained()
        return self._peeked is not None

    def _drained(self) -> bool:
        try:
            while self._peeked:
                self._peeked = self.io().read(READ_LIMIT, block=False)
        except RequestError as error:
            self._peeked = error
        return self._peeked is not None


def monotonic_now(_exchange: Exchange) -> int:
    """Nanoseconds of a clock that never goes back."""
    return time.monotonic_ns()


def wall_now(_exchange: Exchange) -> int:
    """Nanoseconds since the epoch."""
    return time.time_ns()


def random(_exchange: Exchange, length: int) -> bytes:
    """Random bytes in base64."""
    return pybase64.b64encode(os.urandom(min(length, RANDOM_LIMIT)))


def wait(exchange: Exchange, interests: bytes, deadline: int) -> bytes:
    """See exchange.wit."""
    until = float("inf") if deadline == _FOREVER else deadline / 1e9
    wanted = []
    for item in interests.decode().split(",") if interests else ():
        handle, _, kind = item.partition(":")
        wanted.append((int(handle), kind))
    return b"o" + b",".join(b"%d" % position for position in exchange.wait(wanted, until))


def stream_read(exchange: Exchange, handle: int, limit: int, block: int) -> bytes:
    """See exchange.wit."""
    limit = min(limit, READ_LIMIT)
    if handle == 0:
        piece = exchange.read_request(limit, bool(block))
    else:
        stream = exchange.session.handles.get(handle, Stream)
        while (piece := stream.read(limit)) is None and block:
            exchange.sleep([(handle, "r")])
    if piece is None:
        return WOULD_BLOCK
    return encoding.ok_data(piece) if piece else NONE


def stream_write(exchange: Exchange, handle: int, data: bytes, block: int) -> bytes:
    """See exchange.wit."""
    piece = encoding.undata(data)
    if handle == 0:
        exchange.io().write(piece)
        return OK
    stream = exchange.session.handles.get(handle, Stream)
    while not stream.write(piece):
        if not block:
            return WOULD_BLOCK
        exchange.sleep([(handle, "w")])
    return OK


def stream_finish(exchange: Exchange, handle: int, trailers: bytes) -> bytes:
    """See exchange.wit."""
    exchange.session.handles.get(handle, OutgoingRequest).finish(trailers)
    return OK


def stream_abort(exchange: Exchange, handle: int) -> bytes:
    """See exchange.wit."""
    resource = exchange.session.handles.table.get(handle)
    if isinstance(resource, OutgoingRequest):
        resource.abort()
    return OK


def stream_trailers(exchange: Exchange, handle: int) -> bytes:
    """See exchange.wit."""
    source = exchange if handle == 0 else exchange.session.handles.get(handle, OutgoingRequest)
    lines = source.trailers()
    if lines is None:
        return WOULD_BLOCK
    return b"o" + lines if lines else NONE


def stream_drop(exchange: Exchange, handle: int) -> bytes:
    """See exchange.wit."""
    exchange.session.drop(handle)
    return OK


def response_informational(exchange: Exchange, status: int, headers: bytes) -> bytes:
    """See exchange.wit."""
    exchange.io().informational(status, headers)
    return OK


def response_start(exchange: Exchange, head: bytes) -> bytes:
    """See exchange.wit."""
    exchange.io().start(head)
    return OK


def future_poll(exchange: Exchange, handle: int) -> bytes:
    """See exchange.wit."""
    head = exchange.session.handles.get(handle, OutgoingRequest).head()
    return WOULD_BLOCK if head is None else b"o" + head
