"""What a composed component imports from the host: named instances of flat functions, and whose functions they are.

The shapes are Protocols, so that this layer can be tested with tables of its own; ``wasicloud_host.links`` provides the
real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

U32 = "u32"
U64 = "u64"
STRING = "string"


class HostFunction(Protocol):
    """One flat function. Strings are UTF-8 bytes both ways; ``call`` gets the target first."""

    @property
    def name(self) -> str:
        """As in the WIT."""

    @property
    def params(self) -> tuple[str, ...]:
        """Each ``u32``, ``u64`` or ``string``."""

    @property
    def result(self) -> str:
        """``string``, ``u32`` or ``u64``."""

    @property
    def call(self) -> Callable[..., Any]:
        """``call(target, *arguments)`` -> bytes or int."""


class Session(Protocol):
    """What belongs to one instance. The runtime only passes its parts on to host functions.

    ``capabilities[i]`` is the identity of node ``i``; ``exit_code`` is the code with which the component ended itself,
    None if it did not. (Pools and dispatch use more of `links.session.Session`.)
    """

    @property
    def exchange(self) -> Any:
        """The target of the exchange's functions."""

    @property
    def capabilities(self) -> Sequence[Any]:
        """The targets of the capabilities' functions, by node."""

    @property
    def exit_code(self) -> int | None:
        """See above."""


@dataclass(frozen=True, slots=True)
class Table:
    """The functions of the import instance ``name``; ``target`` finds in a session whom they are called for."""

    name: str
    functions: tuple[HostFunction, ...]
    target: Callable[[Any], Any]
