"""The I/O of one request, handed inward with it: the body as it arrives, the response as it is made.

Used by one thread, from inside the component's calls. Whatever would wait hands the poll loop to another thread first, so
a slow client costs a thread only while a component waits for it. Memory is bounded: bytes are received on demand and
sent before `write` returns (or at most one piece is held back for a caller that must not wait).
"""

from __future__ import annotations

import select
import socket
import time
from typing import Protocol

import pybase64

from wasicloud_host import errors
from wasicloud_host.http import response
from wasicloud_host.http.connection import Connection
from wasicloud_host.http.errors_page import PHRASES, Fault, from_error_code
from wasicloud_host.http.limits import Limits
from wasicloud_host.http.message import Request

_RECEIVE_BYTES = 256 << 10
_SWALLOW_BYTES = 256 << 10
_COPY_BYTES = 32 << 10
_MSG_MORE = getattr(socket, "MSG_MORE", 0)


class Leadership(Protocol):
    """The serving thread, as this module sees it."""

    def hand_over(self) -> None:
        """Let another thread lead, because this one is about to wait."""


class Surroundings(Protocol):
    """What requests share: limits, the Date line, the memory of response heads, and whether the server drains."""

    limits: Limits
    heads: response.HeadReader
    date: bytes
    draining: bool


