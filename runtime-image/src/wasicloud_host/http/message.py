"""One request as the parser leaves it: the head as the component will see it, and the body as it arrives."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple


class Head(NamedTuple):
    """What the header lines say; equal bytes give equal heads, so one value may serve many requests."""

    authority: bytes | None
    """The Host field, checked; None if there is none (HTTP/1.0)."""
    lines: bytes
    """`name: value\\n` for each field the component may see, names in lower case, in wire order."""
    request_id: bytes | None
    """The client's `x-request-id`, if sane."""
    length: int | None
    """Content-Length; None without one."""
    chunked: bool
    expects_continue: bool
    keep_alive: bool


class Request:
    """A request on its way: `pieces` and `done` grow as the body arrives. Not shared between threads at one time."""

    __slots__ = (
        "authority",
        "done",
        "expects_continue",
        "head",
        "method",
        "old",
        "pieces",
        "received",
        "target",
        "trailers",
    )

    def __init__(self, method: bytes, target: bytes, authority: bytes, head: Head, *, old: bool) -> None:
        self.method = method
        self.target = target
        self.authority = authority
        self.head = head
        self.old = old  # HTTP/1.0
        self.pieces: deque[bytes] | None = deque() if head.chunked or head.length else None
        self.received = 0  # bytes of body, decoded
        self.done = self.pieces is None  # the message has ended
        self.expects_continue = head.expects_continue
        self.trailers: bytes | None = None
