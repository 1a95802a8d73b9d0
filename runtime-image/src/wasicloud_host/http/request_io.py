"""The I/O of one request, handed inward with it: the body as it arrives, the response as it is made.

Used by one thread, from inside the component's calls. Whatever would wait hands the poll loop to another thread first, so
a slow client costs a thread only while a component waits for it. Memory is bounded: bytes are received on demand and
sent before `write` returns (or at most one piece is held back for a caller that must not wait).
"""

from __future__ import annotations

from typing import Protocol

import pybase64

from wasicloud_host import errors
from wasicloud_host.http import response
from wasicloud_host.http.body_reader import BodyReader
from wasicloud_host.http.connection import Connection
from wasicloud_host.http.errors_page import PHRASES, Fault, from_error_code
from wasicloud_host.http.limits import Limits
from wasicloud_host.http.message import Request
from wasicloud_host.http.output import COPY_BYTES, MSG_MORE, Leadership, Output


class Surroundings(Protocol):
    """What requests share: limits, the Date line, the memory of response heads, and whether the server drains."""

    limits: Limits
    heads: response.HeadReader
    date: bytes
    draining: bool


class RequestIO(Output):
    """Implements the contract that `dispatch` and `links` know; `finish` and the flags below are the edge's own side."""

    # class attributes are the defaults: most requests never change them
    started = False
    """A response head went out (or is on its way)."""
    status = 0
    close = False
    """The connection cannot be used again."""
    spoilt = False
    """The response cannot end cleanly: whatever the answer says, the client must see that."""
    _reader: BodyReader | None = None
    _framing: response.Framing = response.WHOLE
    _left: int | None = None

    def __init__(
        self, connection: Connection, request: Request, worker: Leadership, around: Surroundings, request_id: bytes
    ) -> None:
        self._connection = connection
        self._worker = worker
        self._limits = around.limits
        self._request = request
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

    def read(self, limit: int, block: bool = True) -> bytes | None:
        """The next bytes of the request's body, at most `limit`; b"" at its end; None if that would wait and `block` is false.

        Raises `errors.BodyTooLarge`, `errors.RequestBodyBroken` (cut, malformed, too slow) and `errors.ClientGone`; again at each call.
        """
        if self._request.pieces is None:
            return b""
        return self._body.read(limit, block)

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
        checked = self._around.heads.read(head)
        # an unread body is no reason to close yet: the component may read it while it writes
        close = self.close or self._around.draining or not self._request.head.keep_alive
        framing = response.frame(checked, self._request, self._extra(checked), None, close=close)
        self._framing = framing
        self._left = framing.length
        self.status = checked.status
        self.close = framing.close
        self.started = True
        self._put(framing.wire, MSG_MORE)
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
            if len(data) >= COPY_BYTES:
                self._put_parts((size, data, b"\r\n"), block)
            else:
                self._put(b"%b%b\r\n" % (size, data), 0, block)
        else:
            self._put(data, 0, block)
        return True

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
    def fault(self) -> Fault | None:
        """What is wrong with the request, found out while its body was read."""
        return self._reader.fault if self._reader is not None else None

    def ask_to_continue(self) -> None:
        """Send 100 Continue if no response has begun."""
        if not self.started:
            self._put(b"HTTP/1.1 100 Continue\r\n\r\n")

    @property
    def ends_by_close(self) -> bool:
        """Whether only the connection's end marks the response's end, so that a plain close would look like a clean one."""
        return self.started and not self._framing.chunked and (self._left is None or self._left == 0)

    def _whole(self, answer: bytes) -> None:
        request = self._request
        around = self._around
        quiet = request.done and request.head.keep_alive and not around.draining
        close = self.close if quiet else self._must_close()
        if self._reader is not None:
            self._check_body()
        cut = answer.find(b"\n\n")
        if cut < 0:
            raise Fault(500, "The component's response is malformed.")
        head = around.heads.read(answer[1:cut])
        data = answer[cut + 3 :]
        if answer[cut + 2 : cut + 3] == b"b":
            data = _unbase64(data)
        if head.simple and not close and not request.old and request.method != b"HEAD":
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
        if not request.done and self.fault is None and self._body.swallow():
            return not request.head.keep_alive or self._around.draining
        return not request.done or not request.head.keep_alive or self._around.draining

    @property
    def _body(self) -> BodyReader:
        if self._reader is None:
            self._reader = BodyReader(self._connection, self._request, self._limits, self)
        return self._reader

    def _check_body(self) -> None:
        """A request whose body turned out broken gets no answer of the component: it saw something else than was sent."""
        if self._reader is not None and self._reader.fault is not None:
            raise self._reader.fault

    def _extra(self, head: response.ResponseHead) -> bytes:
        return b"%bx-request-id: %b\r\n" % (b"" if head.dated else self._around.date, self.id)

    def _account(self, size: int) -> None:
        if self._left is not None:
            if size > self._left:
                self.spoilt = True
                raise errors.RequestError("the response is longer than its Content-Length")
            self._left -= size
        self.sent += size


def _unbase64(data: bytes) -> bytes:
    try:
        return pybase64.b64decode(data, validate=True)
    except ValueError:
        raise Fault(500, "The component's response is malformed.") from None
