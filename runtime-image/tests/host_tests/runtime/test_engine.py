"""The engine: what it allows, its pool, and a machine without the address space for one."""

from __future__ import annotations

import subprocess
import sys

import pytest
import wasmtime
from wasmtime import component as wasm

from host_tests.runtime import conftest, guests
from wasicloud_host.runtime import engine, footprint

REFUSED = {
    "threads": "(module (memory 1 2 shared))",
    "64-bit memories": "(module (memory i64 1))",
}
ALLOWED = {
    "SIMD": "(module (func (result v128) (v128.const i32x4 0 0 0 0)))",
    "tail calls": "(module (func $a (return_call $a)))",
    "extended constants": "(module (global i32 (i32.add (i32.const 1) (i32.const 2))))",
    "exceptions": "(module (tag $t) (func (throw $t)))",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_no_component_needs_is_refused(text: str) -> None:
    with pytest.raises(wasmtime.WasmtimeError):
        wasmtime.Module(conftest.an_engine(), text)


@pytest.mark.parametrize("text", ALLOWED.values(), ids=ALLOWED)
def test_what_toolchains_emit_is_compiled(text: str) -> None:
    wasmtime.Module(conftest.an_engine(), text)


def test_the_outline_of_a_component_counts_what_an_instance_takes() -> None:
    found = footprint.measure(bytes(wasmtime.wat2wasm(guests.PROBE)))
    assert (found.core_instances, found.memories, found.tables) == (2, 1, 0)


def test_a_component_instantiated_twice_counts_twice() -> None:
    text = """
    (component
      (component $c (core module $m (memory 1) (table 7 funcref) (table 30 50 funcref)) (core instance (instantiate $m)))
      (instance $a (instantiate $c)) (instance $b (instantiate $c))
      (core module $n (memory 1)) (core instance $i (instantiate $n))
      (core instance $bundle (export "a" (instance $i)))
      (instance $named (export "b" (instance $b))))
    """.replace('(core instance $bundle (export "a" (instance $i)))', "")
    found = footprint.measure(bytes(wasmtime.wat2wasm(text)))
    assert (found.core_instances, found.memories, found.tables, found.table_elements) == (3, 3, 4, 30)


def test_as_many_instances_as_were_promised_can_live() -> None:
    settings = engine.Settings(5, 1 << 20, footprint.measure(bytes(wasmtime.wat2wasm(guests.starting("")))))
    made, settings = engine.make(settings)
    assert settings.pooled
    component = wasm.Component(made, wasmtime.wat2wasm(guests.starting("")))
    linker = wasm.Linker(made)
    with linker.root() as root, root.add_instance(guests.EXCHANGE) as instance:
        instance.add_func("now", lambda _: 1)
    stores = [wasmtime.Store(made) for _ in range(6)]
    for store in stores:
        store.set_epoch_deadline(1 << 30)
    for store in stores[:5]:
        linker.instantiate(store, component)
    with pytest.raises(wasmtime.WasmtimeError, match="limit"):
        linker.instantiate(stores[5], component)
    stores[0].close()
    linker.instantiate(stores[5], component)


SHORT_OF_SPACE = """
import logging, resource, sys, time
logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s")
resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
import wasmtime
from wasmtime import component as wasm
from host_tests.runtime import guests
from wasicloud_host.runtime import crossing, engine, epochs, footprint, native
made, settings = engine.make(engine.Settings(100, 64 << 20, footprint.Footprint(3, 2, 1)))
print("pooled", settings.pooled)
pointer = native.pointer(made)
ticker = epochs.Ticker(lambda: native.increment_epoch(pointer))
entry = crossing.Crossing(made, wasm.Component(made, guests.PROBE), (guests.TABLE,), (64 << 20, 1000), ticker)
alive = [entry.enter(guests.Session(), guests.soon()) for _ in range(40)]
print({each.call(b"e", b"works", guests.soon()) for each in alive}, alive[0].call(b"m", b"", guests.soon()))
try:
    alive[1].call(b"s", b"", time.monotonic() + 0.05)
except Exception as error:
    print(type(error).__name__)
for each in alive:
    each.close()
ticker.close()
"""


def test_without_the_address_space_instances_are_made_on_demand_after_one_warning() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHORT_OF_SPACE],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": ":".join(path for path in sys.path if path)},
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["WARNING", "pooled", "{b'works'}", "RequestTimeout"]
    assert "http.maxConcurrentRequests" in lines[0]
    assert lines[1:3] == ["pooled False", "{b'works'} b'y'"]


def test_settings_that_compile_differently_have_different_keys() -> None:
    pooled = engine.Settings(5, 1 << 20, footprint.Footprint())
    frugal = engine.Settings(5, 1 << 20, footprint.Footprint(), pooled=False)
    assert pooled.compiled_as() != frugal.compiled_as()
    assert pooled.compiled_as() == engine.Settings(9, 2 << 20, footprint.Footprint(1, 2, 3)).compiled_as()
