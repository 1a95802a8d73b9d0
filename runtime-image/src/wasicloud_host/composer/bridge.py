"""The bridge as the composer sees it: what its two components export, read from the components themselves."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from wasicloud_host.composer import aliases, inspection, names, shapes, types

CORE = "core"
CAPABILITIES = "capabilities"

ENTRY = "wasicloud:bridge/entry"
"""Exported by the core bridge: ``begin`` and ``end``, between which the trampoline calls the component."""

LABEL = "this host"
"""How messages call the bridge, of which no user has heard."""

_PRIVATE = "wasicloud:"  # packages between the bridge's own parts, which no component may import


@dataclass(frozen=True, slots=True)
class Candidate:
    """What could serve an import: the offer of ``core``, ``capabilities`` or a node (its number).

    ``replaced``: items of the offer that come from elsewhere, as item to (export of the same source, function).
    """

    source: str | int
    offer: shapes.Offer
    replaced: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bridge:
    """Both bridge components, inspected, and their exports by name as offers.

    ``core_imports`` are the imports of the capabilities bridge that the core serves: import's name to export's name.
    """

    core: inspection.ComponentInfo
    capabilities: inspection.ComponentInfo
    core_offers: Mapping[str, shapes.Offer]
    capability_offers: Mapping[str, shapes.Offer]
    core_imports: Mapping[str, str]

    def candidates(self, wanted: str, interface: types.Interface) -> list[Candidate]:
        """What could serve the import ``wanted`` of this shape, best first."""
        if wanted.startswith(_PRIVATE):
            return []
        found = []
        known = aliases.RENAMED.get(wanted, wanted)
        for source, offers in ((CORE, self.core_offers), (CAPABILITIES, self.capability_offers)):
            name = names.find(known, offers)
            if name is not None:
                found.append(Candidate(source, offers[name]))
        rows = [row for row in aliases.REPLACED if wanted in row.imports and row.instance in self.capability_offers]
        if not rows or not found:
            return found
        forced = [row for row in rows if row.always or (row.without and interface.get(row.without) is None)]
        fitting = [row for row in rows if row in forced or not row.without]
        return [self._replace(found[0], variant) for variant in (forced, fitting)]

    def _replace(self, base: Candidate, rows: Iterable[aliases.Replacement]) -> Candidate:
        items = dict(base.offer.interface.items)
        replaced = {}
        for row in rows:
            function = self.capability_offers[row.instance].interface.get(row.function)
            if function is not None:
                items[row.item] = function
                replaced[row.item] = (row.instance, row.function)
        offer = replace(base.offer, interface=types.Interface(tuple(items.items())))
        return Candidate(base.source, offer, replaced)

    def served(self) -> list[str]:
        """The names of all interfaces that components may import, sorted."""
        own = (name for name in (*self.core_offers, *self.capability_offers) if not name.startswith(_PRIVATE))
        return sorted({*own, *(alias for alias, name in aliases.RENAMED.items() if name in self.capability_offers)})

    def host_imports(self) -> tuple[tuple[str, types.Interface], tuple[str, types.Interface] | None]:
        """What the host must define: the core's import, and the capabilities' that the core does not serve, if any."""
        (core,) = _instances(self.core.imports)
        rest = [pair for pair in _instances(self.capabilities.imports) if pair[0] not in self.core_imports]
        if len(rest) > 1:
            raise ValueError(
                f"the capabilities bridge imports more than the core exports: {[name for name, _ in rest]}"
            )
        return core, rest[0] if rest else None


@functools.lru_cache(maxsize=4)
def read(core: bytes, capabilities: bytes) -> Bridge:
    """Inspect the bridge's two components; kept, because every composition of a process uses the same two."""
    core_info = inspection.inspect(core, "the core bridge")
    capabilities_info = inspection.inspect(capabilities, "the capabilities bridge")
    core_offers = {
        name: shapes.Offer(CORE, LABEL, name, interface) for name, interface in _instances(core_info.exports)
    }
    bound: dict[types.Resource, shapes.Token] = {}
    core_imports: dict[str, str] = {}
    for wanted, interface in _instances(capabilities_info.imports):
        name = names.find(wanted, core_offers)
        if name is None:
            continue
        mismatch = shapes.satisfy(wanted, interface, core_offers[name], bound)
        if mismatch is not None:
            raise ValueError(f"the bridge's two components disagree about {mismatch.item} of {wanted}")
        core_imports[wanted] = name
    capability_offers = {
        name: shapes.Offer(CAPABILITIES, LABEL, name, interface, bound)
        for name, interface in _instances(capabilities_info.exports)
    }
    return Bridge(core_info, capabilities_info, core_offers, capability_offers, core_imports)


def _instances(externs: tuple[inspection.Extern, ...]) -> list[tuple[str, types.Interface]]:
    return [(extern.name, extern.type) for extern in externs if isinstance(extern.type, types.Interface)]
