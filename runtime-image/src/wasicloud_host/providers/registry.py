"""The backends there are: a sorted table, each module imported when a configuration first names it."""

from __future__ import annotations

import difflib
import importlib
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from wasicloud_host import config
from wasicloud_host.errors import ConfigInvalid
from wasicloud_host.providers.provider import Make, Provider


@dataclass(frozen=True, slots=True)
class Backend:
    """Where a backend's ``make`` is, the extra that installs its SDK, and the interfaces it serves."""

    module: str
    extra: str | None = None
    capabilities: tuple[str, ...] = ("wasi:blobstore", "wasi:keyvalue")
    shared: bool = True
    """Whether several processes see the same data."""
    layouts: tuple[str, ...] = ("strings",)
    """The layouts of keyvalue that a Link may choose."""


BACKENDS: Mapping[str, Backend] = MappingProxyType(
    {
        "azureBlob": Backend("wasicloud_host.providers.azure_blob", extra="azure"),
        "filesystem": Backend("wasicloud_host.providers.filesystem"),
        "memory": Backend("wasicloud_host.providers.memory", shared=False),
        "redis": Backend("wasicloud_host.providers.redis", extra="redis", layouts=("hash", "strings")),
    }
)


def capabilities(type_name: str) -> tuple[str, ...]:
    """The interfaces that a type of backend serves."""
    backend = BACKENDS.get(type_name)
    return () if backend is None else backend.capabilities


def layouts(type_name: str) -> tuple[str, ...]:
    """The layouts of keyvalue that a type of backend knows."""
    backend = BACKENDS.get(type_name)
    return () if backend is None else backend.layouts


def serving(interface: str) -> list[str]:
    """The types of backend that serve an interface."""
    return [name for name, backend in BACKENDS.items() if interface in backend.capabilities]


def open_all(providers: Sequence[config.Provider], workers: int = 1) -> dict[str, Provider]:
    """The configured providers by name; raises `ConfigInvalid` with path, problem and remedy. Nothing is connected yet."""
    opened: dict[str, Provider] = {}
    try:
        for item in providers:
            opened[item.name] = open_one(item, workers)
    except BaseException:
        for provider in opened.values():
            provider.close()
        raise
    return opened


def open_one(item: config.Provider, workers: int = 1) -> Provider:
    """One configured provider; raises `ConfigInvalid`."""
    path = f"providers[{item.name}]"
    backend = BACKENDS.get(item.type)
    if backend is None:
        near = difflib.get_close_matches(item.type, BACKENDS, n=1)
        remedy = f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(BACKENDS)}"
        raise ConfigInvalid(f"{path}.type", f"{item.type!r} is not a known backend", remedy)
    if workers > 1 and not backend.shared:
        raise ConfigInvalid(
            f"{path}.type",
            f"{item.type} is not shared between the {workers} workers of a pod",
            "set workers to 1 or use another backend",
        )
    try:
        module = importlib.import_module(backend.module)
    except ModuleNotFoundError as error:
        if backend.extra is None or (error.name or "").startswith("wasicloud_host"):
            raise
        raise ConfigInvalid(
            f"{path}.type",
            f"{item.type} needs the Python package {error.name!r}",
            f"install wasi-cloud[{backend.extra}]",
        ) from None
    make = typing.cast("Make", module.make)
    return make(item.name, item.options, f"{path}.options")
