"""One outgoing request: how far it has come, and what the component may do with it now.

It moves on when the component calls the host (`advance`), never waits, and holds a bounded number of bytes each way. HTTP/1.1
is h11's; redirects are the component's business.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TypeVar

import h11

from wasicloud_host.links import header_lines
from wasicloud_host.links.encoding import Failure
from wasicloud_host.links.outgoing.pool import Pool
from wasicloud_host.links.outgoing.target import Target
from wasicloud_host.links.outgoing.timeouts import Timeouts
from wasicloud_host.links.outgoing.transport import Transport
from wasicloud_host.links.streams import Stream

BUFFER = 256 << 10
"""Bytes of a body held on the host, each way, before the peer or the component has to wait."""

PIECE = 64 << 10
HEAD_LIMIT = 128 << 10

_HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"transfer-encoding", b"upgrade", b"http2-settings"}
)


E = TypeVar("E", h11.Request, h11.EndOfMessage)


class OutgoingRequest(Stream):
    """A request on its way and the response to it."""

    def __init__(self, target: Target, pool: Pool, timeouts: Timeouts, body: bytes, *, complete: bool) -> None:
        self._target = target
        self._pool = pool
        self._timeouts = timeouts
        self._whole = body if complete and target.repeatable else None  # can be sent again
        self._server = (target.secure, target.host.lower(), target.port)
        self._failure: Failure | None = None
        self._answered_by: str | None = None
        self._tell: Callable[[str], None] | None = None
        self._start(pool.take(self._server) if self._whole is not None else None, body, complete)

    def _start(self, kept: Transport | None, body: bytes, complete: bool) -> None:
        target = self._target
        self._reused = kept is not None
        self._transport = kept or Transport(target.host, target.port, secure=target.secure)
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_LIMIT)
        self._out = bytearray()
        self._in: deque[bytes] = deque()
        self._in_size = 0
        self._head: bytes | None = None
        self._trailers: bytes | None = None
        self._answered = False  # any byte of the response came
        self._since = time.monotonic()
        self._was_open = False
        headers = _headers(target, len(body) if complete else None)
        self._chunked = (b"transfer-encoding", b"chunked") in headers
        self._send(_checked(lambda: h11.Request(method=target.method, target=target.path, headers=headers)))
        if body:
            self._send(h11.Data(data=body))
        if complete:
            self._send(h11.EndOfMessage())

    def tell(self, answered: Callable[[str], None]) -> None:
        """Call this once with the outcome, when the response's head or a failure before it is here."""
        self._tell = answered
        if self._answered_by is not None:
            answered(self._answered_by)

    def _settle(self, outcome: str) -> None:
        if self._answered_by is None:
            self._answered_by = outcome
            if self._tell is not None:
                self._tell(outcome)

    def advance(self) -> None:
        """Move on as far as it goes without waiting; a failure is kept for who asks next."""
        if self._failure is not None or self._trailers is not None:
            return
        try:
            self._advance()
        except Failure as failure:
            self._fail(failure)

    def ready(self, kind: str) -> bool:
        """Whether ``r``, ``w``, ``h`` or ``t`` (README of wit/bridge) would answer at once."""
        self.advance()
        if self._failure is not None:
            return True
        if kind == "h":
            return self._head is not None
        if kind == "w":
            return len(self._out) < BUFFER
        if kind == "t":
            self._discard()
        return self._trailers is not None or (kind == "r" and bool(self._in))

    def interest(self) -> tuple[int, int] | None:
        """Descriptor and `select.poll` events that would move it on, if any."""
        if self._failure is not None or self._trailers is not None:
            return None
        return self._transport.interest(reading=self._in_size < BUFFER, writing=bool(self._out))

    def wake_at(self) -> float:
        """When a timeout would end it, on the monotonic clock."""
        if self._failure is not None or self._trailers is not None or self._in_size >= BUFFER:
            return float("inf")
        return self._since + self._patience()[0]

    def head(self) -> bytes | None:
        """The response's head, or ``None`` if it is not there yet; raises `Failure`, but not one that came after the head."""
        self.advance()
        if self._head is None:
            self._raise_failure()
        return self._head

    def read(self, limit: int) -> bytes | None:
        """See `Stream`: the response's body. What came before a failure is given first."""
        if not self._in:
            self.advance()
        if self._in:
            piece = self._in.popleft()
            if len(piece) > limit:
                self._in.appendleft(piece[limit:])
                piece = piece[:limit]
            if self._in_size >= BUFFER:
                self._since = time.monotonic()
            self._in_size -= len(piece)
            return piece
        self._raise_failure()
        return b"" if self._trailers is not None else None

    def write(self, data: bytes) -> bool:
        """See `Stream`: the request's body. After the response's end nobody wants it, and it is thrown away."""
        self.advance()
        self._raise_failure()
        if self._trailers is not None:
            return True
        if len(self._out) >= BUFFER:
            return False
        if data:
            self._send(h11.Data(data=data))
            self.advance()
        return True

    def finish(self, trailers: bytes) -> None:
        """The request's body is complete; trailers are sent if its framing has room for them."""
        if self._failure is None and self._http.our_state is h11.SEND_BODY:
            headers = list(header_lines.parse(trailers)) if self._chunked else []
            self._send(_checked(lambda: h11.EndOfMessage(headers=headers)))
            self.advance()

    def abort(self) -> None:
        """The request's body is broken: the server must not take it for complete."""
        if self._http.our_state is h11.SEND_BODY:
            self._fail(Failure("connection-terminated"))

    def trailers(self) -> bytes | None:
        """The response's trailers as header lines, or ``None`` before the body's end; unread bytes are thrown away."""
        self.advance()
        self._discard()
        self._raise_failure()
        return self._trailers

    def close(self) -> None:
        """Cancel what is unfinished."""
        if self._trailers is None:
            self._fail(Failure("connection-terminated"))

    def _advance(self) -> None:
        if not self._transport.open:
            self._transport.advance()
        if self._transport.open:
            if not self._was_open:
                self._was_open = True
                self._since = time.monotonic()
            self._flush()
            self._receive()
        if self._trailers is None and time.monotonic() >= self.wake_at():
            raise Failure(self._patience()[1])

    def _patience(self) -> tuple[float, str]:
        """Seconds without progress that are allowed at this stage, and the error after them."""
        if not self._was_open:
            return self._timeouts.connect, "connection-timeout"
        if self._out:
            return self._timeouts.first_byte, "connection-write-timeout"
        if self._head is None:
            return self._timeouts.first_byte, "HTTP-response-timeout"
        return self._timeouts.between_bytes, "connection-read-timeout"

    def _send(self, event: h11.Request | h11.Data | h11.EndOfMessage) -> None:
        try:
            self._out += self._http.send(event) or b""
        except h11.LocalProtocolError as error:
            code = "HTTP-protocol-error" if isinstance(event, h11.Request) else "HTTP-request-body-size:"
            raise Failure(code) from error

    def _flush(self) -> None:
        while self._out:
            try:
                with memoryview(self._out) as view:
                    sent = self._transport.send(view)
            except ConnectionError:
                self._out.clear()  # the server takes no more, but may have answered
                return
            if not sent:
                return
            del self._out[:sent]
            self._since = time.monotonic()

    def _receive(self) -> None:
        while self._in_size < BUFFER and self._trailers is None:
            received = self._transport.receive(PIECE)
            if received is None:
                return
            if not received and not self._answered and self._reused and self._whole is not None:
                self._transport.close()
                self._start(None, self._whole, complete=True)  # it was closed while nobody looked
                self._advance()
                return
            self._answered = True
            self._since = time.monotonic()
            try:
                self._http.receive_data(received)
                self._take_events()
            except h11.RemoteProtocolError:
                raise Failure(self._broken(received)) from None

    def _broken(self, received: bytes) -> str:
        if received:
            return "HTTP-protocol-error"
        return "HTTP-response-incomplete" if self._head is not None else "connection-terminated"

    def _take_events(self) -> None:
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.Response):
                self._settle("ok")
                self._head = b"%d\n" % event.status_code + _lines(event.headers) + b"\n"
            elif isinstance(event, h11.Data):
                self._in.append(bytes(event.data))
                self._in_size += len(event.data)
            elif isinstance(event, h11.EndOfMessage):
                self._trailers = _lines(event.headers)
                self._release()
                return
            elif isinstance(event, h11.ConnectionClosed):
                raise h11.RemoteProtocolError("closed before the response was complete")
            elif event is h11.PAUSED:
                raise Failure("HTTP-upgrade-failed")
            elif event is h11.NEED_DATA:
                return

    def _release(self) -> None:
        """The response is here: keep the connection if both sides are done with it."""
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE and not self._out:
            self._pool.keep(self._server, self._transport)
        else:
            self._transport.close()

    def _discard(self) -> None:
        while self._in and self._failure is None:
            self._in.clear()
            self._in_size = 0
            self._since = time.monotonic()
            self.advance()

    def _fail(self, failure: Failure) -> None:
        self._settle("timeout" if failure.text.endswith("timeout") else "unavailable")
        self._failure = failure
        self._transport.close()
        self._out.clear()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure


def _checked(event: Callable[[], E]) -> E:
    """An event of h11's, whose texts it has found to be what HTTP allows."""
    try:
        return event()
    except h11.LocalProtocolError:
        raise Failure("HTTP-protocol-error") from None


def _headers(target: Target, length: int | None) -> list[tuple[bytes, bytes]]:
    """Host first, the component's own, then how the body ends if the component did not say (``length``: it is all here)."""
    headers = [(b"host", target.authority.encode()), *target.headers]
    if not any(name.lower() == b"content-length" for name, _ in target.headers):
        if length is None:
            headers.append((b"transfer-encoding", b"chunked"))
        elif length or target.method in ("POST", "PUT", "PATCH"):
            headers.append((b"content-length", b"%d" % length))
    return headers


def _lines(headers: h11._headers.Headers) -> bytes:
    return header_lines.write((name, value) for name, value in headers.raw_items() if name.lower() not in _HOP_BY_HOP)
