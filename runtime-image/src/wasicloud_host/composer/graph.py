"""Components linked to components: who serves whose imports, in which order they come to life, and what cannot be.

Node 0 is the entry, which answers HTTP. A node that several others link to is one instance, shared by them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from wasicloud_host import errors
from wasicloud_host.composer import binary, inspection, names, types


@dataclass(frozen=True, slots=True)
class Wire:
    """The export ``export`` of node ``node`` serves an import."""

    node: int
    export: str


@dataclass(frozen=True, slots=True)
class Node:
    """A component in a composition. ``wires`` are its imports that other nodes serve, by the import's full name."""

    name: str
    component: inspection.ComponentInfo
    wires: Mapping[str, Wire] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """A Link from ``component`` to ``target``, for every import that ``interface`` selects (see ``names.selects``).

    ``link`` is the Link's name, for errors.
    """

    link: str
    component: str
    interface: str
    target: str


def assemble(
    entry: str, components: Mapping[str, inspection.ComponentInfo], targets: Iterable[Target]
) -> tuple[Node, ...]:
    """The nodes that ``entry`` reaches by ``targets``, the entry first; a Target that selects no import does nothing.

    Raises :class:`errors.LinkRefused`, naming both sides, for a component that is not among ``components``, an
    interface that the other side does not export, a version that does not match, two Links for one import, or a cycle.
    """
    outgoing: dict[str, list[Target]] = {}
    for target in targets:
        for name in (target.component, target.target):
            if name not in components:
                raise errors.LinkRefused(
                    target.link,
                    f"links {target.component} to {target.target}, but there is no component {name}",
                    f"add {name} or change the Link",
                )
        outgoing.setdefault(target.component, []).append(target)
    wires: dict[str, dict[str, tuple[str, str]]] = {}
    reached = [entry]
    for name in reached:  # grows while it is walked
        wires[name] = _wires(name, components, outgoing.get(name, ()))
        reached.extend(dict.fromkeys(to for to, _ in wires[name].values() if to not in reached))
    numbers = {name: number for number, name in enumerate(reached)}
    nodes = tuple(
        Node(name, components[name], {by: Wire(numbers[to], export) for by, (to, export) in wires[name].items()})
        for name in reached
    )
    order(nodes)
    return nodes


def _wires(
    name: str, components: Mapping[str, inspection.ComponentInfo], targets: Sequence[Target]
) -> dict[str, tuple[str, str]]:
    """The imports of ``name`` that other components serve: by import, the component's name and its export's."""
    importer = components[name]
    by: dict[str, Target] = {}
    wires: dict[str, tuple[str, str]] = {}
    for target in sorted(targets, key=_is_package):  # a Link for an interface goes before one for its package
        for wanted, export in _selected(importer, target, components[target.target]):
            other = by.setdefault(wanted, target)
            if other.target == target.target:
                wires[wanted] = (target.target, export)
            elif _is_package(other) == _is_package(target):
                raise errors.LinkRefused(
                    target.link,
                    f"links {binary.quote(wanted)} of {name} to {target.target}, "
                    f"which {other.link} links to {other.target}",
                    "remove one of the two Links",
                )
    for target in targets:
        exporter = components[target.target]
        for wanted in _companions(importer, exporter, [w for w in by if by[w].target == target.target]):
            wires.setdefault(wanted, (target.target, _export(wanted, target, exporter)))
    return wires


def _selected(
    importer: inspection.ComponentInfo, target: Target, exporter: inspection.ComponentInfo
) -> list[tuple[str, str]]:
    """The imports that a Target means, with the exports that serve them.

    A Target for a package means what the other side exports of it, but at least one interface; one for an interface
    means just that.
    """
    selected = [e.name for e in importer.imports if names.selects(target.interface, e.name)]
    exports = [e.name for e in exporter.exports]
    if _is_package(target):
        known = [name for name in selected if names.other_versions(name, exports)]
        selected = known or selected
    return [(name, _export(name, target, exporter)) for name in selected]


def _is_package(target: Target) -> bool:
    return "/" not in target.interface


def _companions(
    importer: inspection.ComponentInfo, exporter: inspection.ComponentInfo, selected: Sequence[str]
) -> list[str]:
    """Imports that own resources which the selected ones use: they must come from the same component if it has them."""
    owners: set[str] = set()
    for name in selected:
        extern = importer.imported(name)
        if extern is not None and isinstance(extern.type, types.Interface):
            owners.update(item.owner for _, item in extern.type.items if isinstance(item, types.Resource))
    imported = {e.name for e in exporter.imports}
    exported = [e.name for e in exporter.exports]
    return [
        owner
        for owner in sorted(owners & {e.name for e in importer.imports})
        if owner not in selected and owner not in imported and names.find(owner, exported)
    ]


def _export(wanted: str, target: Target, exporter: inspection.ComponentInfo) -> str:
    exports = [e.name for e in exporter.exports if e.sort == "instance"]
    found = names.find(wanted, exports)
    if found is not None:
        return found
    others = names.other_versions(wanted, exports)
    said = f"{target.component} imports {binary.quote(wanted)}, but {target.target} "
    if others:
        raise errors.LinkRefused(
            target.link,
            f"{said}exports {_some(others)}, a version that does not match",
            f"rebuild one of them against the other's version of {binary.quote(wanted.partition('@')[0])}",
        )
    raise errors.LinkRefused(
        target.link, f"{said}does not export it (it exports {_some(exports)})", "link it to a component that does"
    )


def order(nodes: Sequence[Node]) -> list[int]:
    """The nodes in an order in which each comes after those that serve it; a cycle is refused by its path."""
    done: list[int] = []
    path: list[int] = []
    pending: list[tuple[int, bool]] = [(number, False) for number in reversed(range(len(nodes)))]
    while pending:
        number, leaving = pending.pop()
        if leaving:
            path.pop()
            done.append(number)
        elif number in path:
            raise _cycle([nodes[step].name for step in (*path[path.index(number) :], number)])
        elif number not in done:
            path.append(number)
            pending.append((number, True))
            pending.extend((wire.node, False) for wire in nodes[number].wires.values())
    return done


def _cycle(path: list[str]) -> errors.LinkRefused:
    if len(path) == 2:
        return errors.LinkRefused("", f"{path[0]} is linked to itself", "link it to another component")
    return errors.LinkRefused("", f"the components {' → '.join(path)} form a cycle", "remove one of these Links")


def _some(choices: Iterable[str]) -> str:
    quoted = [binary.quote(name) for name in choices]
    return ", ".join(quoted[:6]) + (" …" if len(quoted) > 6 else "") if quoted else "nothing"
