"""What the concurrency tests run in processes of their own."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from wasicloud_host import config
from wasicloud_host.capabilities.naming import Place
from wasicloud_host.providers import registry

Task = tuple[str, Mapping[str, Any], Place, int]


def run(function, backend, place: Place, processes: int, times: int) -> list[Any]:
    """What ``function`` returns in each of so many processes."""
    task = (backend.type, dict(backend.options), place, times)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        return list(pool.map(function, [task] * processes))


def increment(task: Task) -> int:
    """Add 1 so many times."""
    kind, options, place, times = task
    provider = registry.open_one(config.Provider("tested", kind, options))
    bucket = provider.keyvalue(place)
    for number in range(times):
        bucket.increment(b"counter", 1, signed=number % 2 == 0)
    provider.close()
    return times


def swap(task: Task) -> int:
    """Add 1 by snapshot and swap so many times; how often somebody else was faster."""
    kind, options, place, times = task
    provider = registry.open_one(config.Provider("tested", kind, options))
    bucket = provider.keyvalue(place)
    lost = 0
    for _ in range(times):
        seen = bucket.snapshot(b"counter")
        while seen is not None:
            changed = bucket.swap(b"counter", seen, b"%d" % (int(seen.value or 0) + 1))
            lost += changed is not None
            seen = changed
    provider.close()
    return lost


def create(task: Task) -> int:
    """Make a key that nobody has made before; whether this process did."""
    kind, options, place, _ = task
    provider = registry.open_one(config.Provider("tested", kind, options))
    bucket = provider.keyvalue(place)
    won = 0
    for number in range(20):
        key = b"one-%d" % number
        seen = bucket.snapshot(key)
        won += seen.value is None and bucket.swap(key, seen, sys.executable.encode()) is None
    provider.close()
    return won
