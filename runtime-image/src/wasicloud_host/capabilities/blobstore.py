"""The blobstore capability: containers of objects. One Protocol per group of operations.

A container is named by its `naming.Place`; ``prefix`` of the place is part of every object's name in the backend and of
none that a component sees. Names are any text. Times are seconds since the epoch. Every method may be called from many
threads at once, answers within the provider's timeout and the request's deadline, and raises `errors.BackendError`: also
for whatever is asked of a container that does not exist.

Where WASI leaves it open, this project chose: creating a container that exists is an error, deleting one that does not
is fine; with a prefix, `delete_container` removes what has the prefix, and the container once nothing else is in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from wasicloud_host.capabilities.naming import Place
from wasicloud_host.capabilities.pages import Page
from wasicloud_host.errors import BackendError

PAGE = 256
"""How many names a page holds, about."""

CHUNK = 1 << 20
"""Bytes of an object that are held at once, about, while it moves."""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """An object's ``size`` in bytes and when it was last written."""

    size: int
    created_at: int


class Source(Protocol):
    """An object's bytes on their way in; may be read more than once."""

    @property
    def size(self) -> int:
        """How many bytes there are."""

    def chunks(self, length: int) -> Iterator[bytes]:
        """All bytes from the start, in pieces of ``length`` (the last may be shorter)."""


class Reader(Protocol):
    """Bytes of an object as they were when it was opened, whatever happens to it later."""

    @property
    def size(self) -> int:
        """How many bytes it gives in all."""

    def read(self, limit: int) -> bytes:
        """Up to ``limit`` bytes; ``b""`` at the end."""

    def close(self) -> None:
        """Let go of it; more than once is fine."""


class Containers(Protocol):
    """Containers themselves."""

    def create_container(self, place: Place) -> None:
        """Make it; one that exists is an error, so that of two who create at once one is told."""

    def delete_container(self, place: Place) -> None:
        """Remove it with all its objects; one that does not exist is fine."""

    def container_exists(self, place: Place) -> bool:
        """Whether it is there."""

    def container_created_at(self, place: Place) -> int:
        """When it was made."""


class Objects(Protocol):
    """The objects of a container."""

    def read(self, place: Place, name: str, start: int, end: int) -> Reader:
        """Bytes ``start`` to ``end``, both included and clamped to the object; nothing if ``start`` is past its end. A missing object is an error."""

    def write(self, place: Place, name: str, source: Source) -> None:
        """Create or replace; readers see the whole old object or the whole new one, also after a failure."""

    def info(self, place: Place, name: str) -> ObjectInfo | None:
        """What is known of it, or ``None`` if it is missing."""

    def delete(self, place: Place, names: Sequence[str]) -> None:
        """Remove them; missing ones are fine."""

    def page(self, place: Place, cursor: str | None) -> Page[str]:
        """About `PAGE` names from ``cursor`` (``None``: from the start)."""

    def clear(self, place: Place) -> None:
        """Remove all objects; the container stays."""


class Transfers(Protocol):
    """Objects from one name to another within the backend. The target's container must exist; its object is replaced."""

    def copy(self, source: tuple[Place, str], target: tuple[Place, str]) -> None:
        """Copy; onto itself is fine."""

    def move(self, source: tuple[Place, str], target: tuple[Place, str]) -> None:
        """Copy, then delete the source; after an error the source is still there. Onto itself changes nothing."""


class Blobstore(Containers, Objects, Transfers, Protocol):
    """All of it: what a provider returns."""


def no_container(place: Place) -> BackendError:
    """The error of an operation on a container that does not exist."""
    return BackendError(f"container {place.identifier!r} does not exist", "invalid")


def container_exists(place: Place) -> BackendError:
    """The error of creating a container that exists."""
    return BackendError(f"container {place.identifier!r} already exists", "invalid")


def no_object(place: Place, name: str) -> BackendError:
    """The error of reading an object that does not exist."""
    return BackendError(f"object {name!r} does not exist in container {place.identifier!r}", "invalid")


def span(size: int, start: int, end: int) -> tuple[int, int]:
    """Offset and length of bytes ``start..=end`` of an object of ``size`` bytes, clamped; nothing gives length 0."""
    if start >= size or end < start:
        return 0, 0
    return start, min(end, size - 1) - start + 1


@dataclass(slots=True)
class BytesReader:
    """A `Reader` of bytes that are already here."""

    data: bytes
    position: int = 0

    @property
    def size(self) -> int:
        """How many bytes it gives in all."""
        return len(self.data)

    def read(self, limit: int) -> bytes:
        """Up to ``limit`` bytes; ``b""`` at the end."""
        piece = self.data[self.position : self.position + limit]
        self.position += len(piece)
        return piece

    def close(self) -> None:
        """Forget the bytes."""
        self.data = b""
        self.position = 0


def each_page(objects: Objects, place: Place) -> Iterator[Sequence[str]]:
    """The pages of a container, each listed before the caller changes anything."""
    cursor = None
    while True:
        page = objects.page(place, cursor)
        if page.names:
            yield page.names
        cursor = page.cursor
        if cursor is None:
            return
