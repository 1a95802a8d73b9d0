"""What an instance holds open on the host: objects by number."""

from __future__ import annotations

from typing import Protocol, TypeVar

from wasicloud_host.links.encoding import Failure

LIMIT = 1 << 14
"""Most things an instance may hold open at once: a component that leaks is told, and dies alone."""


class Resource(Protocol):
    """Anything a handle stands for."""

    def close(self) -> None:
        """Let go of it; more than once is fine."""


R = TypeVar("R")


class Handles:
    """The table of one instance. Numbers are never given twice, so that an old one cannot mean something new."""

    __slots__ = ("_next", "table")

    def __init__(self) -> None:
        self.table: dict[int, Resource] = {}
        self._next = 1

    def add(self, resource: Resource) -> int:
        """A new handle; raises `Failure` when there are too many."""
        if len(self.table) >= LIMIT:
            resource.close()
            raise Failure(f"other:more than {LIMIT} things are open at once")
        handle = self._next
        self._next = handle + 1
        self.table[handle] = resource
        return handle

    def get(self, handle: int, kind: type[R]) -> R:
        """What it stands for; raises `Failure` if that is not of this kind."""
        resource = self.table.get(handle)
        if not isinstance(resource, kind):
            raise Failure("other:the handle is not open")
        return resource

    def drop(self, handle: int) -> None:
        """Forget and close it; an unknown one is fine."""
        resource = self.table.pop(handle, None)
        if resource is not None:
            resource.close()

    def close(self) -> None:
        """Forget and close all."""
        while self.table:
            self.table.popitem()[1].close()
