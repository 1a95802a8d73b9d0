"""One outgoing request: how far it has come, and what the component may do with it now."""

from __future__ import annotations

from dataclasses import dataclass

from wasicloud_host.links.encoding import Failure
from wasicloud_host.links.streams import Stream


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds the component allows: to connect, until the response's head, between two pieces of its body; ``None`` = the host's own."""

    connect: float | None = None
    first_byte: float | None = None
    between_bytes: float | None = None

    @classmethod
    def of_nanoseconds(cls, connect: int, first_byte: int, between_bytes: int) -> Timeouts:
        """From the bridge's numbers, where 0 is none."""
        return cls(*(value / 1e9 if value else None for value in (connect, first_byte, between_bytes)))


class OutgoingRequest(Stream):
    """A request on its way."""

    def advance(self) -> None:
        """Move on as far as it goes without waiting."""

    def ready(self, kind: str) -> bool:
        """See `Exchange.sleep`."""
        return True

    def interest(self) -> tuple[int, int] | None:
        """See `Exchange.sleep`."""
        return None

    def wake_at(self) -> float:
        """See `Exchange.sleep`."""
        return float("inf")

    def head(self) -> bytes | None:
        """The response's head, or ``None`` if it is not there yet."""
        raise Failure("internal-error:not served")

    def read(self, limit: int, block: bool) -> bytes | None:
        """See `Stream`."""
        raise Failure("internal-error:not served")

    def write(self, data: bytes, block: bool) -> bool:
        """See `Stream`."""
        raise Failure("internal-error:not served")

    def finish(self, trailers: bytes) -> None:
        """The request's body is complete."""

    def abort(self) -> None:
        """The request's body is broken."""

    def trailers(self) -> bytes | None:
        """The response's trailers."""
        return b""

    def close(self) -> None:
        """Cancel what is unfinished."""
