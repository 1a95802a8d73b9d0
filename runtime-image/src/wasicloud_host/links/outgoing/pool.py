"""Connections that may be used again: kept for a while by scheme, host and port, one pool for each component."""

from __future__ import annotations

import threading
import time
from collections import defaultdict

from wasicloud_host.links.outgoing.transport import Transport

IDLE_SECONDS = 15.0
IDLE_CONNECTIONS = 8
"""Most connections kept for one server."""

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
        with self._lock:
            kept = self._idle[server]
            kept.append((time.monotonic(), transport))
            spare = kept.pop(0)[1] if len(kept) > IDLE_CONNECTIONS else None
        if spare is not None:
            spare.close()

    def close(self) -> None:
        """Disconnect all."""
        with self._lock:
            kept = [transport for transports in self._idle.values() for _, transport in transports]
            self._idle.clear()
        for transport in kept:
            transport.close()
