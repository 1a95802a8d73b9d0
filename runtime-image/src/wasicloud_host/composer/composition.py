"""Writing the outer component: bridge, components and trampoline, joined (see README.md for the picture)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wasicloud_host import errors
from wasicloud_host.composer import binary, bridge, check, cores, graph, inspection, names, shapes, shim, types, writer
from wasicloud_host.composer.bridge import CAPABILITIES, CORE, Bridge

HANDLE = types.Function((("head", "string"), ("body", "string")), "string")
"""The one export of an outer component, ``handle`` (encodings: wit/bridge/README.md)."""


@dataclass(frozen=True, slots=True)
class HostImport:
    """An instance of flat functions that the host defines under ``name``."""

    name: str
    interface: types.Interface


@dataclass(frozen=True, slots=True)
class PlacedNode:
    """A node of a composition.

    ``capabilities`` is the host import through which this node, and no other, reaches its capabilities; None if it
    uses none. ``links`` are those of its ``imports`` that need a Link to a provider, in the order of ``imports``;
    ``wired`` are those that other nodes serve, with the node's name.
    """

    index: int
    name: str
    imports: tuple[str, ...]
    links: tuple[str, ...]
    wired: Mapping[str, str]
    capabilities: HostImport | None


@dataclass(frozen=True, slots=True)
class Composition:
    """An outer component: its bytes and what the host must define to instantiate it."""

    data: bytes = field(repr=False)
    exchange: HostImport
    nodes: tuple[PlacedNode, ...]


def compose(core: bytes, capabilities: bytes, nodes: Sequence[graph.Node]) -> Composition:
    """Join ``nodes`` (node 0 answers HTTP) with the bridge's two components.

    Raises :class:`errors.ComponentRefused` for a node that cannot be served and :class:`errors.LinkRefused` for a
    cycle. The same inputs give the same bytes.
    """
    parts = bridge.read(core, capabilities)
    order = graph.order(nodes)
    for node in nodes:
        check.runnable(node.component, node.name)
    entry = check.entry_export(nodes[0].component, nodes[0].name)
    served = _check(parts, nodes, order)
    _check_entry(parts, nodes[0], entry, served[0])
    outer = _Outer(parts)
    for number in order:
        outer.place(number, nodes[number], served[number])
    outer.trampoline(entry)
    placed = tuple(_placed(outer, nodes, number, served[number]) for number in range(len(nodes)))
    return Composition(outer.writer.finish(), outer.exchange, placed)


def _check(parts: Bridge, nodes: Sequence[graph.Node], order: Sequence[int]) -> dict[int, check.Served]:
    """Serve every import of every node; those that serve others come first, so that their resources are known."""
    served: dict[int, check.Served] = {}
    for number in order:
        node = nodes[number]
        wired = {name: bridge.Candidate(wire.node, _offer(nodes, wire, served)) for name, wire in node.wires.items()}
        served[number] = check.serve(node.component, node.name, parts, wired)
    return served


def _offer(nodes: Sequence[graph.Node], wire: graph.Wire, served: dict[int, check.Served]) -> shapes.Offer:
    node = nodes[wire.node]
    extern = node.component.exported(wire.export)
    if extern is None or not isinstance(extern.type, types.Interface):
        raise errors.LinkRefused("", f"{node.name} does not export {wire.export}", "link to a component that does")
    return shapes.Offer(f"node {wire.node}", node.name, wire.export, extern.type, served[wire.node].bound)


def _check_entry(parts: Bridge, node: graph.Node, export: str, served: check.Served) -> None:
    """Refuse a handler that takes anything but the bridge's request and outparam."""
    extern = node.component.exported(export)
    offer = parts.core_offers[bridge.ENTRY]
    begin = offer.interface.get("begin")
    made = begin.result.parts if isinstance(begin, types.Function) and isinstance(begin.result, types.Compound) else ()
    handle = extern.type.get("handle") if extern and isinstance(extern.type, types.Interface) else None
    if isinstance(handle, types.Opaque):
        return
    wanted = [offer.token(part.resource) for part in made if isinstance(part, types.Handle)]
    taken = handle.params if isinstance(handle, types.Function) and handle.result is None else ()
    tokens = [served.bound.get(kind.resource) for _, kind in taken if isinstance(kind, types.Handle)]
    if tokens != wanted or len(taken) != len(wanted):
        raise errors.ComponentRefused(
            node.name,
            f"exports {export} with a shape of handle that this host does not call"
            + (f" ({binary.quote(types.render(handle))})" if handle else ""),
            "rebuild it against wasi:http@0.2.x",
        )


def _placed(outer: _Outer, nodes: Sequence[graph.Node], number: int, served: check.Served) -> PlacedNode:
    supplies = served.supplies
    own = (name for name, supply in supplies.items() if supply.source == CAPABILITIES)
    wired = {name: nodes[by.source].name for name, by in supplies.items() if isinstance(by.source, int)}
    links = tuple(filter(names.needs_link, own))
    return PlacedNode(number, nodes[number].name, tuple(supplies), links, wired, outer.identities.get(number))


