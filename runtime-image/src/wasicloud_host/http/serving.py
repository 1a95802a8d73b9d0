"""From a readable connection to answers on it: parse, call the handler, carry out its answer, tell log and metrics.

`Service.serve` is called by whichever thread leads; it says what the connection waits for next.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import pybase64

from wasicloud_host import errors, log
from wasicloud_host.http import access_log, errors_page, request_ids
from wasicloud_host.http.connection import Connection, State
from wasicloud_host.http.errors_page import Fault
from wasicloud_host.http.limits import Limits
from wasicloud_host.http.message import Request
from wasicloud_host.http.metrics import Metrics, Tally
from wasicloud_host.http.parser import HeadCache
from wasicloud_host.http.request_io import RequestIO
from wasicloud_host.http.response import HeadReader

Handler = Callable[[bytes, bytes, RequestIO], bytes]
"""`handle(head, body, io) -> final answer`, as wit/bridge/README.md defines them."""

_RECEIVE_BYTES = 64 << 10
_UNANSWERED = 499  # in logs and metrics only: the client left before there was a status


class Worker(Protocol):
    """The thread that serves: it can give up the lead, and has its own tally."""

    tally: Tally

    def hand_over(self) -> None:
        """Let another thread lead."""


@dataclass(slots=True)
class Service:
    """What all connections of a server share. Safe to use from any thread."""

    handler: Handler
    limits: Limits
    metrics: Metrics
    log: log.Log
    component: str
    access: bool
    draining: bool = False
    date: bytes = b""
    heads: HeadReader = field(default_factory=HeadReader)
    cache: HeadCache = field(default_factory=HeadCache)
    new_id: Callable[[], bytes] = field(default_factory=request_ids.maker)
    render: Callable[[access_log.Entry], bytes] = field(init=False)

    def __post_init__(self) -> None:
        """Prepare what each request would otherwise make again."""
        self.render = access_log.renderer(self.component)

    def serve(self, connection: Connection, worker: Worker) -> State:
        """Handle what arrived on a connection; the state it is in afterwards. Never raises."""
        try:
            if connection.state is not State.OPEN:
                return self._go_on(connection, worker)
            data = connection.receive(_RECEIVE_BYTES)
            parser = connection.parser
            if parser.partial:
                return self._serve_open_head(connection, data, worker)
            if not data:
                return State.OPEN if data is None else State.CLOSED
            parser.feed(data)
            return self._answer_all(connection, worker)
        except Exception as error:  # noqa: BLE001 - the boundary: a fault of the edge costs one connection
            self.log.write("error", "A connection failed", error=f"{type(error).__name__}: {error}")
            return State.CLOSED

    def _serve_open_head(self, connection: Connection, data: bytes | None, worker: Worker) -> State:
        """More of a head that comes in pieces, or none in time: a trickle earns no more time."""
        if data == b"":
            return State.CLOSED
        if time.monotonic() > connection.deadline:
            return self._refuse(connection, Fault(408), worker)
        parser = connection.parser
        parser.feed(data or b"")
        if parser.partial and not parser.requests and parser.fault is None:
            return State.OPEN
        return self._answer_all(connection, worker)

    def _go_on(self, connection: Connection, worker: Worker) -> State:
        if connection.state is State.LINGERING:
            return self._linger(connection)
        if connection.state is not State.FLUSHING:
            return State.CLOSED
        if connection.flush() < 0:
            return State.CLOSED
        now = time.monotonic()
        limits = self.limits
        if connection.outgoing is not None:
            late = now - connection.flushing_since - limits.rate_grace_seconds
            if late > 0 and connection.flushed < late * limits.minimum_rate:
                return State.CLOSED
            connection.deadline = now + limits.stall_seconds
            return State.FLUSHING
        if connection.last:
            return self._end(connection)
        return self._answer_all(connection, worker)

    def _linger(self, connection: Connection) -> State:
        data = connection.receive(_RECEIVE_BYTES)
        if data is None:
            return State.LINGERING
        connection.swallowed += len(data)
        if not data or time.monotonic() > connection.deadline or connection.swallowed > self.limits.linger_bytes:
            return State.CLOSED
        return State.LINGERING

    def _answer_all(self, connection: Connection, worker: Worker) -> State:
        parser = connection.parser
        requests = parser.requests
        while requests:
            state = self._answer(connection, requests.popleft(), worker)
            if state is not State.OPEN:
                return state
        if parser.fault is not None:
            return self._refuse(connection, parser.fault, worker)
        limits = self.limits
        connection.served = True
        connection.deadline = time.monotonic() + (limits.head_seconds if parser.partial else limits.idle_seconds)
        return State.OPEN

    # ---- one request

    def _answer(self, connection: Connection, request: Request, worker: Worker) -> State:
        tally = worker.tally
        begun = time.perf_counter()
        tally.begun += 1
        request_id = request.head.request_id or self.new_id()
        io = RequestIO(connection, request, worker, self, request_id)
        outcome = "ok"
        try:
            head = b"%b\n%b\nhttp\n%b\n%bx-request-id: %b\n" % (
                request.method,
                request.target,
                request.authority,
                request.head.lines,
                request_id,
            )
            io.finish(self.handler(head, self._body(request) if request.pieces is not None else b"", io))
            if io.spoilt:
                outcome = "aborted"
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the boundary: it costs this request only
            outcome = self._fail(error, io, connection, request)
        seconds = time.perf_counter() - begun
        status = io.status or _UNANSWERED
        tally.observe(request.method, status, seconds)
        if self.access:
            entry = (
                time.time(),
                request_id,
                request.method,
                request.target,
                status,
                request.received,
                io.sent,
                seconds,
                outcome,
            )
            self.log.put(self.render, entry)
        if outcome == "ok" and not io.close and connection.outgoing is None and not connection.gone:
            return State.OPEN
        return self._after(connection, request, io, clean=not io.spoilt)

    def _after(self, connection: Connection, request: Request, io: RequestIO, *, clean: bool) -> State:
        """What becomes of a connection whose last answer was not plain."""
        if connection.gone:
            return State.CLOSED
        if not clean:
            if io.ends_by_close:
                connection.cut()
            return State.CLOSED
        connection.last = io.close
        if connection.outgoing is not None:
            return State.FLUSHING
        if not io.close:
            return State.OPEN
        # the client asked for the close and has sent all: nothing can be lost by doing it at once
        return self._end(connection) if not request.done or request.head.keep_alive else State.CLOSED

    def _end(self, connection: Connection) -> State:
        """Close so that the client can still read the answer, even if it goes on sending."""
        connection.end_output()
        if connection.gone:
            return State.CLOSED
        limits = self.limits
        patience = min(limits.linger_seconds, limits.drain_idle_seconds) if self.draining else limits.linger_seconds
        connection.deadline = time.monotonic() + patience
        return State.LINGERING

    def _body(self, request: Request) -> bytes:
        """The body as the handler takes it: none, data that is here already, or `s` for one to be read."""
        if not request.done or request.trailers is not None or request.received > self.limits.inline_body_bytes:
            return b"s"
        assert request.pieces is not None  # noqa: S101 - the caller's condition
        data = b"".join(request.pieces)
        request.pieces.clear()
        if not data:
            return b""
        if not data.isascii():
            try:
                data.decode()
            except UnicodeDecodeError:
                return b"b" + pybase64.b64encode(data)
        return b"u" + data

    # ---- failures

    def _fail(self, error: BaseException, io: RequestIO, connection: Connection, request: Request) -> str:
        """Answer a request whose handler failed; a short word for the log."""
        io.close = True
        if isinstance(error, errors.ClientGone) or connection.gone:
            connection.gone = True
            return "client-gone"
        fault, outcome = _judge(error)
        if io.fault is not None and not isinstance(error, errors.Overloaded):
            fault, outcome = io.fault, "refused"  # the component failed because the client's body did
        if outcome == "error":
            self.log.write(
                "error",
                "The request's handler failed",
                requestId=io.request_id,
                error=f"{type(error).__name__}: {error}",
            )
        if io.started:
            io.spoilt = True
            return outcome
        io.status = fault.status
        page = errors_page.render(fault, io.id, self.date, head_only=request.method == b"HEAD")
        self._send_page(connection, page)
        return outcome

    def _refuse(self, connection: Connection, fault: Fault, worker: Worker) -> State:
        """Answer bytes that are no request we serve."""
        request_id = self.new_id()
        tally = worker.tally
        tally.begun += 1
        tally.observe(b"-", fault.status, 0.0)
        if self.access:
            self.log.put(self.render, (time.time(), request_id, b"-", b"-", fault.status, 0, 0, 0.0, "refused"))
        self._send_page(connection, errors_page.render(fault, request_id, self.date))
        return self._end(connection)

    @staticmethod
    def _send_page(connection: Connection, page: bytes) -> None:
        """A page is small: if not even that fits the socket, the client has not read for long and gets a close instead."""
        try:
            sent = connection.send(page)
        except OSError:
            sent = 0
        if sent < len(page):
            connection.gone = True


def _judge(error: BaseException) -> tuple[Fault, str]:
    """Status and word for an error of the handler."""
    if isinstance(error, Fault):
        return error, "refused" if error.status < 500 else "failed"
    if isinstance(error, errors.Overloaded):
        return Fault(503, retry_after=error.retry_after), "overloaded"
    if isinstance(error, errors.RequestTimeout):
        return Fault(504), "timeout"
    if isinstance(error, errors.ComponentTrapped):
        return Fault(500), "trapped"
    if isinstance(error, errors.BodyTooLarge):
        return Fault(413), "refused"
    if isinstance(error, errors.RequestBodyBroken):
        return Fault(400, "The request's body ended early or is malformed."), "refused"
    return Fault(500), "error"
