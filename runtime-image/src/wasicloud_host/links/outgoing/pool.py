"""Connections that may be used again: kept for a while by scheme, host and port, one pool for each component."""

from __future__ import annotations

import threading
import time
from collections import defaultdict

from wasicloud_host.links.outgoing.transport import Transport

IDLE_SECONDS = 15.0
IDLE_CONNECTIONS = 8
"""Most connections kept for one server."""

IDLE_IN_ALL = 64
"""Most connections kept for all servers."""

Server = tuple[bool, str, int]


class Pool:
    """Shared by all instances of a component."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[Server, list[tuple[float, Transport]]] = defaultdict(list)

    def take(self, server: Server) -> Transport | None:
        """A connection that looked alive a moment ago."""
        while True:
            with self._lock:
                kept = self._idle.get(server)
                if not kept:
                    return None
                since, transport = kept.pop()
            if time.monotonic() - since < IDLE_SECONDS and transport.is_idle():
                return transport
            transport.close()

    def keep(self, server: Server, transport: Transport) -> None:
        """A connection whose request is answered to the end."""
        now = time.monotonic()
        with self._lock:
            self._idle[server].append((now, transport))
            spare = self._spare(now)
        for each in spare:
            each.close()

    def _spare(self, now: float) -> list[Transport]:
        """Take out what is too old or too much."""
        spare = []
        for other, kept in list(self._idle.items()):
            while kept and (now - kept[0][0] > IDLE_SECONDS or len(kept) > IDLE_CONNECTIONS):
                spare.append(kept.pop(0)[1])
            if not kept:
                del self._idle[other]
        while sum(map(len, self._idle.values())) > IDLE_IN_ALL:
            oldest = min(self._idle, key=lambda other: self._idle[other][0][0])
            spare.append(self._idle[oldest].pop(0)[1])
            if not self._idle[oldest]:
                del self._idle[oldest]
        return spare

    def close(self) -> None:
        """Disconnect all."""
        with self._lock:
            kept = [transport for transports in self._idle.values() for _, transport in transports]
            self._idle.clear()
        for transport in kept:
            transport.close()
