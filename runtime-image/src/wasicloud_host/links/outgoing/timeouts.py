"""How long an outgoing request may take at each stage. The request being served bounds all of it besides."""

from __future__ import annotations

from dataclasses import dataclass

CONNECT_SECONDS = 10.0
FIRST_BYTE_SECONDS = 600.0
BETWEEN_BYTES_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds until connected, until the response's head, between two pieces of its body."""

    connect: float = CONNECT_SECONDS
    first_byte: float = FIRST_BYTE_SECONDS
    between_bytes: float = BETWEEN_BYTES_SECONDS

    @classmethod
    def of_nanoseconds(cls, connect: int, first_byte: int, between_bytes: int) -> Timeouts:
        """From the bridge's numbers, where 0 leaves the host's own."""
        return cls(
            connect / 1e9 if connect else CONNECT_SECONDS,
            first_byte / 1e9 if first_byte else FIRST_BYTE_SECONDS,
            between_bytes / 1e9 if between_bytes else BETWEEN_BYTES_SECONDS,
        )
