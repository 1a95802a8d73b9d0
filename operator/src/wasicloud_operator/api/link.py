"""Link: binds one interface that a component imports to a provider, or to another component that exports it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from wasicloud_operator.api import body as bodies
from wasicloud_operator.api import names, refs, scalars
from wasicloud_operator.api.errors import SpecInvalid

PROVIDED = ("wasi:keyvalue", "wasi:blobstore")
"""Packages that providers serve."""

_LAYOUTS = ("strings", "hash")
_INTERFACE = scalars.matching(
    r"[a-z][a-z0-9-]*(:[a-z][a-z0-9-]*)+(/[a-z][a-z0-9-]*)?(@[0-9A-Za-z.+-]+)?",
    "is not a package or interface",
    "write namespace:package or namespace:package/interface, for example wasi:keyvalue",
)


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is different for one identifier; None leaves the Link's own answer."""

    prefix: str | None = None
    layout: str | None = field(default=None, metadata={"choices": _LAYOUTS})
    name: str | None = field(default=None, metadata={"check": scalars.not_empty})


@dataclass(frozen=True, slots=True)
class Parameters:
    """How names map to names in the backend."""

    prefix: str = ""
    buckets: Mapping[str, Bucket] = field(default_factory=lambda: MappingProxyType({}))
    layout: str = field(default="strings", metadata={"choices": _LAYOUTS})


@dataclass(frozen=True, slots=True)
class LinkSpec:
    """``spec`` of a Link: exactly one of ``provider`` and ``target`` is set."""

    component: str = field(metadata={"check": scalars.not_empty})
    interface: str = field(metadata={"check": _INTERFACE})
    provider: str | None = field(default=None, metadata={"check": scalars.not_empty})
    target: str | None = field(default=None, metadata={"check": scalars.not_empty})
    identifiers: tuple[str, ...] = ()
    parameters: Parameters = Parameters()


@dataclass(frozen=True, slots=True)
class Link:
    """A Link as its author wrote it."""

    metadata: refs.Metadata
    spec: LinkSpec

    @property
    def name(self) -> str:
        """The Link's name."""
        return self.metadata.name


def package(interface: str) -> str:
    """``wasi:keyvalue/store@0.2.0-draft`` → ``wasi:keyvalue``."""
    return interface.partition("@")[0].partition("/")[0]


def from_body(body: Mapping[str, Any]) -> Link:
    """Read a Link strictly; raises `SpecInvalid`."""
    metadata = refs.metadata(body)
    spec = bodies.spec(LinkSpec, body, names.LINK)
    if (spec.provider is None) == (spec.target is None):
        found = "has both provider and target" if spec.provider else "has neither provider nor target"
        raise SpecInvalid(
            "spec", found, "write exactly one of provider (a CapabilityProvider) and target (a WasmComponent)"
        )
    if spec.provider is not None and spec.interface not in PROVIDED:
        raise SpecInvalid(
            "spec.interface",
            f"{spec.interface!r} is not what a provider serves",
            "write wasi:keyvalue or wasi:blobstore, which stand for all their interfaces, or name the WasmComponent that"
            " exports it as target",
        )
    if spec.target is not None:
        _check_target(spec, body["spec"])
    return Link(metadata, spec)


def _check_target(spec: LinkSpec, raw: Mapping[str, Any]) -> None:
    if spec.target == spec.component:
        raise SpecInvalid("spec.target", f"{spec.target!r} is the component itself", "name another WasmComponent")
    for key in ("parameters", "identifiers"):
        if key in raw:
            raise SpecInvalid(f"spec.{key}", "is for providers", "remove it from a Link with a target")
