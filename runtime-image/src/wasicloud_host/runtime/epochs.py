"""The clock that stops components: one thread that counts wasmtime's epoch up while anything runs.

A store looks at its own deadline when the epoch reaches the tick it asked for (``crossing.Crossing``), so the ticks need
not be exact: a late one delays a timeout, it never shortens one. While nothing runs the thread sleeps.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

TICK = 0.01
"""Seconds between two ticks."""

_FAR = 1 << 40

_LINGER = 20
"""Idle ticks before the thread sleeps, so that a request now and then does not wake it each time."""


def ticks(seconds: float) -> int:
    """How many ticks from now to look again, so that ``seconds`` have passed then."""
    return min(int(seconds / TICK) + 1, _FAR)


class Ticker:
    """Calls ``tick`` every ``TICK`` seconds while anything runs.

    ``deadlines`` has an entry for everything that runs: a store's context pointer and when it must be done
    (``time.monotonic``). Whoever adds one calls ``wake`` afterwards if the ticker is ``asleep``.
    """

    def __init__(self, tick: Callable[[], None]) -> None:
        self.deadlines: dict[int, float] = {}
        self.asleep = True
        self._tick = tick
        self._closed = False
        self._wakened = threading.Event()
        self._thread = threading.Thread(target=self._run, name="epochs", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Tick again. Cheap to call more often than needed."""
        self.asleep = False
        self._wakened.set()

    def close(self) -> None:
        """End the thread as soon as nothing runs any more."""
        self._closed = True
        self._wakened.set()
        if not self.deadlines:
            self._thread.join()

    def _run(self) -> None:
        while not self._closed:
            self._wakened.wait()
            self._wakened.clear()
            self._tick_while_busy()

    def _tick_while_busy(self) -> None:
        idle = 0
        while idle < _LINGER and not (self._closed and not self.deadlines):
            time.sleep(TICK)
            self._tick()
            idle = 0 if self.deadlines else idle + 1
            if idle == _LINGER:
                self.asleep = True
                if self.deadlines:  # added between the look and the flag, by someone who saw it awake
                    self.asleep = False
                    idle = 0
