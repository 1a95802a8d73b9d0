"""The two embedded core modules are what their text says."""

from __future__ import annotations

import pytest
import wasmtime

from wasicloud_host.composer import cores


@pytest.mark.parametrize(
    ("text", "code"), [(cores.MEMORY_TEXT, cores.MEMORY), (cores.TRAMPOLINE_TEXT, cores.TRAMPOLINE)]
)
def test_the_bytes_are_the_assembled_text(text: str, code: bytes) -> None:
    assert bytes(wasmtime.wat2wasm(text)) == code


def instance() -> tuple[wasmtime.Store, wasmtime.Instance]:
    store = wasmtime.Store()
    return store, wasmtime.Instance(store, wasmtime.Module(store.engine, cores.MEMORY), [])


def call(store: wasmtime.Store, made: wasmtime.Instance, name: str, *arguments: int) -> int:
    function = made.exports(store)[name]
    assert isinstance(function, wasmtime.Func)
    return int(function(store, *arguments) or 0)


def test_allocations_are_aligned_apart_and_start_again_after_a_request() -> None:
    store, made = instance()
    first = call(store, made, "realloc", 0, 0, 1, 5)
    second = call(store, made, "realloc", 0, 0, 8, 3)
    assert first >= 1024
    assert second >= first + 5
    assert second % 8 == 0
    call(store, made, "post", 0)
    assert call(store, made, "realloc", 0, 0, 1, 1) == first


def test_memory_grows_by_exactly_what_is_needed() -> None:
    store, made = instance()
    memory = made.exports(store)["memory"]
    assert isinstance(memory, wasmtime.Memory)
    place = call(store, made, "realloc", 0, 0, 1, 3 * 65536 - 1024)
    assert memory.size(store) == 3
    assert place + 3 * 65536 - 1024 == memory.data_len(store)
    call(store, made, "realloc", 0, 0, 1, 1)
    assert memory.size(store) == 4


def test_growing_an_allocation_keeps_its_bytes() -> None:
    store, made = instance()
    memory = made.exports(store)["memory"]
    assert isinstance(memory, wasmtime.Memory)
    place = call(store, made, "realloc", 0, 0, 1, 3)
    memory.write(store, b"abc", place)
    moved = call(store, made, "realloc", place, 3, 1, 100_000)
    assert bytes(memory.read(store, moved, moved + 3)) == b"abc"


def test_more_than_the_limit_traps_instead_of_writing_elsewhere() -> None:
    store, made = instance()
    store.set_limits(memory_size=1 << 20)
    with pytest.raises(wasmtime.Trap):
        call(store, made, "realloc", 0, 0, 1, 2 << 20)
