"""From a composition to something that runs: engine, compiled code (from the cache if it can be), crossing."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import wasmtime
from wasmtime import component as wasm

from wasicloud_host import composer, errors
from wasicloud_host.config import HostConfig
from wasicloud_host.runtime import artifacts, crossing, epochs, footprint, imports, instances, native, stock
from wasicloud_host.runtime import engine as engines

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Functions:
    """The host functions of ``wit/bridge``: those of the exchange, and those of every node's capabilities."""

    exchange: tuple[imports.HostFunction, ...]
    capabilities: tuple[imports.HostFunction, ...]


class _Crossing(Protocol):
    def enter(self, session: imports.Session, deadline: float) -> instances.Instance:
        """Make an instance."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A composition on an engine."""

    engine: wasmtime.Engine
    settings: engines.Settings
    component: wasm.Component


class Program:
    """A compiled composition. ``make_session`` is called for every instance."""

    def __init__(
        self, loaded: _Loaded, tables: tuple[imports.Table, ...], config: HostConfig, make_session: Callable[[], Any]
    ) -> None:
        self._config = config
        self._make_session = make_session
        self._ticker = epochs.Ticker(_clock(loaded.engine))
        limits = loaded.settings.memory_bytes, loaded.settings.table_elements
        kind: Any = stock.Crossing if native.mismatches() else crossing.Crossing
        try:
            self._crossing: _Crossing = kind(loaded.engine, loaded.component, tables, limits, self._ticker)
        except BaseException:
            self._ticker.close()
            raise

    def instance(self, deadline: float) -> instances.Instance:
        """Make one instance; see ``crossing.Crossing.enter``."""
        session = self._make_session()
        try:
            return self._crossing.enter(session, deadline)
        except BaseException:
            session.close()
            raise

    def pool(self, observer: instances.Observer | None = None) -> instances.Pool:
        """A pool of instances, as the configuration of the first component wants them."""
        limits = instances.Limits(
            max_requests=self._config.components[0].instances.max_requests,
            stock=min(instances.STOCK, 2 * self._config.http.max_concurrent_requests),
            start_seconds=self._config.http.request_timeout_seconds,
        )
        return instances.Pool(self.instance, limits, observer)

    def close(self) -> None:
        """Stop the clock; the pools must be closed before. What instances share goes with the last of them."""
        self._ticker.close()


def _clock(engine: wasmtime.Engine) -> Callable[[], None]:
    """What moves an engine's clock on. It keeps the engine alive: requests may outlive their program."""
    owner = engine, native.pointer(engine)
    return lambda: native.increment_epoch(owner[1])


def load(
    config: HostConfig,
    composition: composer.Composition,
    functions: Functions,
    make_session: Callable[[], Any],
) -> Program:
    """Compile, or load what was compiled before, and make sure that an instance can be made.

    Raises `errors.ComponentRefused`, or `errors.ConfigInvalid` for a cache directory that cannot be used.
    """
    for difference in native.mismatches():
        logger.warning("This wasmtime is not the one this host was made for (%s): calls will be slow", difference)
    tables = _tables(composition, functions)
    cache = _cache(config)
    wanted = engines.Settings(
        instances=config.http.max_concurrent_requests + instances.SPARE,
        memory_bytes=max(each.instances.memory_bytes for each in config.components),
        footprint=footprint.measure(composition.data),
    )
    try:
        return _try(config, composition, wanted, cache, tables, make_session)
    except errors.ComponentRefused as error:
        # The pool's limits refuse some components (garbage-collected ones) that run without it.
        logger.info("Not in a pool: %s", error)
        frugal = engines.Settings(wanted.instances, wanted.memory_bytes, wanted.footprint, pooled=False)
        return _try(config, composition, frugal, cache, tables, make_session)


def _cache(config: HostConfig) -> artifacts.Cache | None:
    """The configured cache, if there is one, where no component can write."""
    if config.cache_directory is None:
        return None
    directory = Path(config.cache_directory).resolve()
    for provider in config.providers:
        if provider.type == "filesystem" and directory.is_relative_to(
            Path(str(provider.options.get("path"))).resolve()
        ):
            raise errors.ConfigInvalid(
                "cacheDirectory", f"lies inside the files of provider {provider.name}", "keep them apart"
            )
    return artifacts.Cache(directory)


def _try(
    config: HostConfig,
    composition: composer.Composition,
    settings: engines.Settings,
    cache: artifacts.Cache | None,
    tables: tuple[imports.Table, ...],
    make_session: Callable[[], Any],
) -> Program:
    name = config.components[0].name
    loaded = _compiled(composition.data, settings, cache, name)
    program = Program(loaded, tables, config, make_session)
    try:
        instance = program.instance(time.monotonic() + config.http.request_timeout_seconds)
    except errors.RequestError as error:
        program.close()
        raise errors.ComponentRefused(
            name,
            f"does not start: {str(error).removeprefix(crossing.STOPPED)}",
            "see its log, and spec.instances.memory if it lacked memory",
        ) from error
    instance.session.close()
    instance.close()
    return program


def _compiled(data: bytes, settings: engines.Settings, cache: artifacts.Cache | None, name: str) -> _Loaded:
    made, settings = engines.make(settings)

    def read(path: str) -> wasm.Component:
        try:
            return wasm.Component.deserialize_file(made, path)
        except wasmtime.WasmtimeError as error:
            raise ValueError(f"wasmtime refuses it ({_first_line(error)})") from None

    if cache is None:
        return _Loaded(made, settings, _compile(made, data, name))
    key = artifacts.key(native.VERSION, settings.compiled_as(), data)
    component = cache.load(key, read)
    if component is None:
        with cache.compiling():
            component = cache.load(key, read)
            if component is None:
                component = _compile(made, data, name)
                cache.store(key, bytes(component.serialize()))
    return _Loaded(made, settings, component)


def _compile(made: wasmtime.Engine, data: bytes, name: str) -> wasm.Component:
    start = time.monotonic()
    try:
        component = wasm.Component(made, data)
    except wasmtime.WasmtimeError as error:
        raise errors.ComponentRefused(
            name, f"cannot be compiled ({_first_line(error)})", "rebuild it with a toolchain for WASI 0.2"
        ) from None
    logger.info("Compiled component %s in %.2f s", name, time.monotonic() - start)
    return component


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:300] if lines else type(error).__name__


def _tables(composition: composer.Composition, functions: Functions) -> tuple[imports.Table, ...]:
    tables = [_table(composition.exchange, functions.exchange, lambda session: session.exchange)]
    tables += (
        _table(node.capabilities, functions.capabilities, _capabilities(node.index))
        for node in composition.nodes
        if node.capabilities is not None
    )
    return tuple(tables)


def _capabilities(index: int) -> Callable[[Any], Any]:
    return lambda session: session.capabilities[index]


def _table(
    wanted: composer.HostImport, functions: tuple[imports.HostFunction, ...], target: Callable[[Any], Any]
) -> imports.Table:
    """Check that the bridge asks for nothing that the host does not define in the same way."""
    defined = {function.name: (function.params, function.result) for function in functions}
    for name, kind in wanted.interface.functions():
        if defined.get(name) != (tuple(each for _, each in kind.params), kind.result):
            raise errors.ComponentRefused(
                "bridge", f"asks for {wanted.name} {name}, which this host has not", "install one release of both"
            )
    return imports.Table(wanted.name, functions, target)
