"""Metrics and readiness of several processes on one management port: each writes a small file, the parent adds them up.

No process waits for another: a worker replaces its file once a second (atomically), and the numbers of a worker that died
stay in the sum, so that counters never run backwards. The directory belongs to the parent and lives as long as it does.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from wasicloud_host.http.metrics import Metrics, Snapshot

_EVERY_SECONDS = 1.0
_READY_EVERY_SECONDS = 0.2


class Publisher:
    """In each worker: writes this process's numbers and readiness."""

    def __init__(self, directory: Path, metrics: Metrics, readiness: Callable[[], list[str]]) -> None:
        self._path = directory / f"{os.getpid()}.json"
        self._metrics = metrics
        self._readiness = readiness
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)

    def start(self) -> None:
        """Write now and then each second (five times a second until ready, so that readiness is not late)."""
        self._write()
        self._thread.start()

    def stop(self) -> None:
        """Write a last time."""
        self._ended.set()
        self._thread.join(5)
        self._write()

    def _run(self) -> None:
        ready = False
        while not self._ended.wait(_EVERY_SECONDS if ready else _READY_EVERY_SECONDS):
            ready = self._write()

    def _write(self) -> bool:
        reasons = self._readiness()
        text = json.dumps({"reasons": reasons, "metrics": self._metrics.snapshot().dump()})
        fresh = self._path.with_suffix(".new")
        with contextlib.suppress(OSError):  # a full disk costs numbers, not requests
            fresh.write_text(text)
            fresh.replace(self._path)
        return not reasons


class Collected:
    """In the parent: the sum of all workers, those that died included."""

    def __init__(self, directory: Path, living: Callable[[], Collection[int]]) -> None:
        """`living` gives the process ids of the workers that should be there now."""
        self._directory = directory
        self._living = living
        self._past = Snapshot()
        self._lock = threading.Lock()

    def snapshot(self) -> Snapshot:
        """All numbers; a worker's are at most a second old."""
        living = set(self._living())
        total = Snapshot()
        with self._lock:
            for path in sorted(self._directory.glob("*.json")):
                found = _read(path)
                if found is None:
                    continue
                numbers = Snapshot.load(found["metrics"])
                if int(path.stem) in living:
                    total.add(numbers)
                else:
                    self._past.add(numbers, gauges=False)
                    path.unlink(missing_ok=True)
            total.add(self._past, gauges=False)
        total.gauges[("workers",)] = float(len(living))
        return total

    def readiness(self) -> list[str]:
        """Why not all workers are ready; empty when they are."""
        reasons: list[str] = []
        living = sorted(self._living())
        for number, process in enumerate(living):
            found = _read(self._directory / f"{process}.json")
            own = ["is starting"] if found is None else found["reasons"]
            reasons += [f"worker {number + 1} of {len(living)}: {reason}" for reason in own]
        return reasons or ([] if living else ["no worker is running"])


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found
