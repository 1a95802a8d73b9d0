"""One client's socket: bytes in and out without blocking, and what the poll loop has to know about it."""

from __future__ import annotations

import enum
import socket
import struct

from wasicloud_host.http.limits import Limits
from wasicloud_host.http.parser import HeadCache, Parser

_RESET = struct.pack("ii", 1, 0)


class State(enum.IntEnum):
    """What a connection waits for, when no thread serves it."""

    OPEN = 0
    """A request, or the rest of its head."""
    FLUSHING = 1
    """The client, to read the rest of a finished answer."""
    LINGERING = 2
    """The client's close, after our last byte; what still comes is thrown away."""
    CLOSED = 3
    """Nothing: it is to be closed at once."""


class Connection:
    """A socket, its parser and its deadlines. One thread at a time uses it: the one that serves it, else the leader."""

    __slots__ = (
        "busy",
        "deadline",
        "fd",
        "flushed",
        "flushing_since",
        "gone",
        "last",
        "outgoing",
        "parser",
        "receive_bytes",
        "send",
        "served",
        "sock",
        "state",
        "swallowed",
    )

    def __init__(self, sock: socket.socket, limits: Limits, cache: HeadCache, now: float) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.send = sock.send
        self.receive_bytes = sock.recv
        self.parser = Parser(limits, cache)
        self.state = State.OPEN
        self.served = False  # it brought a request before: closing it while idle is ordinary
        self.busy = False  # served by a thread that is not the leader
        self.last = False  # the answer that is being flushed is the connection's last
        self.gone = False  # reset, or closed both ways: nobody will read an answer
        self.deadline = now + limits.head_seconds
        self.outgoing: memoryview | None = None  # the rest of a finished answer
        self.flushed = 0
        self.flushing_since = 0.0
        self.swallowed = 0

    def receive(self, size: int) -> bytes | None:
        """Bytes that are there, None if there are none yet, b"" when the client has ended its side (or is gone)."""
        try:
            return self.receive_bytes(size)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError:
            self.gone = True
            return b""

    def write_behind(self, rest: memoryview, now: float, stall_seconds: float) -> None:
        """Leave the rest of a finished answer to the poll loop, so that a slow reader holds no thread."""
        self.outgoing = rest
        self.flushed = 0
        self.flushing_since = now
        self.deadline = now + stall_seconds

    def flush(self) -> int:
        """Send what the socket takes of `outgoing`; the number of bytes, -1 when the client is gone."""
        rest = self.outgoing
        sent = 0
        while rest:
            try:
                count = self.send(rest)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                self.gone = True
                return -1
            sent += count
            rest = rest[count:]
        self.outgoing = rest or None
        self.flushed += sent
        return sent

    def end_output(self) -> None:
        """Tell the client that nothing more comes, and keep reading: closing now could destroy what it has not read."""
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.gone = True

    def cut(self) -> None:
        """Make the coming close a reset, for an answer whose end only a close would mark."""
        try:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        except OSError:
            self.gone = True

    def push(self) -> None:
        """Send what the kernel keeps back in hope of more (MSG_MORE)."""
        try:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            self.gone = True

    def close(self) -> None:
        """Give the descriptor back."""
        self.gone = True
        self.state = State.CLOSED
        self.sock.close()
        self.parser.close()
