"""A request's body as it is read: received on demand, never ahead of the handler, and judged while it comes.

A body that is cut, malformed, too long or too slow leaves a `fault`; from then on nobody gets a byte of it, and the
component's answer to it does not go out.
"""

from __future__ import annotations

import select
from typing import Protocol

from wasicloud_host import errors
from wasicloud_host.http.connection import Connection
from wasicloud_host.http.errors_page import Fault
from wasicloud_host.http.limits import Limits
from wasicloud_host.http.message import Request

_RECEIVE_BYTES = 64 << 10
_RECEIVE_MORE_BYTES = 256 << 10  # once a client has filled the smaller one: a larger costs more to allocate
_SWALLOW_BYTES = 256 << 10


class Patience(Protocol):
    """How a reader waits, and how it asks the client to go on."""

    def wait(self, event: int) -> float:
        """Wait until the socket is ready; the seconds waited, or minus infinity if it took too long."""

    def ask_to_continue(self) -> None:
        """Send 100 Continue if it is still time for it."""


class BodyReader:
    """Reads one request's body. Used by one thread at a time."""

    __slots__ = ("_connection", "_limits", "_patience", "_request", "_size", "_waited", "fault")

    def __init__(self, connection: Connection, request: Request, limits: Limits, patience: Patience) -> None:
        self._connection = connection
        self._request = request
        self._limits = limits
        self._patience = patience
        self._size = _RECEIVE_BYTES
        self._waited = 0.0
        self.fault: Fault | None = None

    def read(self, limit: int, block: bool) -> bytes | None:
        """See `RequestIO.read`."""
        request = self._request
        pieces = request.pieces
        if pieces is None:
            return b""
        while not pieces:
            if request.done:
                return b""
            if not self._receive(block):
                return None
        piece = pieces.popleft()
        if len(piece) > limit:
            pieces.appendleft(piece[limit:])
            piece = piece[:limit]
        return piece

    def swallow(self) -> bool:
        """Read away an unread body as far as it is here already; whether that was all of it.

        One that turns out malformed on the way leaves its fault: bytes nobody wanted must be HTTP all the same.
        """
        if self._request.expects_continue:
            return False
        taken = 0
        while not self._request.done:
            pieces = self._request.pieces
            if pieces:
                taken += sum(map(len, pieces))
                pieces.clear()
            if self._connection.parser.fault is not None:
                self.fault = self._connection.parser.fault
            if taken > _SWALLOW_BYTES or self.fault is not None:
                return False
            data = self._connection.receive(_RECEIVE_BYTES)
            if not data:
                return False
            self._connection.parser.feed(data)
        return True

    def _receive(self, block: bool) -> bool:
        """Get more of the body into the parser; False if that would wait and must not. Raises what `read` raises."""
        connection = self._connection
        parser = connection.parser
        if self.fault is None and parser.fault is not None:
            self.fault = parser.fault
        if self.fault is not None:
            if self.fault.status == 413:
                raise errors.BodyTooLarge(self.fault.detail)
            raise errors.RequestBodyBroken(self.fault.detail)
        if connection.gone:
            raise errors.ClientGone("the client is gone")
        if self._request.expects_continue:
            self._request.expects_continue = False
            if not self._request.received:
                self._patience.ask_to_continue()
        data = connection.receive(self._size)
        if data:
            if len(data) == self._size:
                self._size = _RECEIVE_MORE_BYTES
            parser.feed(data)
            return True
        if data is None:
            if not block:
                return False
            self._wait_for_body()
            return True
        if connection.gone:
            raise errors.ClientGone("the client closed the connection")
        self.fault = Fault(400, "The request's body ended early.")
        raise errors.RequestBodyBroken(self.fault.detail)

    def _wait_for_body(self) -> None:
        limits = self._limits
        self._waited += self._patience.wait(select.POLLIN)
        late = self._waited - limits.rate_grace_seconds
        if self._waited < 0 or (late > 0 and self._request.received < late * limits.minimum_rate):
            self.fault = Fault(408, "The request's body came too slowly.")
