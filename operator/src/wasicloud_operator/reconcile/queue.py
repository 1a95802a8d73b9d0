"""The keyed queue: a key is at most once in the queue and at most once in work.

Changes go before what is only looked at again: after a start there are thousands of the latter. A key added while it is in work comes again after that, so whatever changed meanwhile is seen. Retries wait longer each time, with
jitter, up to a minute; a change does not wait for them.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")

_BASE_SECONDS = 0.2
_LONGEST_SECONDS = 60.0


class Queue(Generic[K]):
    """For one event loop. ``spread`` gives the factor of a delay's jitter, between a half and one."""

    def __init__(self, spread: Callable[[], float] = lambda: random.uniform(0.5, 1.0)) -> None:  # noqa: S311 not a secret
        self._spread = spread
        self._soon: deque[K] = deque()
        self._later: deque[K] = deque()
        self._queued: dict[K, bool] = {}  # whether soon
        self._busy: set[K] = set()
        self._failures: dict[K, int] = {}
        self._timers: dict[K, asyncio.TimerHandle] = {}
        self._wakers: deque[asyncio.Future[None]] = deque()
        self._closed = False

    def __len__(self) -> int:
        """Keys that wait for a worker."""
        return len(self._queued)

    @property
    def busy(self) -> int:
        """Keys in work."""
        return len(self._busy)

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing is in work; timers do not count."""
        return not self._queued and not self._busy

    def add(self, key: K, *, soon: bool = True) -> None:
        """Something about ``key`` may have changed; not ``soon``: it is time to look at it again."""
        if self._closed:
            return
        self._cancel(key)
        waits = self._queued.get(key)
        if waits is not None and (waits or not soon):
            return
        self._queued[key] = soon
        if key not in self._busy:
            self._offer(key, soon)

    def add_after(self, key: K, seconds: float) -> None:
        """Look at ``key`` again in ``seconds`` (less up to a half); an earlier `add` makes this one needless."""
        if self._closed or key in self._queued:
            return
        self._cancel(key)
        delay = seconds * self._spread()
        self._timers[key] = asyncio.get_running_loop().call_later(delay, self.add, key)

    def retry(self, key: K) -> None:
        """``key`` failed: again after a while, longer each time."""
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        self.add_after(key, min(_LONGEST_SECONDS, _BASE_SECONDS * 2 ** min(failures, 16)))

    def forget(self, key: K) -> None:
        """``key`` succeeded: the next failure is the first."""
        self._failures.pop(key, None)

    async def get(self) -> K | None:
        """The next key, which is then in work until `done`; None when the queue is closed."""
        while not self._closed:
            while self._soon or self._later:
                key = (self._soon or self._later).popleft()
                if key in self._queued and key not in self._busy:  # else it stood in both lines, and had its turn
                    del self._queued[key]
                    self._busy.add(key)
                    return key
            waker = asyncio.get_running_loop().create_future()
            self._wakers.append(waker)
            await waker
        return None

    def done(self, key: K) -> None:
        """A worker is done with ``key``."""
        self._busy.discard(key)
        if key in self._queued:
            self._offer(key, self._queued[key])

    def close(self) -> None:
        """No more keys: `get` returns None, what is in work may finish."""
        self._closed = True
        for key in list(self._timers):
            self._cancel(key)
        self._wake(len(self._wakers))

    def _offer(self, key: K, soon: bool) -> None:
        (self._soon if soon else self._later).append(key)
        self._wake(1)

    def _wake(self, count: int) -> None:
        while self._wakers and count > 0:
            waker = self._wakers.popleft()
            if not waker.done():  # a cancelled worker's
                waker.set_result(None)
                count -= 1

    def _cancel(self, key: K) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