class _Outer:
    """The outer component while it is written."""

    def __init__(self, parts: Bridge) -> None:
        self.parts = parts
        self.writer = writer.Writer()
        self.identities: dict[int, HostImport] = {}
        self._embedded: list[tuple[bytes, int]] = []
        self._instances: dict[int, int] = {}
        self._aliases: dict[tuple[int, str], int] = {}
        (exchange, interface), self._capability_import = parts.host_imports()
        self.exchange = HostImport(exchange, interface)
        host = self._import(self.exchange)
        self._core = self.writer.instantiate(self._embed(parts.core.data), [(exchange, "instance", host)])

    def place(self, number: int, node: graph.Node, served: check.Served) -> None:
        """Instantiate a node, with a capabilities bridge of its own if it needs one."""
        own = None
        if any(supply.source == CAPABILITIES for supply in served.supplies.values()):
            own = self._capabilities(number)

        def instance(source: str | int) -> int:
            if isinstance(source, int):
                return self._instances[source]
            return self._core if source == CORE or own is None else own

        given = {
            name: self._supplied(instance(supply.source), supply, node.component.imported(name))
            for name, supply in served.supplies.items()
        }

        def resource(wanted: types.Resource) -> int:
            return self.writer.alias(given[wanted.owner], wanted.name, "type")

        arguments: list[writer.Argument] = [(name, "instance", index) for name, index in given.items()]
        named = writer.TypeWriter(self.writer, resource)
        arguments += [(name, "type", named.define(kind)) for name, kind in served.named.items()]
        self._instances[number] = self.writer.instantiate(self._embed(node.component.data), arguments)

    def trampoline(self, entry: str) -> None:
        """Export ``handle``: begin, the entry's handler, end, on a small memory of its own."""
        write = self.writer
        calls = self._alias(self._core, bridge.ENTRY)
        handler = self._alias(self._instances[0], entry)
        begin, handle, end = (
            write.alias(instance, name, "func")
            for instance, name in ((calls, "begin"), (handler, "handle"), (calls, "end"))
        )
        kind = write.type(writer.function_type(HANDLE))
        memory_module, trampoline_module = write.core_module(cores.MEMORY), write.core_module(cores.TRAMPOLINE)
        room = write.core_instantiate(memory_module, [])
        memory = write.core_alias(room, "memory", "memory")
        realloc, post = write.core_alias(room, "realloc", "func"), write.core_alias(room, "post", "func")
        lowered = [
            ("begin", write.lower(begin, memory, realloc)),
            ("handle", write.lower(handle)),
            ("end", write.lower(end, memory, realloc)),
        ]
        code = write.core_instantiate(trampoline_module, [("m", room), ("f", write.core_bundle(lowered))])
        run = write.core_alias(code, "handle", "func")
        write.export_function("handle", write.lift(run, kind, memory, realloc, post))

    def _capabilities(self, number: int) -> int:
        """A capabilities bridge for one node: the core's types, and a host import that nobody else has."""
        arguments: list[writer.Argument] = [
            (name, "instance", self._alias(self._core, export)) for name, export in self.parts.core_imports.items()
        ]
        if self._capability_import is not None:
            name, interface = self._capability_import
            identity = HostImport(f"{CAPABILITIES}-{number}", interface)
            self.identities[number] = identity
            arguments.append((name, "instance", self._import(identity)))
        return self.writer.instantiate(self._embed(self.parts.capabilities.data), arguments)

    def _supplied(self, source: int, supply: check.Supply, wanted: inspection.Extern | None) -> int:
        """The instance that serves an import: an export of ``source``, or just the items ``wanted`` from several."""
        if not supply.replaced or wanted is None or not isinstance(wanted.type, types.Interface):
            return self._alias(source, supply.export)
        indexes: list[int] = []
        for name, item in shim.order(wanted.type):
            export, label = supply.replaced.get(name, (supply.export, name))
            sort = "func" if isinstance(item, types.Function) else "type"
            indexes.append(self.writer.alias(self._alias(source, export), label, sort))
        shape = self.writer.component(shim.component(wanted.type))
        return self.writer.instantiate(shape, shim.arguments(wanted.type, indexes))

    def _import(self, wanted: HostImport) -> int:
        return self.writer.import_instance(wanted.name, self.writer.type(writer.interface_type(wanted.interface)))

    def _embed(self, data: bytes) -> int:
        """The index of an embedded component; the same bytes are embedded once."""
        for known, index in self._embedded:
            if known is data or known == data:
                return index
        self._embedded.append((data, self.writer.component(data)))
        return self._embedded[-1][1]

    def _alias(self, instance: int, export: str) -> int:
        """The index of an instance's export; each is aliased once."""
        key = (instance, export)
        if key not in self._aliases:
            self._aliases[key] = self.writer.alias(instance, export, "instance")
        return self._aliases[key]
