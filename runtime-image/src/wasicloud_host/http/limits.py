"""Every limit of the edge in one value, so that no number hides in the code that enforces it.

Sizes in bytes, times in seconds. The table in README.md is this class in prose.
"""

from __future__ import annotations

import resource
from dataclasses import dataclass

from wasicloud_host import config

_MOST_CONNECTIONS = 10_000
_THREADS_BESIDE_HANDLERS = 16
_DESCRIPTORS_FOR_OTHERS = 256


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may ask of the server; the defaults are those of a pod behind an ingress."""

    target_bytes: int = 16 << 10
    """The request target (path and query); beyond it 414."""
    head_bytes: int = 64 << 10
    """Request line and headers together, and separately the trailers; beyond it 431."""
    header_count: int = 128
    """Header lines, and separately trailer lines; beyond it 431."""
    body_bytes: int = 100 << 20
    """The request's body; beyond it 413."""
    inline_body_bytes: int = 64 << 10
    """A body that has arrived whole and is not longer is handed in with the head, without streaming."""
    chunk_line_bytes: int = 1024
    """One chunk-size line with its extensions; beyond it 400."""
    chunk_extension_bytes: int = 16 << 10
    """All chunk extensions of one body; beyond it 400."""
    head_seconds: float = 10.0
    """From the first byte of a head to its last, however it trickles; beyond it 408."""
    idle_seconds: float = 75.0
    """Between two requests of a connection; then it is closed."""
    stall_seconds: float = 30.0
    """No byte moves while the server waits for the client (to read or to be read); then the request is given up."""
    minimum_rate: float = 240.0
    """Bytes per second, over the time that the server has waited for the client beyond `rate_grace_seconds`."""
    rate_grace_seconds: float = 10.0
    """Waiting time that `minimum_rate` does not count."""
    linger_seconds: float = 5.0
    """After an answer that left request bytes unread, the time to swallow them so that the client reads the answer."""
    linger_bytes: int = 32 << 20
    """And how many of them at most."""
    drain_idle_seconds: float = 1.0
    """While draining, the time in which an idle connection may still bring a request (answered with `connection: close`)."""
    connections: int = _MOST_CONNECTIONS
    """Open connections; beyond it clients wait in the backlog."""
    backlog: int = 2048
    """The listening socket's queue."""
    threads: int = 80
    """Threads that serve; idle connections need none."""
    thread_idle_seconds: float = 30.0
    """A thread beyond the spare ones that had nothing to do for so long ends."""


def from_config(http: config.Http) -> Limits:
    """The limits that follow from the component's settings and from this process's descriptor limit."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    descriptors = _MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else max(16, soft - _DESCRIPTORS_FOR_OTHERS)
    return Limits(
        body_bytes=http.max_body_bytes,
        connections=min(_MOST_CONNECTIONS, descriptors),
        threads=min(http.max_concurrent_requests, 1024) + _THREADS_BESIDE_HANDLERS,
    )
