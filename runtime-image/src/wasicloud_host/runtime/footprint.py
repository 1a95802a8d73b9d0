"""What one instance of a component takes from the pool: core instances, memories, tables, counted from its bytes.

Only the outline is read (sections 1, 2, 4, 5 of components; 4, 5 of modules); the composer has already refused anything
malformed, and a count that is too low shows when the first instance is made.
"""

from __future__ import annotations

from dataclasses import dataclass

_CORE_MODULE, _CORE_INSTANCE, _COMPONENT, _INSTANCE = 1, 2, 4, 5
_TABLES, _MEMORIES = 4, 5
_INSTANTIATE = 0


@dataclass(frozen=True, slots=True)
class Footprint:
    """Of one instance. ``table_elements`` is the most that one table starts with."""

    core_instances: int = 0
    memories: int = 0
    tables: int = 0
    table_elements: int = 0

    def __add__(self, other: Footprint) -> Footprint:
        return Footprint(
            self.core_instances + other.core_instances,
            self.memories + other.memories,
            self.tables + other.tables,
            max(self.table_elements, other.table_elements),
        )


_NOTHING = Footprint()


def measure(component: bytes) -> Footprint:
    """Count what instantiating ``component`` makes."""
    return _component(memoryview(component))


def _component(data: memoryview) -> Footprint:
    modules: list[Footprint] = []
    components: list[Footprint] = []
    total = _NOTHING
    for kind, body in _sections(data):
        if kind == _CORE_MODULE:
            modules.append(_module(body))
        elif kind == _COMPONENT:
            components.append(_component(body))
        elif kind in (_CORE_INSTANCE, _INSTANCE):
            known = modules if kind == _CORE_INSTANCE else components
            for index in _instantiated(body, kind == _INSTANCE):
                total += known[index] if index < len(known) else _largest(known)
    return total


def _largest(known: list[Footprint]) -> Footprint:
    """For an index that a type import or alias shifted out of what was seen."""
    return max(known, key=lambda each: (each.memories, each.tables), default=Footprint(1, 1, 1))


def _module(data: memoryview) -> Footprint:
    tables = memories = elements = 0
    for kind, body in _sections(data):
        if kind == _MEMORIES:
            memories, _ = _unsigned(body, 0)
        elif kind == _TABLES:
            tables, at = _unsigned(body, 0)
            elements = _table_elements(body, at, tables)
    return Footprint(1, memories, tables, elements)


def _table_elements(body: memoryview, at: int, count: int) -> int:
    most = 0
    for _ in range(count):
        if body[at] == 0x40 or body[at] in (0x63, 0x64):  # an initial value, or a typed reference: outline unknown
            return most
        flags, at = _unsigned(body, at + 1)
        least, at = _unsigned(body, at)
        if flags & 1:
            _, at = _unsigned(body, at)
        most = max(most, least)
    return most


def _instantiated(body: memoryview, component: bool) -> list[int]:
    """The indices that an instance section instantiates; inline instances make nothing."""
    found = []
    count, at = _unsigned(body, 0)
    for _ in range(count):
        kind = body[at]
        at += 1
        if kind == _INSTANTIATE:
            index, at = _unsigned(body, at)
            found.append(index)
        items, at = _unsigned(body, at)
        for _ in range(items):
            at = _item(body, at, named_kind=kind != _INSTANTIATE and component, component=component)
    return found


def _item(body: memoryview, at: int, named_kind: bool, component: bool) -> int:
    """Past a name and what it stands for."""
    if named_kind:  # component export names carry a kind byte
        at += 1
    size, at = _unsigned(body, at)
    at += size
    sort = body[at]
    at += 1
    if component and sort == 0:  # a core sort has a second byte
        at += 1
    _, at = _unsigned(body, at)
    return at


def _sections(data: memoryview) -> list[tuple[int, memoryview]]:
    found = []
    at = 8
    while at < len(data):
        kind = data[at]
        size, at = _unsigned(data, at + 1)
        found.append((kind, data[at : at + size]))
        at += size
    return found


def _unsigned(data: memoryview, at: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = data[at]
        at += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, at
        shift += 7
