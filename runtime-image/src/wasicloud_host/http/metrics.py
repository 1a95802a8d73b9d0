"""What the host counts, cheaply: each thread has arrays of its own, and only a scrape adds them up.

`Metrics` is the object that `dispatch` and `links` call as well: `instance_made`, `instance_reused`, `trap`, `capability`.
A call costs about a microsecond and takes no lock. Names and help texts of the exposition are in exposition.py.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

BOUNDS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the histograms' buckets, in seconds; one more bucket holds what is above."""

Key = tuple[str, ...]
_ALL = len(BOUNDS) + 1


@dataclass(slots=True)
class Snapshot:
    """Numbers at one moment. Keys are the metric's short name and its label values, in exposition.py's order."""

    counts: dict[Key, float] = field(default_factory=dict)
    times: dict[Key, list[float]] = field(default_factory=dict)
    """Sum of seconds, then the count in each bucket."""
    gauges: dict[Key, float] = field(default_factory=dict)

    def add(self, other: Snapshot, *, gauges: bool = True) -> None:
        """Add another process's or thread's numbers; without `gauges` when that one lives no more."""
        for key, count in other.counts.items():
            self.counts[key] = self.counts.get(key, 0) + count
        for key, times in other.times.items():
            mine = self.times.setdefault(key, [0.0] * (_ALL + 1))
            self.times[key] = [a + b for a, b in zip(mine, times, strict=True)]
        if gauges:
            for key, value in other.gauges.items():
                self.gauges[key] = self.gauges.get(key, 0) + value

    def dump(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {part: [[*key, value] for key, value in getattr(self, part).items()] for part in _PARTS}

    @classmethod
    def load(cls, raw: dict[str, Any]) -> Snapshot:
        """The inverse of `dump`."""
        return cls(**{part: {tuple(row[:-1]): row[-1] for row in raw.get(part, [])} for part in _PARTS})


_PARTS = ("counts", "times", "gauges")


class Tally:
    """One thread's numbers. Only that thread writes."""

    __slots__ = ("begun", "counts", "ended", "requests", "seconds", "times")

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0
        self.requests: dict[tuple[bytes, int], int] = {}
        self.seconds = [0.0] + [0] * _ALL
        self.counts: dict[Key, int] = {}
        self.times: dict[Key, list[float]] = {}

    def observe(self, method: bytes, status: int, seconds: float) -> None:
        """A request has ended."""
        self.ended += 1
        key = (method, status)
        self.requests[key] = self.requests.get(key, 0) + 1
        times = self.seconds
        times[0] += seconds
        times[bisect_left(BOUNDS, seconds) + 1] += 1

    def count(self, key: Key) -> None:
        """Add one."""
        self.counts[key] = self.counts.get(key, 0) + 1

    def time(self, key: Key, seconds: float) -> None:
        """Add one duration."""
        times = self.times.get(key)
        if times is None:
            times = self.times[key] = [0.0] * (_ALL + 1)
        times[0] += seconds
        times[bisect_left(BOUNDS, seconds) + 1] += 1

    def snapshot(self) -> Snapshot:
        """A copy in the common form; may be called by another thread at any time."""
        counts: dict[Key, float] = dict(self.counts)
        for (method, status), count in dict(self.requests).items():
            key = ("requests", method.decode("latin-1"), f"{status // 100}xx")
            counts[key] = counts.get(key, 0) + count
        times = {key: list(value) for key, value in dict(self.times).items()}
        times[("request-seconds",)] = list(self.seconds)
        # the two are read one after the other: ended first could show a request too few, never a negative number
        ended = self.ended
        return Snapshot(counts, times, {("in-flight",): max(0, self.begun - ended)})


class Metrics:
    """A process's numbers."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._lock = threading.Lock()
        self._tallies: list[tuple[threading.Thread, Tally]] = []
        self._past = Snapshot()
        self._gauges: dict[str, Callable[[], float]] = {}

    def tally(self) -> Tally:
        """The calling thread's own numbers."""
        found: Tally | None = getattr(self._local, "tally", None)
        if found is None:
            found = self._local.tally = Tally()
            with self._lock:
                self._tallies.append((threading.current_thread(), found))
        return found

    def instance_made(self) -> None:
        """A component instance was made."""
        self.tally().count(("instances-made",))

    def instance_reused(self) -> None:
        """A request was served by an instance that had served before."""
        self.tally().count(("instances-reused",))

    def trap(self, kind: str) -> None:
        """An instance stopped: `trap`, `memory`, `exit`, `stack`, `instantiation` or `timeout`."""
        self.tally().count(("traps", kind))

    def capability(self, interface: str, backend: str, outcome: str, seconds: float) -> None:
        """A component called a capability; `outcome` is `ok` or a short word for the error."""
        tally = self.tally()
        tally.count(("capability-calls", interface, backend, outcome))
        tally.time(("capability-seconds", interface, backend), seconds)

    def gauge(self, name: str, read: Callable[[], float]) -> None:
        """Let scrapes ask for a number: `connections`, `threads`, `instances-idle` … (exposition.py lists them)."""
        self._gauges[name] = read

    def snapshot(self) -> Snapshot:
        """All threads' numbers, those of ended threads included."""
        total = Snapshot()
        with self._lock:
            living = []
            for thread, tally in self._tallies:
                if thread.is_alive():
                    living.append((thread, tally))
                else:
                    self._past.add(tally.snapshot(), gauges=False)
            self._tallies = living
            total.add(self._past)
            for _thread, tally in living:
                total.add(tally.snapshot())
        for name, read in self._gauges.items():
            total.gauges[(name,)] = read()
        return total
