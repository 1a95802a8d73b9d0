"""How a counter is written and what overflows.

A counter is a decimal number as Redis writes it: no sign but ``-``, no leading zero, no space. `get` after `increment`
gives its text. Unsigned results fit u64, signed ones s64; what does not fit is an error and changes nothing.
"""

from __future__ import annotations

import re

from wasicloud_host.errors import BackendError

_DECIMAL = re.compile(rb"0|-?[1-9][0-9]{0,19}")

U64 = range(1 << 64)
S64 = range(-(1 << 63), 1 << 63)


def parse(value: bytes | None) -> int:
    """The number in ``value``; a key that is missing counts from 0. Raises `BackendError` if it is not a counter."""
    if value is None:
        return 0
    if not _DECIMAL.fullmatch(value):
        raise BackendError("the value is not a decimal number", "invalid")
    return int(value)


def add(value: bytes | None, delta: int, *, signed: bool) -> int:
    """The counter after ``delta``; raises `BackendError` if the value is no counter or the result does not fit."""
    result = parse(value) + delta
    if result not in (S64 if signed else U64):
        raise overflow()
    return result


def overflow() -> BackendError:
    """The error of a result that does not fit."""
    return BackendError("the counter would overflow", "invalid")
