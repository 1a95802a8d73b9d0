"""Instances ready before they are wanted, used again where that is allowed, and thrown away off the request's path.

The best time to make an instance is when nobody waits: a thread that has nothing else to do calls `Pool.idle`, which makes
or closes one. Making them in a second thread beside the one that serves was measured to *cost* throughput (78 instead of
60 µs a request: both want the interpreter lock and the kernel's lock on the address space), so the maker thread works
only when nobody calls `idle`, or for instances that take so long to make that it pays.

The stock adapts: it doubles when a request finds it empty and halves while it is not needed, since each instance holds
memory. A request that finds nothing makes its own; one that finds the pile of used ones too high closes its own: the sum
of instances is bounded.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from wasicloud_host import errors

logger = logging.getLogger(__name__)

STOCK = 16
"""Fresh instances kept ready at most."""

PILE = 16
"""Used instances waiting to be closed at most."""

SPARE = STOCK + PILE + 8
"""Instances that may exist beside those of the requests being served."""

HEAVY = 0.0005
"""Seconds to make an instance above which it is the maker thread's work alone."""

MOST_REQUESTS = 10_000
"""Requests after which an instance is dropped whatever the configuration allows: a component that leaks handles inside
wasm, where nobody sees them, dies at about a million of them."""

MOST_HANDLES = 256
"""Host handles with which an instance may go back; more is a leak."""


class Instance(Protocol):
    """One instance, see ``crossing.Entered``."""

    served: int

    @property
    def session(self) -> Any:
        """Its side of the host."""

    def call(self, head: bytes, body: bytes, deadline: float) -> bytes:
        """Serve one request."""

    def close(self) -> None:
        """Free it."""


class Observer(Protocol):
    """Counts instances; called on the request's path, must be cheap and must not raise."""

    def instance_made(self) -> None:
        """A fresh instance exists."""

    def instance_reused(self) -> None:
        """A request got an instance that had served before."""

    def instance_dropped(self, reason: str) -> None:
        """``served`` its requests · ``failed`` · ``leak`` of handles · ``idle`` · ``closed``."""

    def component_stopped(self, kind: str) -> None:
        """``trap``, ``stack``, ``memory``, ``exit``, ``timeout``, ``instantiation`` or ``host``."""


class Unobserved:
    """An observer that forgets."""

    def instance_made(self) -> None:
        """Forget it."""

    def instance_reused(self) -> None:
        """Forget it."""

    def instance_dropped(self, reason: str) -> None:
        """Forget it."""

    def component_stopped(self, kind: str) -> None:
        """Forget it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``max_requests`` per instance; ``stock`` of fresh ones at most; ``start_seconds`` to instantiate one;
    ``patience`` seconds between looks at what is kept for nothing.
    """

    max_requests: int = 1
    stock: int = STOCK
    start_seconds: float = 30.0
    patience: float = 5.0


