"""Many processes and threads on one backend: nothing is lost, one wins."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from host_tests.providers.contract import workers

LONG = bool(os.environ.get("WASICLOUD_LONG_TESTS"))
"""Set it for 8 processes × 1,000 rounds, which takes minutes where every round is a disk's or an emulator's."""

PROCESSES = 8 if LONG else 4
TIMES = {"azureBlob": 25, "filesystem": 50}
"""Rounds of each process where they are slow; else 250."""


@pytest.fixture
def times(backend):
    return 1000 if LONG else TIMES.get(backend.type, 250)


def _counted(provider, place):
    return int(provider.keyvalue(place).get(b"counter"))


def test_KV15_increments_of_many_processes_are_all_counted(backend, provider, place, times):
    if backend.shared:
        assert sum(workers.run(workers.increment, backend, place, PROCESSES, times)) == PROCESSES * times
    else:
        bucket = provider.keyvalue(place)
        with ThreadPoolExecutor(PROCESSES) as threads:
            list(threads.map(lambda _: bucket.increment(b"counter", 1, signed=False), range(PROCESSES * times)))
    assert _counted(provider, place) == PROCESSES * times


def test_KV21_swaps_of_many_processes_lose_no_update(backend, provider, place, times):
    if backend.shared:
        workers.run(workers.swap, backend, place, PROCESSES, times)
    else:
        bucket = provider.keyvalue(place)

        def add(_):
            seen = bucket.snapshot(b"counter")
            while seen is not None:
                seen = bucket.swap(b"counter", seen, b"%d" % (int(seen.value or 0) + 1))

        with ThreadPoolExecutor(PROCESSES) as threads:
            list(threads.map(add, range(PROCESSES * times)))
    assert _counted(provider, place) == PROCESSES * times


def test_KV21_of_many_who_make_a_key_one_wins(backend, provider, place):
    if backend.shared:
        assert sum(workers.run(workers.create, backend, place, PROCESSES, 1)) == 20
        return
    bucket = provider.keyvalue(place)
    seen = bucket.snapshot(b"key")
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda number: bucket.swap(b"key", seen, b"%d" % number), range(8)))
    assert outcomes.count(None) == 1


def test_a_provider_serves_many_threads(provider, place, caplog):
    bucket = provider.keyvalue(place)

    def work(number):
        key = b"%d" % number
        for _ in range(5):
            bucket.set(key, key * 100)
            assert bucket.get(key) == key * 100

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(work, range(32)))
    assert not caplog.records, "nothing to complain of"
