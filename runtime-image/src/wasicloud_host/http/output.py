"""Bytes to one client while a request is served: at once if the socket takes them, else waiting within limits.

The waiting thread gives the lead away first. A client that reads nothing for `stall_seconds`, or less than
`minimum_rate`, is given up.
"""

from __future__ import annotations

import select
import socket
import time
from typing import Protocol

from wasicloud_host import errors
from wasicloud_host.http.connection import Connection
from wasicloud_host.http.limits import Limits

COPY_BYTES = 32 << 10
"""Pieces from this size on are not copied to join them with what stands around them."""
MSG_MORE = getattr(socket, "MSG_MORE", 0)


class Leadership(Protocol):
    """The serving thread, as this module sees it."""

    def hand_over(self) -> None:
        """Let another thread lead, because this one is about to wait."""


class Output:
    """The sending half of a request's I/O; `RequestIO` builds on it."""

    # class attributes are the defaults: most requests never change them
    sent = 0
    """Body bytes of the response."""
    _held: bytes = b""
    _corked = False
    _waited = 0.0

    _connection: Connection
    _worker: Leadership
    _limits: Limits

    def fileno(self) -> int:
        """The client's socket: readable when body bytes may have come; writable when `write(…, block=False)` may go on."""
        return self._connection.fd

    def about_to_block(self) -> None:
        """Call before any wait: what was written goes out, and another thread leads."""
        self._uncork()
        self._worker.hand_over()

    def flush(self) -> bool:
        """Send what `write(…, block=False)` held back, without waiting; whether nothing is held back any more."""
        held, self._held = self._held, b""
        if held:
            self._put(held, 0, False)
        return not self._held

    def wait(self, event: int) -> float:
        """Wait until the socket is ready; the seconds waited, or minus infinity if nothing moved for `stall_seconds`."""
        self.about_to_block()
        begun = time.monotonic()
        poll = select.poll()
        poll.register(self._connection.fd, event)
        if not poll.poll(self._limits.stall_seconds * 1000):
            return float("-inf")
        return time.monotonic() - begun

    def _put(self, data: bytes, flags: int = 0, block: bool = True) -> None:
        connection = self._connection
        if connection.gone:
            raise errors.ClientGone("the client is gone")
        if self._held:
            data, self._held = self._held + data, b""
        if not flags:
            self._corked = False
        try:
            count = connection.send(data, flags)
        except (BlockingIOError, InterruptedError):
            count = 0
        except OSError:
            connection.gone = True
            raise errors.ClientGone("the client closed the connection") from None
        if count < len(data):
            self._put_rest(memoryview(data)[count:], block)

    def _put_parts(self, parts: tuple[bytes, ...], block: bool) -> None:
        """Like `_put` without copying a large piece, if the socket takes it whole."""
        connection = self._connection
        if self._held or connection.gone:
            self._put(b"".join(parts), 0, block)
            return
        self._corked = False
        try:
            count = connection.sock.sendmsg(parts)
        except (BlockingIOError, InterruptedError):
            count = 0
        except OSError:
            connection.gone = True
            raise errors.ClientGone("the client closed the connection") from None
        if count < sum(map(len, parts)):
            self._put_rest(memoryview(b"".join(parts))[count:], block)

    def _put_rest(self, rest: memoryview, block: bool) -> None:
        connection = self._connection
        if not block:
            self._held = bytes(rest)
            return
        limits = self._limits
        while rest:
            self._waited += self.wait(select.POLLOUT)
            late = self._waited - limits.rate_grace_seconds
            if self._waited < 0 or (late > 0 and self.sent - len(rest) < late * limits.minimum_rate):
                connection.gone = True
                raise errors.ClientGone("the client reads too slowly")
            try:
                rest = rest[connection.send(rest) :]
            except (BlockingIOError, InterruptedError):
                continue
            except OSError:
                connection.gone = True
                raise errors.ClientGone("the client closed the connection") from None

    def _put_behind(self, wire: bytes, data: bytes) -> None:
        """Send a finished answer; what the socket does not take now, the poll loop sends later."""
        connection = self._connection
        if len(data) < COPY_BYTES:
            whole = wire + data
            try:
                count = connection.send(whole)
            except (BlockingIOError, InterruptedError):
                count = 0
            except OSError:
                connection.gone = True
                raise errors.ClientGone("the client closed the connection") from None
            if count == len(whole):
                return
            rest = memoryview(whole)[count:]
        else:
            self._put(wire, MSG_MORE)
            rest = memoryview(data)
        connection.write_behind(rest, time.monotonic(), self._limits.stall_seconds)
        if connection.flush() < 0:
            raise errors.ClientGone("the client closed the connection")

    def _uncork(self) -> None:
        if self._corked:
            self._corked = False
            self._connection.push()