class Pool:
    """Hands out instances that ``make(deadline)`` makes. Every taken one is given back, or dropped after a failure."""

    def __init__(self, make: Callable[[float], Instance], limits: Limits, observer: Observer | None = None) -> None:
        self._make_one = make
        self._observer = observer or Unobserved()
        self._max_requests = min(limits.max_requests, MOST_REQUESTS)
        self._start_seconds = limits.start_seconds
        self._patience = limits.patience
        self._stock = max(1, limits.stock)
        self._target = 1
        self._missed = False
        self._helped = False
        self._make_seconds = 0.0
        self._least_idle = 0
        self._least_ready = 0
        self._ready: deque[Instance] = deque()
        self._idle: deque[Instance] = deque()
        self._used: deque[Instance] = deque()
        self._closed = False
        self._resting = False
        self._wanted = threading.Event()
        self._thread = threading.Thread(target=self._run, name="instances", daemon=True)
        self._thread.start()

    def take(self) -> Instance:
        """An instance for one request. Raises what making one raises: see ``crossing.Crossing.enter``."""
        if self._idle:
            try:
                instance = self._idle.pop()
            except IndexError:  # another thread was faster
                pass
            else:
                self._observer.instance_reused()
                self._least_idle = min(self._least_idle, len(self._idle))
                return instance
        try:
            instance = self._ready.pop()
        except IndexError:
            self._missed = True
            instance = self._make()
        left = len(self._ready)
        if left < self._least_ready:
            self._least_ready = left
        if self._resting and left <= self._target // 2 and not self._helped:
            self._wake()
        return instance

    def give(self, instance: Instance) -> None:
        """Take back an instance that served its request without an exception."""
        instance.served += 1
        if instance.served >= self._max_requests:
            self.drop(instance, "served")
        elif self._closed:
            self.drop(instance, "closed")
        elif len(instance.session.handles.table) > MOST_HANDLES:
            self.drop(instance, "leak")
        else:
            self._idle.append(instance)

    def drop(self, instance: Instance, reason: str) -> None:
        """Throw an instance away; costs the caller nothing unless many are waiting to be closed."""
        self._observer.instance_dropped(reason)
        if self._closed or len(self._used) >= PILE:
            _close(instance)
            return
        self._used.append(instance)
        if self._resting and len(self._used) > PILE // 2 and not self._helped:
            self._wake()

    def idle(self) -> bool:
        """Make or close one instance; False if there is nothing to do. For a thread that has nothing better to do.

        Takes some ten microseconds. Never raises. Whoever calls it once is expected to go on: the maker thread then
        leaves the light instances to it, also while it is too busy to call.
        """
        if self._make_seconds > HEAVY or self._closed:
            return False
        self._helped = True
        return self._step()

    def close(self) -> None:
        """Close every instance that is not in use; one that still is goes when it is given back."""
        self._closed = True
        self._wake()
        self._thread.join()

    @property
    def waiting(self) -> tuple[int, int, int]:
        """How many instances are fresh, idle between requests, and waiting to be closed."""
        return len(self._ready), len(self._idle), len(self._used)

    def _wake(self) -> None:
        self._resting = False
        self._wanted.set()

    def _make(self) -> Instance:
        begun = time.monotonic()
        instance = self._make_one(begun + self._start_seconds)
        took = time.monotonic() - begun
        self._make_seconds += (took - self._make_seconds) / 8 if self._make_seconds else took
        self._observer.instance_made()
        return instance

    def _run(self) -> None:
        looked = time.monotonic()
        while not self._closed:
            while not self._closed and self._step():
                pass
            if time.monotonic() - looked >= self._patience:
                looked = time.monotonic()
                self._shrink()
            self._rest()
        self._empty()

    def _rest(self) -> None:
        self._resting = True
        if self._helped or not (len(self._used) > PILE // 2 or len(self._ready) <= self._target // 2 < self._target):
            self._wanted.wait(self._patience)
        self._resting = False
        self._wanted.clear()

    def _step(self) -> bool:
        """Make an instance if one is missing, close one if many or nothing else wait; False if there is nothing to do."""
        if self._missed:
            self._missed = False
            self._target = min(self._stock, self._target * 2)
        made = len(self._ready) < self._target and not (self._ready and self._used)
        if made:
            self._make_ahead()
            if len(self._used) <= PILE // 2:
                return True
        try:
            used = self._used.popleft()
        except IndexError:
            return made
        _close(used)
        return True

    def _make_ahead(self) -> None:
        try:
            self._ready.append(self._make())
        except errors.HostError as error:  # the next request meets it, and answers with it
            logger.warning("Could not make an instance ahead: %s", error)
            self._target = 0
        except Exception:
            logger.exception("Could not make an instance ahead")
            self._target = 0

    def _shrink(self) -> None:
        """Let go of half of what was not needed since the last look."""
        spare_idle = min(self._least_idle, len(self._idle))
        if self._least_ready > self._target // 2:
            self._target //= 2
        self._target = max(1, self._target)
        self._let_go(self._idle, (spare_idle + 1) // 2)
        self._let_go(self._ready, len(self._ready) - self._target)
        self._least_idle, self._least_ready = len(self._idle), len(self._ready)

    def _let_go(self, kept: deque[Instance], count: int) -> None:
        for _ in range(count):
            try:
                instance = kept.popleft()
            except IndexError:
                return
            self._observer.instance_dropped("idle")
            _close(instance)

    def _empty(self) -> None:
        for kept in (self._ready, self._idle, self._used):
            while kept:
                instance = kept.popleft()
                if kept is not self._used:
                    self._observer.instance_dropped("closed")
                _close(instance)


def _close(instance: Instance) -> None:
    try:
        instance.session.close()
    except Exception:
        logger.exception("Could not close what an instance held open")
    instance.close()
