"""Objects while they move: whole for every reader, unchanged once opened, never all of them in memory."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from host_tests.providers.contract.objects import LAST, Broken, Bytes, Endless, content, drain, names, pattern


def test_BS04_readers_see_the_old_object_or_the_new_one(blobs, place):
    versions = [bytes([value]) * (300_000 + value) for value in range(5)]
    blobs.write(place, "object", Bytes(versions[0]))
    done = threading.Event()

    def write():
        for number in range(25):
            blobs.write(place, "object", Bytes(versions[number % 5]))
        done.set()

    def read(_):
        seen = 0
        while not done.is_set() or not seen:
            assert content(blobs, place, "object") in versions
            seen += 1

    with ThreadPoolExecutor(3) as threads:
        writing = threads.submit(write)
        list(threads.map(read, range(2)))
        writing.result()


@pytest.mark.parametrize("size", [10, 3 << 20])
@pytest.mark.parametrize("change", ["delete", "overwrite", "clear", "delete-container"])
def test_BS08_what_was_opened_stays_as_it_was(blobs, place, size, change):
    data = pattern(size)
    blobs.write(place, "object", Bytes(data))
    reader = blobs.read(place, "object", 0, LAST)
    first = reader.read(4)
    if change == "delete":
        blobs.delete(place, ["object"])
    elif change == "overwrite":
        blobs.write(place, "object", Bytes(b"other"))
    elif change == "clear":
        blobs.clear(place)
    else:
        blobs.delete_container(place)
    assert first + drain(reader) == data


def test_BS21_a_source_that_breaks_leaves_what_was_there(blobs, place):
    blobs.write(place, "object", Bytes(b"old"))
    for name in ("object", "new"):
        with pytest.raises(RuntimeError, match="the source broke"):
            blobs.write(place, name, Broken(pattern(3 << 20)))
    assert content(blobs, place, "object") == b"old"
    assert names(blobs, place) == {"object"}


@pytest.mark.slow
def test_a_long_object_moves_in_bounded_memory(backend, blobs, place):
    if not backend.shared:
        return  # memory is where it is kept
    size = (96 if backend.type == "azureBlob" else 256) << 20  # the emulator is slow
    process = psutil.Process()
    before = process.memory_info().rss
    blobs.write(place, "long", Endless(size))
    most = process.memory_info().rss
    reader = blobs.read(place, "long", 0, LAST)
    received = 0
    while piece := reader.read(1 << 20):
        received += len(piece)
        if received % (16 << 20) < 1 << 20:
            most = max(most, process.memory_info().rss)
    reader.close()
    assert received == size
    assert most - before < 64 << 20
    blobs.delete_container(place)
