"""How long the request that this thread is serving may still wait.

A session sets it when a request begins; every wait for a backend is cut to it. Outside a request (readiness checks,
tests) there is none. Times are `time.monotonic` seconds.
"""

from __future__ import annotations

import threading
import time

NEVER = float("inf")


class _Current(threading.local):
    at: float = NEVER


_current = _Current()


def begin(at: float) -> None:
    """From now on this thread works for a request that must be answered by ``at``."""
    _current.at = at


def end() -> None:
    """This thread works for no request any more."""
    _current.at = NEVER


def at() -> float:
    """The moment after which nobody waits for this thread's answer; ``NEVER`` outside a request."""
    return _current.at


def within(seconds: float) -> float:
    """``seconds``, or what is left of the request if that is less; never below a millisecond, so that it stays a timeout."""
    left = _current.at
    if left == NEVER:
        return seconds
    return max(0.001, min(seconds, left - time.monotonic()))
