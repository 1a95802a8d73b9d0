"""What reconciliation needs of the outside, as small Protocols. ``kube`` and ``handlers`` implement them, tests fake them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from wasicloud_operator.api.refs import ObjectKey

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """One object of the three kinds: what the queue holds."""

    kind: str
    object: ObjectKey

    def __str__(self) -> str:
        return f"{self.kind} {self.object}"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an object, for ``kubectl describe``; ``type`` is Normal or Warning."""

    type: str
    reason: str
    message: str


class Cluster(Protocol):
    """Writes. Each raises `errors.ApiProblem`."""

    async def apply(self, manifest: Body) -> Body:
        """Server-side apply, as the owner of every field in ``manifest``; the object as it is now."""

    async def delete(self, live: Body) -> None:
        """Delete this object, if it is still the one that was seen; nothing if it is gone."""

    async def patch_status(self, key: Key, status: Mapping[str, Any]) -> Body:
        """Merge ``status``; the object as it is now."""


class Events(Protocol):
    """Tells users what happened. Never raises, never waits."""

    def record(self, key: Key, uid: str, event: Event) -> None:
        """Post an Event about an object."""


class Pods(Protocol):
    """Asks pods themselves. Never raises."""

    async def why_not_ready(self, address: str, port: int) -> str | None:
        """What a host says is missing, in one sentence; empty if nothing is, None if it does not answer."""


class Clock(Protocol):
    """The time."""

    def now(self) -> str:
        """RFC 3339 in UTC, whole seconds."""


class Meter(Protocol):
    """Counts what the worker does."""

    def reconciled(self, kind: str, outcome: str, seconds: float) -> None:
        """One reconciliation ended: ``unchanged``, ``written``, ``waiting`` or ``error``."""
