"""A function that wasm calls: its name and types, and the guards that turn every exception into an answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from wasicloud_host.errors import BackendError
from wasicloud_host.links import encoding

if TYPE_CHECKING:
    from wasicloud_host.links.session import Capabilities

logger = logging.getLogger(__name__)

Answer: TypeAlias = bytes | int


@dataclass(frozen=True, slots=True)
class HostFunction:
    """One function of `wit/bridge`: ``call(target, *arguments)`` never raises; strings are UTF-8 bytes both ways.

    ``params`` and ``result`` are ``u32``, ``u64`` or ``string``. The target is ``session.exchange``, or
    ``session.capabilities[i]`` of the node that calls.
    """

    name: str
    params: tuple[str, ...]
    result: str
    call: Callable[..., Answer]


def plain(name: str, params: str, function: Callable[..., Answer], result: str = "string") -> HostFunction:
    """A function whose exceptions become its error answer (or 0 where the answer is a number)."""

    def call(*arguments: Any) -> Answer:
        try:
            return function(*arguments)
        except Exception as error:  # noqa: BLE001 - the boundary to wasm
            _log_unforeseen(name, error)
            return encoding.failed(error) if result == "string" else 0

    return HostFunction(name, tuple(params.split()), result, call)


def measured(name: str, params: str, interface: str, function: Callable[..., bytes]) -> HostFunction:
    """A function that works on a backend, whose name it leaves in ``target.backend``; calls that reach one are counted."""

    def call(target: Capabilities, *arguments: Any) -> Answer:
        target.backend = ""
        outcome = "ok"
        start = time.perf_counter()
        try:
            answer = function(target, *arguments)
        except Exception as error:  # noqa: BLE001 - the boundary to wasm
            _log_unforeseen(name, error)
            outcome = error.outcome if isinstance(error, BackendError) else "error"
            answer = encoding.failed(error)
        if target.backend:
            target.observe(interface, target.backend, outcome, time.perf_counter() - start)
        return answer

    return HostFunction(name, tuple(params.split()), "string", call)


def _log_unforeseen(name: str, error: Exception) -> None:
    if encoding.failed(error).startswith(b"einternal-error:the host"):
        logger.error("The host call %s failed unexpectedly", name, exc_info=error)
