"""Strings that mean something: durations, quantities, patterns. Each reader raises `ConfigInvalid` with the path.

Formats: durations as Go prints them (``30s``, ``1m30s``, ``250ms``), quantities as Kubernetes writes memory (``100Mi``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from wasicloud_host.errors import ConfigInvalid

_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h))+")
_DURATION_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_SECONDS: Mapping[str, float] = MappingProxyType({"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0})

_QUANTITY = re.compile(r"([0-9]+)(k|M|G|T|Ki|Mi|Gi|Ti)?")
_FACTORS: Mapping[str | None, int] = MappingProxyType(
    {
        None: 1,
        "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12,
        "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40,
    }
)  # fmt: skip


def duration(raw: Any, path: str) -> float:
    """``1m30s`` → 90.0 seconds."""
    if not isinstance(raw, str) or not _DURATION.fullmatch(raw):
        raise ConfigInvalid(path, f"{raw!r} is not a duration", "write a number with ms, s, m or h, for example 30s")
    return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION_PART.findall(raw))


def quantity(raw: Any, path: str) -> int:
    """``100Mi`` or 104857600 → bytes."""
    match = _QUANTITY.fullmatch(raw) if isinstance(raw, str) else None
    if type(raw) is int and raw >= 0:
        return raw
    if match is None:
        raise ConfigInvalid(
            path,
            f"{raw!r} is not a number of bytes",
            "write a whole number, or one with Ki, Mi or Gi, for example 128Mi",
        )
    return int(match[1]) * _FACTORS[match[2]]


def matching(pattern: str, problem: str, remedy: str) -> Callable[[str, str], None]:
    """A check that a whole string matches; ``problem`` follows the value in the message."""
    compiled = re.compile(pattern)

    def check(value: str, path: str) -> None:
        if not compiled.fullmatch(value):
            raise ConfigInvalid(path, f"{value!r} {problem}", remedy)

    return check


def each(check: Callable[[str, str], None]) -> Callable[[tuple[str, ...], str], None]:
    """A check of every item of a list."""

    def check_all(values: tuple[str, ...], path: str) -> None:
        for index, value in enumerate(values):
            check(value, f"{path}[{index}]")

    return check_all


def not_empty(value: str, path: str) -> None:
    """A check that something is written."""
    if not value:
        raise ConfigInvalid(path, "is empty", "fill it in")
