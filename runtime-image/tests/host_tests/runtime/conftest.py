"""An engine for all tests of a process, and both ways into wasm."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import wasmtime
from wasmtime import component as wasm

from host_tests.runtime import guests
from wasicloud_host.runtime import crossing, engine, epochs, footprint, imports, native, stock

MEMORY = 8 << 20
WAYS = {"fast": crossing.Crossing, "stock": stock.Crossing}


@functools.cache
def an_engine() -> wasmtime.Engine:
    """Made in the first test: wasmtime's signal handlers must come after those that pytest installs."""
    return engine.make(engine.Settings(64, MEMORY, footprint.Footprint(3, 2, 1)))[0]


@functools.cache
def compiled(text: str) -> wasm.Component:
    """A component's machine code, made once."""
    return wasm.Component(an_engine(), wasmtime.wat2wasm(text))


@pytest.fixture
def ticker() -> Iterator[epochs.Ticker]:
    """A clock for the test's instances."""
    pointer = native.pointer(an_engine())
    ticker = epochs.Ticker(lambda: native.increment_epoch(pointer))
    yield ticker
    ticker.close()


@pytest.fixture(params=sorted(WAYS))
def cross(request: pytest.FixtureRequest, ticker: epochs.Ticker) -> Callable[..., Any]:
    """``cross(text, *tables)``: a crossing for a component, by each way in."""
    return lambda text, *tables: WAYS[request.param](
        an_engine(), compiled(text), tables or (guests.TABLE,), (MEMORY, 1000), ticker
    )


@pytest.fixture
def fast(ticker: epochs.Ticker) -> Callable[..., crossing.Crossing]:
    """``fast(text, *tables)``: a crossing by ctypes."""

    def make(text: str, *tables: imports.Table) -> crossing.Crossing:
        return crossing.Crossing(an_engine(), compiled(text), tables or (guests.TABLE,), (MEMORY, 1000), ticker)

    return make