class RequestIO:
    """Implements the contract that `dispatch` and `links` know; `finish` and the flags below are the edge's own side."""

    # class attributes are the defaults: most requests never change them
    started = False
    """A response head went out (or is on its way)."""
    status = 0
    sent = 0
    """Body bytes of the response."""
    close = False
    """The connection cannot be used again."""
    spoilt = False
    """The response cannot end cleanly: whatever the answer says, the client must see that."""
    fault: Fault | None = None
    """What is wrong with the request, found out while its body was read."""
    _held: bytes = b""
    _corked = False
    _waited_in = 0.0
    _waited_out = 0.0
    _framing: response.Framing = response.WHOLE
    _left: int | None = None

    def __init__(
        self, connection: Connection, request: Request, worker: Leadership, around: Surroundings, request_id: bytes
    ) -> None:
        self._connection = connection
        self._request = request
        self._worker = worker
        self._around = around
        self.id = request_id

    # ---- what the component's side may ask

    @property
    def request_id(self) -> str:
        """The request's id, for log lines."""
        return self.id.decode("latin-1")

    @property
    def client_gone(self) -> bool:
        """Whether nobody is left to answer, as far as is known without asking the network."""
        return self._connection.gone

    def fileno(self) -> int:
        """The client's socket: readable when body bytes may have come; writable when `write(…, block=False)` may go on."""
        return self._connection.fd

    def about_to_block(self) -> None:
        """Call before any wait: what was written goes out, and another thread leads."""
        self._uncork()
        self._worker.hand_over()

    def read(self, limit: int, block: bool = True) -> bytes | None:
        """The next bytes of the request's body, at most `limit`; b"" at its end; None if that would wait and `block` is false.

        Raises `errors.BodyTooLarge`, `errors.RequestBodyBroken` (cut, malformed, too slow) and `errors.ClientGone`; again at each call.
        """
        pieces = self._request.pieces
        if pieces is None:
            return b""
        while not pieces:
            if self._request.done:
                return b""
            if not self._receive(block):
                return None
        piece = pieces.popleft()
        if len(piece) > limit:
            pieces.appendleft(piece[limit:])
            piece = piece[:limit]
        return piece

    def trailers(self) -> bytes | None:
        """After the body's end: header lines `name: value\\n…`, or None if there are none."""
        return self._request.trailers

    def informational(self, status: int, headers: bytes) -> None:
        """Send a 1xx response now; nothing happens for HTTP/1.0 clients and after the response began."""
        if not 100 <= status <= 199 or status == 101:
            raise errors.RequestError(f"status {status} is not an informational one")
        if self.started or self._request.old:
            return
        if status == 100:
            self._request.expects_continue = False
        phrase = PHRASES.get(status, "").encode()
        self._put(b"HTTP/1.1 %d %b\r\n%b\r\n" % (status, phrase, response.fields(headers)))

    def start(self, head: bytes) -> None:
        """Begin the response: `STATUS\\nname: value\\n…`. It leaves with the first bytes of the body, or before any wait."""
        if self.started:
            raise errors.RequestError("the response has already begun")
        self._check_body()
        self.started = True
        checked = self._around.heads.read(head)
        # an unread body is no reason to close yet: the component may read it while it writes
        close = self.close or self._around.draining or not self._request.head.keep_alive
        framing = response.frame(checked, self._request, self._extra(checked), None, close=close)
        self._framing = framing
        self._left = framing.length
        self.status = checked.status
        self.close = framing.close
        self._put(framing.wire, _MSG_MORE)
        self._corked = True

    def write(self, data: bytes, block: bool = True) -> bool:
        """Send bytes of the body; waits until the socket has them, or with `block` false holds one piece back at most.

        False if `block` is false and the piece before is still held back: nothing was taken, poll `fileno` and try again.
        Raises `errors.ClientGone` and, for bytes beyond the announced Content-Length, `errors.RequestError`.
        """
        if not self.started:
            raise errors.RequestError("the response has not begun")
        if self._connection.gone:
            raise errors.ClientGone("the client is gone")
        if not data or self._framing.silent:
            return True
        if self._held and not block and not self.flush():
            return False
        self._account(len(data))
        if self._framing.chunked:
            size = b"%x\r\n" % len(data)
            if len(data) >= _COPY_BYTES:
                self._put_parts((size, data, b"\r\n"), block)
            else:
                self._put(b"%b%b\r\n" % (size, data), 0, block)
        else:
            self._put(data, 0, block)
        return True

    def flush(self) -> bool:
        """Send what `write(…, block=False)` held back, without waiting; whether nothing is held back any more."""
        held, self._held = self._held, b""
        if held:
            self._put(held, 0, False)
        return not self._held

    # ---- the edge's side

    def finish(self, answer: bytes) -> None:
        """Carry out the handler's final answer; raises `Fault` if the client has to be told of an error instead."""
        tag = answer[:1]
        if tag == b"R" and not self.started:
            self._whole(answer)
        elif tag == b"F" and self.started:
            self._end(answer[1:])
        elif self.started:
            self.spoilt = True
        elif tag == b"E":
            raise from_error_code(answer[1:].decode(errors="replace"))
        else:
            raise Fault(500, "The component returned without a response.")

    @property
    def ends_by_close(self) -> bool:
        """Whether only the connection's end marks the response's end, so that a plain close would look like a clean one."""
        return self.started and not self._framing.chunked and (self._left is None or self._left == 0)

    def _whole(self, answer: bytes) -> None:
        self._check_body()
        cut = answer.find(b"\n\n")
        if cut < 0:
            raise Fault(500, "The component's response is malformed.")
        head = self._around.heads.read(answer[1:cut])
        kind = answer[cut + 2 : cut + 3]
        data = answer[cut + 3 :]
        if kind == b"b":
            data = _unbase64(data)
        close = self.close or self._must_close()
        if head.simple and not close and not self._request.old and self._request.method != b"HEAD":
            self.started = True
            self.status = head.status
            self.sent = len(data)
            self._left = 0
            self._put_behind(b"%bcontent-length: %d\r\n%b\r\n" % (head.start, len(data), self._extra(head)), data)
            return
        if head.length is not None and head.length != len(data) and not self._silent(head.status):
            raise Fault(500, "The component's response is not as long as its Content-Length says.")
        framing = response.frame(head, self._request, self._extra(head), len(data), close=close)
        self.close = framing.close
        self.started = True
        self._framing = framing
        self.status = head.status
        if framing.silent:
            data = b""
        self.sent = len(data)
        self._left = 0
        self._put_behind(framing.wire, data)

    def _end(self, lines: bytes) -> None:
        if self.fault is not None or self.spoilt or (self._left and not self._framing.silent):
            self.spoilt = True
            return
        if self._framing.chunked:
            self._put(b"0\r\n%b\r\n" % (response.trailers(lines) if lines else b""))
        elif self._held:
            self._put(b"")
        self._uncork()
        if not self.close and self._must_close():
            self.close = True

    def _silent(self, status: int) -> bool:
        return self._request.method == b"HEAD" or status in (204, 304)

    def _must_close(self) -> bool:
        request = self._request
        if not request.head.keep_alive or self._around.draining:
            return True
        return not request.done and not self._swallow()

    def _extra(self, head: response.ResponseHead) -> bytes:
        return b"%bx-request-id: %b\r\n" % (b"" if head.dated else self._around.date, self.id)

    def _account(self, size: int) -> None:
        if self._left is not None:
            if size > self._left:
                self.spoilt = True
                raise errors.RequestError("the response is longer than its Content-Length")
            self._left -= size
        self.sent += size

    # ---- receiving

    def _check_body(self) -> None:
        """A request whose body turned out broken gets no answer of the component: it saw something else than was sent."""
        if self.fault is not None:
            raise self.fault

    def _swallow(self) -> bool:
        """Read away an unread body as far as it is here already; whether that was all of it."""
        if self._request.expects_continue:
            return False
        taken = 0
        while not self._request.done:
            pieces = self._request.pieces
            if pieces:
                taken += sum(map(len, pieces))
                pieces.clear()
            if taken > _SWALLOW_BYTES or self._connection.parser.fault is not None:
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
            if not self.started and not self._request.received:
                self._put(b"HTTP/1.1 100 Continue\r\n\r\n")
        data = connection.receive(_RECEIVE_BYTES)
        if data:
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
        self.close = True
        raise errors.RequestBodyBroken(self.fault.detail)

    def _wait_for_body(self) -> None:
        limits = self._around.limits
        self._waited_in += self._wait(select.POLLIN)
        late = self._waited_in - limits.rate_grace_seconds
        if self._waited_in < 0 or (late > 0 and self._request.received < late * limits.minimum_rate):
            self.fault = Fault(408, "The request's body came too slowly.")
            self.close = True

    # ---- sending

    def _wait(self, event: int) -> float:
        """Wait until the socket is ready; the seconds waited, or minus infinity if nothing moved for `stall_seconds`."""
        self.about_to_block()
        begun = time.monotonic()
        poll = select.poll()
        poll.register(self._connection.fd, event)
        if not poll.poll(self._around.limits.stall_seconds * 1000):
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
        limits = self._around.limits
        while rest:
            self._waited_out += self._wait(select.POLLOUT)
            late = self._waited_out - limits.rate_grace_seconds
            if self._waited_out < 0 or (late > 0 and self.sent - len(rest) < late * limits.minimum_rate):
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
        if len(data) < _COPY_BYTES:
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
            self._put(wire, _MSG_MORE)
            rest = memoryview(data)
        connection.write_behind(rest, time.monotonic(), self._around.limits.stall_seconds)
        if connection.flush() < 0:
            raise errors.ClientGone("the client closed the connection")

    def _uncork(self) -> None:
        if self._corked:
            self._corked = False
            self._connection.push()


def _unbase64(data: bytes) -> bytes:
    try:
        return pybase64.b64decode(data, validate=True)
    except ValueError:
        raise Fault(500, "The component's response is malformed.") from None
