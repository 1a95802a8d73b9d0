"""Walking a component's sections: they fill a :class:`scopes.Scope`; imports and exports are kept by name.

Core modules, core instances and custom sections are skipped by their length; nested components too, until
something asks what an instance of them exports.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from wasicloud_host.composer import binary, grammar, types
from wasicloud_host.composer.binary import Reader, damaged
from wasicloud_host.composer.scopes import Definition, Entity, Instance, Scope, World

_LIFT, _LOWER, _RESOURCE_NEW, _RESOURCE_DROP, _RESOURCE_REP = range(5)
_WITH_INDEX = frozenset({3, 4, 5, 7, 8})  # canonical options that carry an index: memory, realloc, post-return …
_ASYNC_OPTION = 6


@dataclass(slots=True)
class Walk:
    """A component being read. ``arguments`` are what an instantiation supplies for its imports."""

    scope: Scope
    arguments: Mapping[str, Entity]
    imports: dict[str, Entity] = field(default_factory=dict)
    exports: dict[str, Entity] = field(default_factory=dict)


def walk(world: World, start: int, end: int) -> Walk:
    """Read the outermost component, in ``data[start:end]`` after its preamble."""
    return _walk(Reader(world.data, start, end, world.budget), Walk(Scope(world, None), {}))


def _walk(reader: Reader, component: Walk) -> Walk:
    while reader.more():
        identifier, body = reader.section()
        read = _SECTIONS.get(identifier)
        if identifier == 4:
            component.scope.components.append(Definition(body.position, body.end, component.scope))
        elif read is not None:
            for _ in range(body.count()):
                read(body, component)
            body.finished()
        elif identifier > 12:
            raise damaged(f"is damaged or newer than this host at byte {body.position} (unknown section {identifier})")
    return component


def _instantiate(definition: Definition, arguments: Mapping[str, Entity]) -> dict[str, Entity]:
    world = definition.scope.world
    reader = Reader(world.data, definition.start, definition.end, world.budget)
    world.budget.spend(1)
    if not world.data.startswith(binary.PREAMBLE, definition.start, definition.end):
        raise damaged(f"is damaged at byte {definition.start} (a nested component without its preamble)")
    reader.position += len(binary.PREAMBLE)
    return _walk(reader, Walk(Scope(world, definition.scope), arguments)).exports


def _import(reader: Reader, component: Walk) -> None:
    name = grammar.extern_name(reader)
    bound = grammar.bound(reader)
    entity = component.arguments.get(name)
    if entity is None or entity.sort != bound.sort or entity.value is None:
        entity = component.scope.declared(name, bound, "")
    if name in component.imports:
        raise damaged(f"is damaged (it imports {binary.quote(name)} twice)")
    if len(component.imports) == binary.EXTERNS:
        raise binary.too_complex()
    component.imports[name] = entity
    component.scope.push(entity)


def _export(reader: Reader, component: Walk) -> None:
    name = grammar.extern_name(reader)
    entity = component.scope.entity(grammar.sort(reader), reader.u32())
    if reader.byte():
        bound = grammar.bound(reader)
        if bound.sort != entity.sort:
            raise damaged(f"is damaged (the export {binary.quote(name)} is not of the sort it says)")
        # a type that is ascribed stays what it is: an opaque name for it would only hide what is compared later
        if bound.sort in ("func", "instance"):
            entity = component.scope.declared(name, bound, "")
    if name in component.exports:
        raise damaged(f"is damaged (it exports {binary.quote(name)} twice)")
    if len(component.exports) == binary.EXTERNS:
        raise binary.too_complex()
    component.exports[name] = entity
    component.scope.push(entity)


def _alias(reader: Reader, component: Walk) -> None:
    component.scope.push(component.scope.alias(grammar.alias(reader)))


def _type(reader: Reader, component: Walk) -> None:
    component.scope.types.append(component.scope.type(grammar.type_declaration(reader)))


def _instance(reader: Reader, component: Walk) -> None:
    scope = component.scope
    kind = reader.byte()
    if kind == 0:
        definition = scope.entity("component", reader.u32()).value
        arguments = {reader.name(): _sorted_index(reader, scope) for _ in range(reader.count())}
        if isinstance(definition, Definition):
            scope.instances.append(Instance(scope.world, lambda: _instantiate(definition, arguments)))
            return
        exports: dict[str, Entity] = {}
    elif kind == 1:
        exports = {grammar.extern_name(reader): _sorted_index(reader, scope) for _ in range(reader.count())}
    else:
        raise damaged(f"is damaged at byte {reader.position} (an instance of unknown kind {kind})")
    scope.instances.append(Instance(scope.world, lambda: exports))


def _sorted_index(reader: Reader, scope: Scope) -> Entity:
    sort = grammar.sort(reader)
    return scope.entity(sort, reader.u32())


def _canonical(reader: Reader, component: Walk) -> None:
    """One canonical function. Only lifts fill an index space that matters; the others are told apart and skipped."""
    scope = component.scope
    if not scope.functions_known and not reader.more():
        return
    operation = reader.byte()
    if operation in (_LIFT, _LOWER):
        reader.byte()
        reader.u32()
        _options(reader, scope.world)
        if operation == _LIFT:
            kind = scope.entity("type", reader.u32()).value
            scope.functions.append(kind if isinstance(kind, types.Function) else None)
    elif operation in (_RESOURCE_NEW, _RESOURCE_DROP, _RESOURCE_REP):
        reader.u32()
    else:
        # Everything else serves async code or threads. Its operands vary by release, so the section ends here, and
        # with it all knowledge of which function has which index.
        scope.world.asynchronous = True
        scope.functions_known = False
        reader.position = reader.end


def _options(reader: Reader, world: World) -> None:
    for _ in range(reader.count()):
        option = reader.byte()
        if option in _WITH_INDEX:
            reader.u32()
        elif option == _ASYNC_OPTION:
            world.asynchronous = True
        elif option > 9:
            raise damaged(f"is damaged or newer than this host at byte {reader.position} (unknown option {option})")


_SECTIONS: dict[int, Callable[[Reader, Walk], None]] = {
    5: _instance,
    6: _alias,
    7: _type,
    8: _canonical,
    10: _import,
    11: _export,
}
