"""Why an instance stopped: wasmtime's message, read for metrics, answers and the log."""

from __future__ import annotations

from dataclasses import dataclass

MEMORY_MARKS = ("alloc_error", "rust_oom", "out of memory", "out_of_memory", "outofmemory", "runtime.sysAlloc")
"""Parts of function names in a backtrace by which toolchains end a program that got no memory (lower case)."""

_STACK = "call stack exhausted"
_MEMORY = ("allocation too large", "memory minimum size")
_PREFIX = "wasm trap: "


class TimedOut(Exception):
    """The deadline passed while the instance ran. Never leaves this package."""


@dataclass(frozen=True, slots=True)
class Trap:
    """``kind`` is ``trap``, ``stack`` or ``memory`` (it got none any more); ``cause`` one line; ``backtrace`` the lines of the wasm stack."""

    kind: str
    cause: str
    backtrace: str


def read(message: str) -> Trap:
    """Take wasmtime's message apart.

    It holds names from the component, so nothing but a metric and a log line may depend on it.
    """
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    cause = lines[-1] if lines else "stopped without saying why"
    for line in reversed(lines):
        if _PREFIX in line:
            cause = line[line.index(_PREFIX) + len(_PREFIX) :]
            break
    return Trap(_kind(cause, message), cause[:300], message if len(lines) > 1 else "")


def _kind(cause: str, message: str) -> str:
    if _STACK in cause:
        return "stack"
    if any(mark in cause for mark in _MEMORY):
        return "memory"
    text = message.lower()
    return "memory" if any(mark.lower() in text for mark in MEMORY_MARKS) else "trap"
