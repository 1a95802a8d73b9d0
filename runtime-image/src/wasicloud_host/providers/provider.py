"""What the host sees of a configured backend, and what a backend's module declares to the registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from wasicloud_host.capabilities.blobstore import Blobstore
from wasicloud_host.capabilities.keyvalue import KeyValue
from wasicloud_host.capabilities.naming import Place


class Provider(Protocol):
    """One configured backend, shared by all threads of a process. It connects when it is first used, never when it is made."""

    @property
    def name(self) -> str:
        """Its name in the configuration."""

    @property
    def type(self) -> str:
        """Its key in the registry; the ``backend`` label of metrics."""

    def summary(self) -> str:
        """One line for people, without credentials: ``redis at redis.example:6380``."""

    def keyvalue(self, place: Place) -> KeyValue:
        """A bucket. Nothing is made or asked of the backend yet."""

    def blobstore(self) -> Blobstore:
        """All containers, each named by its place; the same object every time."""

    def check(self) -> None:
        """Whether the backend answers: cheap, bounded in time, for readiness. Raises `errors.BackendError`."""

    def close(self) -> None:
        """Let go of connections and files."""


class Make(Protocol):
    """What a backend's module exports as ``make``."""

    def __call__(self, name: str, options: Mapping[str, Any], path: str) -> Provider:
        """Check ``options`` (they stand at ``path`` of the configuration) and make the provider; raises `errors.ConfigInvalid`."""
