"""Which Link serves what a component imports: decided once, before anything is served.

`resolve` refuses an import that no Link serves and Links that claim the same identifier; it warns of a Link that nothing
imports. An identifier that no Link serves is found out at run time, and is the interface's own error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from wasicloud_host import config
from wasicloud_host.capabilities import naming
from wasicloud_host.capabilities.blobstore import Blobstore
from wasicloud_host.capabilities.keyvalue import KeyValue
from wasicloud_host.capabilities.naming import Place
from wasicloud_host.errors import LinkRefused
from wasicloud_host.providers import registry
from wasicloud_host.providers.provider import Provider

KEYVALUE = "wasi:keyvalue"
BLOBSTORE = "wasi:blobstore"

_LINKED = (KEYVALUE, BLOBSTORE)
_BUILT_IN = frozenset(
    f"wasi:{package}"
    for package in ("cli", "clocks", "config", "filesystem", "http", "io", "logging", "random", "sockets")
)
_NEVER_BUILT_IN = frozenset({"wasi:http/incoming-handler"})
_OPEN_BUCKETS = 1024


@dataclass(frozen=True, slots=True)
class Bucket:
    """An opened keyvalue bucket."""

    store: KeyValue
    backend: str

    def close(self) -> None:
        """The provider owns what is open."""


@dataclass(frozen=True, slots=True)
class Container:
    """Where a blobstore container is."""

    blobs: Blobstore
    place: Place
    backend: str

    def close(self) -> None:
        """The provider owns what is open."""


@dataclass(frozen=True, slots=True)
class Route:
    """A Link and the provider it leads to."""

    link: config.Link
    provider: Provider


@dataclass(frozen=True, slots=True)
class Bindings:
    """The outcome of `resolve`; ``targets`` are the imports that other components serve, by the component's name."""

    routes: Mapping[str, Mapping[str | None, Route]]
    targets: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    _buckets: dict[bytes, Bucket] = field(default_factory=dict, repr=False)

    def bucket(self, identifier: bytes) -> Bucket | None:
        """The keyvalue bucket of an identifier, or ``None`` if no Link serves it."""
        found = self._buckets.get(identifier)
        if found is not None:
            return found
        name = identifier.decode() or naming.DEFAULT
        route = self._route(KEYVALUE, name)
        if route is None:
            return None
        place = naming.bucket(route.link.parameters, name)
        bucket = Bucket(route.provider.keyvalue(place), route.provider.type)
        if len(self._buckets) >= _OPEN_BUCKETS:  # identifiers are the component's to invent
            self._buckets.clear()
        self._buckets[identifier] = bucket
        return bucket

    def container(self, name: str) -> Container | None:
        """The blobstore container of a name, or ``None`` if no Link serves it."""
        route = self._route(BLOBSTORE, name)
        if route is None:
            return None
        return Container(route.provider.blobstore(), naming.container(route.link.parameters, name), route.provider.type)

    def _route(self, interface: str, identifier: str) -> Route | None:
        routes = self.routes.get(interface, {})
        return routes.get(identifier) or routes.get(None)


def resolve(
    component: config.Component,
    imports: Iterable[str],
    providers: Mapping[str, Provider],
    wired: Mapping[str, str] | None = None,
) -> Bindings:
    """Bind what ``component`` imports (``wasi:keyvalue/store@0.2.0-draft``, …) by its links; raises `LinkRefused`.

    ``wired`` are imports that other components serve without being named by a link: the types of one that is.
    """
    names = sorted(set(imports))
    routes = _routes(component, providers)
    targets: dict[str, str] = {}
    used: set[str] = set()
    for name in names:
        package = name.partition("/")[0].partition("@")[0]
        link = _target(component, name)
        if link is not None and link.target is not None:
            targets[name] = link.target
            used.add(link.name)
        elif wired and name in wired:
            targets[name] = wired[name]
        elif package in _LINKED:
            if package not in routes:
                raise _unserved(component, name, package)
            used.update(route.link.name for route in routes[package].values())
        elif package not in _BUILT_IN or name.partition("@")[0] in _NEVER_BUILT_IN:
            raise _unserved(component, name, name.partition("@")[0])
    return Bindings(routes, targets, (*_unused(component, used), *_without_meaning(routes)))


def _routes(component: config.Component, providers: Mapping[str, Provider]) -> Mapping[str, Mapping[str | None, Route]]:
    routes: dict[str, dict[str | None, Route]] = {}
    for link in component.links:
        if link.provider is None:
            continue
        where = f"components[{component.name}].links[{link.name}]"
        if link.interface not in _LINKED:
            raise LinkRefused(
                f"{where}.interface",
                f"{link.interface!r} is not an interface that a provider serves",
                f"use {' or '.join(_LINKED)}",
            )
        route = Route(link, providers[link.provider])
        if link.interface not in registry.capabilities(route.provider.type):
            raise LinkRefused(
                f"{where}.provider",
                f"{link.provider!r} ({route.provider.type}) does not serve {link.interface}",
                f"use a provider of another type: {', '.join(registry.serving(link.interface))}",
            )
        claimed = routes.setdefault(link.interface, {})
        for identifier in _claims(link):
            if identifier in claimed:
                other = claimed[identifier].link.name
                what = "every identifier" if identifier is None else f"the identifier {identifier!r}"
                raise LinkRefused(
                    where, f"serves {what} of {link.interface}, as the link {other!r} does", "remove one of the two"
                )
            claimed[identifier] = route
    return routes


def _claims(link: config.Link) -> tuple[str | None, ...]:
    """The identifiers a link serves, ``None`` for all; keyvalue knows ``""`` and ``default`` as one."""
    if link.interface == KEYVALUE:
        return tuple(identifier or naming.DEFAULT for identifier in link.identifiers) or (None,)
    return link.identifiers or (None,)


def _target(component: config.Component, name: str) -> config.Link | None:
    """The link to another component that serves this import: named with its interface, or by its package alone."""
    plain = name.partition("@")[0]
    by_name = {link.interface.partition("@")[0]: link for link in component.links if link.target is not None}
    return by_name.get(plain) or by_name.get(plain.partition("/")[0])


def _unserved(component: config.Component, name: str, interface: str) -> LinkRefused:
    return LinkRefused(
        f"components[{component.name}]",
        f"imports {name}, which no link serves",
        f"add a Link with interface: {interface}",
    )


def _without_meaning(routes: Mapping[str, Mapping[str | None, Route]]) -> Iterator[str]:
    """Warnings of layouts that the backend does not know: they are left over when a Link moves to another backend."""
    for route in {route.link.name: route for route in routes.get(KEYVALUE, {}).values()}.values():
        parameters, known = route.link.parameters, registry.layouts(route.provider.type)
        chosen = {parameters.layout, *(bucket.layout for bucket in parameters.buckets.values() if bucket.layout)}
        for layout in sorted(chosen.difference(known)):
            yield f"Link {route.link.name!r} has layout: {layout}, which has no meaning on {route.provider.type}"


def _unused(component: config.Component, used: set[str]) -> tuple[str, ...]:
    return tuple(
        f"Link {link.name!r} serves {link.interface}, which the component {component.name!r} does not import"
        for link in component.links
        if link.name not in used
    )
