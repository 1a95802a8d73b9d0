"""The wasmtime engine: what is compiled in, what is allowed, and the pool that instances live in.

Measured reasons: no support for concurrent tasks inside one store (−3.4 µs a request), a pool of memories and tables
with a few pages kept resident (a fresh instance in half the time), epoch interruption instead of fuel.
"""

from __future__ import annotations

import logging
import mmap
from dataclasses import dataclass

import wasmtime
from wasmtime import _bindings

from wasicloud_host.runtime import footprint

logger = logging.getLogger(__name__)

RESERVATION = 4 << 30
"""Address space per memory, so that no access needs a bounds check."""

GUARD = 32 << 20

FRUGAL, FRUGAL_GROWTH = 1 << 20, 4 << 20
"""Address space per memory, at first and when it grows beyond, where there is no room for a pool."""

KEPT_RESIDENT = 128 << 10
"""Bytes of a memory that are cleared by hand when its instance is dropped; the rest goes back to the system."""

TABLE_ELEMENTS = 20_000
"""Elements a table may grow to (8 bytes each), unless the component starts with more."""

STACK = 512 << 10
"""Bytes of stack for wasm in each thread."""

_MAP_NORESERVE = 0x4000

OFF = (
    *("threads", "shared_memory", "memory64", "wide_arithmetic", "custom_page_sizes", "stack_switching"),
    *("component_model_async", "component_model_more_async_builtins", "component_model_async_stackful"),
)
"""Features that no component here may use: their names in wasmtime's configuration."""


@dataclass(frozen=True, slots=True)
class Settings:
    """``instances`` alive at once at most, each with linear memories of at most ``memory_bytes``."""

    instances: int
    memory_bytes: int
    footprint: footprint.Footprint
    pooled: bool = True

    @property
    def table_elements(self) -> int:
        """What one table may grow to."""
        return max(TABLE_ELEMENTS, 2 * self.footprint.table_elements)

    @property
    def reservation(self) -> int:
        """Address space per memory."""
        return RESERVATION if self.pooled else FRUGAL

    def compiled_as(self) -> str:
        """Everything above and in this module that compiled code depends on."""
        return f"epochs no-concurrency reservation={self.reservation} guard={GUARD} stack={STACK} off={','.join(OFF)}"


def make(settings: Settings) -> tuple[wasmtime.Engine, Settings]:
    """An engine and the settings it really has: without a pool, after one warning, where address space is short."""
    if settings.pooled and not _has_room(settings):
        logger.warning(
            "This machine does not let %d GiB of address space be reserved; instances are made without a pool, "
            "which takes about twice as long. Raise the limit on address space or lower http.maxConcurrentRequests",
            _address_space(settings) >> 30,
        )
        settings = Settings(settings.instances, settings.memory_bytes, settings.footprint, pooled=False)
    config = wasmtime.Config()
    config.epoch_interruption = True
    config.max_wasm_stack = STACK
    config.wasm_component_model = True
    pointer = config.ptr()
    _bindings.wasmtime_config_concurrency_support_set(pointer, False)
    for feature in OFF:
        prefix = "" if feature == "shared_memory" else "wasm_"
        getattr(_bindings, f"wasmtime_config_{prefix}{feature}_set")(pointer, False)
    _bindings.wasmtime_config_memory_guard_size_set(pointer, GUARD)
    _bindings.wasmtime_config_memory_reservation_set(pointer, settings.reservation)
    if settings.pooled:
        _set_pool(config, settings)
    else:
        _bindings.wasmtime_config_memory_reservation_for_growth_set(pointer, FRUGAL_GROWTH)
    return wasmtime.Engine(config), settings


def _set_pool(config: wasmtime.Config, settings: Settings) -> None:
    count, each = settings.instances, settings.footprint
    limits = {
        "total_component_instances": count,
        # wasmtime adds adapter modules where components call each other
        "total_core_instances": count * (2 * each.core_instances + 16),
        "max_core_instances_per_component": 2 * each.core_instances + 16,
        "total_memories": count * each.memories,
        "max_memories_per_component": each.memories,
        "total_tables": count * each.tables,
        "max_tables_per_component": each.tables,
        "max_memories_per_module": max(1, each.memories),
        "max_tables_per_module": max(1, each.tables),
        "max_component_instance_size": 16 << 20,
        "max_core_instance_size": 16 << 20,
        "max_unused_warm_slots": count * max(each.memories, each.tables),
        "table_elements": settings.table_elements,
        "max_memory_size": settings.memory_bytes,
        "linear_memory_keep_resident": KEPT_RESIDENT,
        "table_keep_resident": 8192,
        "total_stacks": 0,
        "total_gc_heaps": 0,
    }
    pool = _bindings.wasmtime_pooling_allocation_config_new()
    for name, value in limits.items():
        getattr(_bindings, f"wasmtime_pooling_allocation_config_{name}_set")(pool, value)
    _bindings.wasmtime_pooling_allocation_strategy_set(config.ptr(), pool)
    _bindings.wasmtime_pooling_allocation_config_delete(pool)


def _address_space(settings: Settings) -> int:
    memories = settings.instances * settings.footprint.memories * (RESERVATION + GUARD)
    tables = settings.instances * settings.footprint.tables * settings.table_elements * 8
    return memories + tables + (1 << 30)


def _has_room(settings: Settings) -> bool:
    """Try the reservation: wasmtime ends the process when it cannot make it."""
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_NORESERVE
    try:
        mmap.mmap(-1, _address_space(settings), flags=flags, prot=0).close()
    except (OSError, OverflowError, ValueError):
        return False
    return True
