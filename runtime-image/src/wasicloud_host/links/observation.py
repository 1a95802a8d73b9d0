"""What links tell the outside: measurements and the component's own log lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

Log: TypeAlias = Callable[[Mapping[str, Any]], None]
"""Takes one structured line: ``component``, ``level``, ``message``, ``request`` (its id), and ``context`` or ``stream``."""


class Observer(Protocol):
    """Counts capability calls. Called on the hot path: it must be cheap and must not raise."""

    def capability_call(self, interface: str, backend: str, outcome: str, seconds: float) -> None:
        """One call ended: ``wasi:keyvalue``, ``redis``, ``ok`` (or a `BackendError.outcome`, or ``error``), and how long it took."""


class Unobserved:
    """An observer that forgets."""

    def capability_call(self, interface: str, backend: str, outcome: str, seconds: float) -> None:
        """Forget it."""


def unlogged(line: Mapping[str, Any]) -> None:
    """A log that forgets."""
