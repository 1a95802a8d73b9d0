"""Request ids: taken over from the client when sane, else made; unique over processes and restarts."""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Callable

_SANE = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._~:/+=@-]{0,127}")


def sane(value: bytes) -> bool:
    """Whether a client's `x-request-id` may stand in our logs and headers: 1-128 plain characters."""
    return _SANE.fullmatch(value) is not None


def maker() -> Callable[[], bytes]:
    """A function that gives a new id at each call, from any thread: `PREFIX-COUNT`, the prefix random for this process."""
    prefix = secrets.token_hex(6).encode()
    numbers = itertools.count(1)
    return lambda: b"%b-%x" % (prefix, next(numbers))
