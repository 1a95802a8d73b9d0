"""Which Link serves what: a component, everything it is composed with, and the providers they reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from wasicloud_operator.api.component import WasmComponent
from wasicloud_operator.api.link import Link
from wasicloud_operator.api.provider import CapabilityProvider, Filesystem, Memory
from wasicloud_operator.domain import interfaces
from wasicloud_operator.domain.verdicts import Contradiction, Missing


@dataclass(frozen=True, slots=True)
class Member:
    """One component of a process and its own Links, by name."""

    component: WasmComponent
    links: tuple[Link, ...]

    @property
    def name(self) -> str:
        """The component's name."""
        return self.component.name


@dataclass(frozen=True, slots=True)
class Bindings:
    """Everything one host runs: ``members[0]`` serves HTTP, the others are reached by Links with a target."""

    members: tuple[Member, ...]
    providers: tuple[CapabilityProvider, ...]

    @property
    def component(self) -> WasmComponent:
        """The component that serves HTTP."""
        return self.members[0].component

    @property
    def links(self) -> Iterator[Link]:
        """Every Link of every member."""
        return (link for member in self.members for link in member.links)


def bind(
    component: WasmComponent,
    links: Iterable[Link],
    providers: Iterable[CapabilityProvider],
    components: Iterable[WasmComponent],
) -> Bindings:
    """Resolve a component among the objects of its namespace; raises `Missing` or `Contradiction`.

    Equal inputs in any order give equal bindings: Links and providers are sorted by name, members stand in the order in
    which they are first reached.
    """
    by_component: dict[str, list[Link]] = {}
    for link in sorted(links, key=lambda link: link.name):
        by_component.setdefault(link.spec.component, []).append(link)
    members = _members(component, by_component, {item.name: item for item in components})
    known = {item.name: item for item in providers}
    used = {
        link.spec.provider: _provider(link, known)
        for member in members
        for link in member.links
        if link.spec.provider is not None
    }
    bound = Bindings(members, tuple(used[name] for name in sorted(used)))
    for member in members:
        _check_overlaps(member)
    _check_workers(bound)
    return bound


def _members(
    root: WasmComponent, links: Mapping[str, Sequence[Link]], known: Mapping[str, WasmComponent]
) -> tuple[Member, ...]:
    found: dict[str, Member] = {}

    def visit(component: WasmComponent, path: tuple[str, ...]) -> None:
        if component.name in path:
            circle = " → ".join((*path[path.index(component.name) :], component.name))
            raise Contradiction(
                "LinkCycle", f"Links with a target form a cycle, {circle}; remove one of them", _last_link(path, links)
            )
        if component.name not in found:
            found[component.name] = Member(component, tuple(links.get(component.name, ())))
        for link in found[component.name].links:
            if link.spec.target is not None:
                visit(_target(link, known), (*path, component.name))

    visit(root, ())
    return tuple(found.values())


def _last_link(path: tuple[str, ...], links: Mapping[str, Sequence[Link]]) -> str | None:
    return next((link.name for link in links.get(path[-1], ()) if link.spec.target in path), None)


def _target(link: Link, known: Mapping[str, WasmComponent]) -> WasmComponent:
    name = link.spec.target or ""
    if name not in known:
        raise Missing(
            "TargetNotFound",
            f"Link {link.name} leads from {link.spec.component} to WasmComponent {name}, which does not exist;"
            f" create it or correct spec.target{_among(known)}",
            link.name,
        )
    return known[name]


def _provider(link: Link, known: Mapping[str, CapabilityProvider]) -> CapabilityProvider:
    name = link.spec.provider or ""
    if name not in known:
        raise Missing(
            "ProviderNotFound",
            f"Link {link.name} names CapabilityProvider {name}, which does not exist;"
            f" create it or correct spec.provider{_among(known)}",
            link.name,
        )
    return known[name]


def _among(known: Mapping[str, object]) -> str:
    return f" (there are {', '.join(sorted(known))})" if 0 < len(known) <= 5 else ""


def _check_overlaps(member: Member) -> None:
    """Two Links may share an interface only if every identifier still has one answer."""
    for index, one in enumerate(member.links):
        for other in member.links[index + 1 :]:
            if not _same_interface(one.spec.interface, other.spec.interface):
                continue
            shared = sorted(_identifiers(one) & _identifiers(other))
            if shared or (not one.spec.identifiers and not other.spec.identifiers):
                what = f"identifier {shared[0]!r} of " if shared else ""
                raise Contradiction(
                    "LinksOverlap",
                    f"Links {one.name} and {other.name} both serve {what}{one.spec.interface} for {member.name};"
                    " remove one or give them different identifiers",
                    other.name,
                )


def _identifiers(link: Link) -> frozenset[str]:
    """What a Link claims; the empty identifier of keyvalue is ``default``."""
    return frozenset(identifier or "default" for identifier in link.spec.identifiers)


def _same_interface(one: str, other: str) -> bool:
    return interfaces.unversioned(one) == interfaces.unversioned(other)


def _check_workers(bound: Bindings) -> None:
    """What lives in one process's memory cannot be shared by several."""
    workers = bound.component.spec.workers
    for provider in bound.providers:
        if workers > 1 and isinstance(provider.spec.backend, Memory):
            raise Contradiction(
                "MemoryNotShared",
                f"CapabilityProvider {provider.name} keeps its data in the memory of one process and {bound.component.name}"
                f" asks for {workers} workers; set spec.workers to 1 or use another type of provider",
            )


def check_cluster(bound: Bindings) -> None:
    """Refuse what only ``wasicloud dev`` can run: files of this machine. Raises `Contradiction`."""
    for member in bound.members:
        if member.component.spec.file is not None:
            raise Contradiction(
                "ImageIsFile",
                f"spec.image of {member.name} is a file, which a cluster cannot reach;"
                " push it with `wasicloud push FILE IMAGE` and name that image",
            )
    for provider in bound.providers:
        backend = provider.spec.backend
        if isinstance(backend, Filesystem) and backend.persistent_volume_claim is None:
            raise Contradiction(
                "PathOnCluster",
                f"CapabilityProvider {provider.name} names a path of one machine; name a persistentVolumeClaim instead",
            )
