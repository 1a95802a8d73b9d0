"""What one reconciliation sees: everything that a decision reads, gathered before it begins, and then frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from wasicloud_operator.api.component import WasmComponent
from wasicloud_operator.api.link import Link
from wasicloud_operator.api.provider import CapabilityProvider
from wasicloud_operator.api.refs import Metadata
from wasicloud_operator.reconcile.errors import ApiProblem
from wasicloud_operator.reconcile.ports import Body

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An object whose spec says nothing that we can act on; ``problem`` is path, problem and remedy."""

    kind: str
    metadata: Metadata
    problem: str
    spec: Mapping[str, Any] = field(default_factory=lambda: _NONE, compare=False)

    @property
    def name(self) -> str:
        """The object's name."""
        return self.metadata.name

    def __str__(self) -> str:
        return f"{self.kind} {self.metadata.name}: {self.problem}"


@dataclass(frozen=True, slots=True)
class ComponentView:
    """A WasmComponent and what surrounds it.

    ``links``, ``providers`` and ``components`` are those that it reaches. ``children`` are live objects by (kind, name): its own, and
    whatever stands at their names. ``config_maps`` are digests of the ConfigMaps that are there. ``mounts`` says by pod name which volume
    a pod waits for, ``remarks`` by pod uid what a host itself says is missing. ``failure``: what the API server said to the last write.
    ``accepted`` are seals of what it has just been given: it may spell a value in its own way, and that is no reason to write again.
    """

    component: WasmComponent | Unreadable
    status: Body
    links: tuple[Link, ...] = ()
    providers: tuple[CapabilityProvider, ...] = ()
    components: tuple[WasmComponent, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    children: Mapping[tuple[str, str], Body] = field(default_factory=lambda: MappingProxyType({}))
    pods: tuple[Body, ...] = ()
    config_maps: Mapping[str, str] = field(default_factory=lambda: _NONE)
    mounts: Mapping[str, str] = field(default_factory=lambda: _NONE)
    remarks: Mapping[str, str] = field(default_factory=lambda: _NONE)
    failure: ApiProblem | None = None
    accepted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ProviderView:
    """A CapabilityProvider, the number of Links that lead to it, and what hosts that use it say while they are not ready."""

    provider: CapabilityProvider | Unreadable
    status: Body
    links: int = 0
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkView:
    """A Link, and the component that it serves; None if there is none of that name."""

    link: Link | Unreadable
    status: Body
    component: ComponentView | None = None
    provider_found: bool = True
    target_found: bool = True
    imports: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
