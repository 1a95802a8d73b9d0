"""Index spaces: declarations become values by looking up what earlier declarations put there.

A :class:`Scope` is one component's (or instance type's) set of index spaces. Instances are elaborated on demand,
so a component nested in another is read only if something asks what it exports.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from wasicloud_host import errors
from wasicloud_host.composer import grammar, types
from wasicloud_host.composer.binary import Budget, damaged

MAX_DEPTH = 100
"""How deep a value type may nest; the engine's own limit."""

MAX_WEIGHT = 10_000
"""How many types one value type may consist of, shared parts counted each time."""

_FORCED = 50  # instances whose exports wait for other instances' exports; a chain of linked components has a few

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class InterfaceType:
    """An instance type and the scope it was declared in: imported twice, its resources are two."""

    declaration: grammar.InterfaceDeclaration
    scope: Scope


@dataclass(frozen=True, slots=True)
class Definition:
    """A nested component: where its bytes are and the scope around it."""

    start: int
    end: int
    scope: Scope


class Instance:
    """An instance whose exports are worked out when first asked for."""

    __slots__ = ("_exports", "_make", "_world")

    def __init__(self, world: World, make: Callable[[], dict[str, Entity]]) -> None:
        self._world = world
        self._make = make
        self._exports: dict[str, Entity] | None = None

    def exports(self) -> dict[str, Entity]:
        """What the instance exports, by name."""
        if self._exports is None:
            with self._world:
                self._exports = self._make()
        return self._exports


TypeEntity = types.ValueType | types.Resource | types.Function | InterfaceType | types.Opaque
EntityValue = TypeEntity | Instance | Definition | None


@dataclass(frozen=True, slots=True)
class Entity:
    """An item of an index space. ``value`` of a function is its type, or None where that cannot be known."""

    sort: str
    value: EntityValue


class World:
    """What all scopes of one component share: its bytes, its budget, a supply of names for its own resources."""

    __slots__ = ("asynchronous", "budget", "data", "depth", "serial")

    def __init__(self, data: bytes, budget: Budget) -> None:
        self.data = data
        self.budget = budget
        self.depth = 0
        self.serial = itertools.count()
        self.asynchronous = False

    def __enter__(self) -> None:
        self.depth += 1
        if self.depth > _FORCED:
            raise errors.ComponentRefused(
                "", f"nests components more than {_FORCED} deep", "link them at run time instead of nesting them"
            )

    def __exit__(self, *_: object) -> None:
        self.depth -= 1

    def resource(self) -> types.Resource:
        """A resource type of the component's own."""
        return types.Resource("", f"#{next(self.serial)}")


class Scope:
    """The index spaces of a component or an instance type. Core spaces are left out: nothing is asked of them."""

    __slots__ = ("components", "functions", "functions_known", "instances", "parent", "types", "world")

    def __init__(self, world: World, parent: Scope | None) -> None:
        self.world = world
        self.parent = parent
        self.types: list[TypeEntity] = []
        self.functions: list[types.Function | None] = []
        self.functions_known = True
        self.instances: list[Instance] = []
        self.components: list[Definition | types.Opaque] = []

    def push(self, entity: Entity) -> None:
        """Add ``entity`` at the end of its index space."""
        value = entity.value
        if entity.sort == "func":
            self.functions.append(value if isinstance(value, types.Function) else None)
        elif entity.sort == "type":
            if value is None or isinstance(value, Instance | Definition):
                value = types.Opaque("type")
            self.types.append(value)
        elif entity.sort == "instance":
            self.instances.append(value if isinstance(value, Instance) else Instance(self.world, dict))
        elif entity.sort == "component":
            self.components.append(value if isinstance(value, Definition) else types.Opaque("component"))

    def entity(self, sort: str, index: int) -> Entity:
        """The item at ``index`` of the index space of ``sort``."""
        if sort == "func":
            if not self.functions_known and index >= len(self.functions):
                return Entity(sort, None)
            return Entity(sort, _pick(self.functions, index, "function"))
        if sort == "type":
            return Entity(sort, _pick(self.types, index, "type"))
        if sort == "instance":
            return Entity(sort, _pick(self.instances, index, "instance"))
        if sort == "component":
            return Entity(sort, _pick(self.components, index, "component"))
        return Entity(sort, types.Opaque(sort))

    def alias(self, alias: grammar.Alias) -> Entity:
        """The item that ``alias`` names."""
        if alias.sort in ("core", "module", "value"):
            return Entity(alias.sort, types.Opaque(alias.sort))
        if alias.name is not None:
            exports = _pick(self.instances, alias.index, "instance").exports()
            entity = exports.get(alias.name)
            if entity is None or entity.sort != alias.sort:
                raise damaged("is damaged (an alias of an export that is not there)")
            return entity
        scope: Scope | None = self
        for _ in range(min(alias.depth, MAX_DEPTH)):
            scope = scope.parent if scope else None
        if scope is None:
            raise damaged("is damaged (an alias beyond the outermost component)")
        return scope.entity(alias.sort, alias.index)

    def declared(self, name: str, bound: grammar.Bound, owner: str) -> Entity:
        """The item that an import or an export of an instance type stands for; ``owner`` introduces its resources."""
        if bound.sort == "type":
            if bound.index is None:
                return Entity("type", types.Resource(owner, name))
            return Entity("type", _pick(self.types, bound.index, "type"))
        if bound.index is None or bound.sort == "component":
            return Entity(bound.sort, types.Opaque(bound.sort))
        kind = _pick(self.types, bound.index, "type")
        if bound.sort == "func":
            if not isinstance(kind, types.Function):
                raise damaged("is damaged (a function whose type is not a function's)")
            return Entity("func", kind)
        if not isinstance(kind, InterfaceType):
            raise damaged("is damaged (an instance whose type is not an instance's)")
        path = f"{owner}/{name}" if owner else name
        return Entity("instance", Instance(self.world, lambda: kind.scope.interface(kind.declaration, path)))

    def interface(self, declaration: grammar.InterfaceDeclaration, owner: str) -> dict[str, Entity]:
        """The exports of an instance of this type, its own resources introduced by ``owner``."""
        inner = Scope(self.world, self)
        exports: dict[str, Entity] = {}
        self.world.budget.spend(len(declaration.declarations))
        for item in declaration.declarations:
            if isinstance(item, grammar.Alias):
                inner.push(inner.alias(item))
            elif isinstance(item, grammar.Extern):
                entity = exports[item.name] = inner.declared(item.name, item.bound, owner)
                inner.push(entity)
            else:
                inner.types.append(inner.type(item))
        return exports

    def type(self, declaration: grammar.TypeDeclaration) -> TypeEntity:
        """The type that ``declaration`` means here."""
        if isinstance(declaration, str):
            return declaration
        if isinstance(declaration, grammar.CompoundDeclaration):
            return self._compound(declaration)
        if isinstance(declaration, grammar.HandleDeclaration):
            resource = _pick(self.types, declaration.index, "type")
            if not isinstance(resource, types.Resource):
                raise damaged("is damaged (a handle of something that is not a resource)")
            return types.Handle(declaration.mode, resource)
        if isinstance(declaration, grammar.FunctionDeclaration):
            return self._function(declaration)
        if isinstance(declaration, grammar.ResourceDeclaration):
            return self.world.resource()
        if isinstance(declaration, grammar.InterfaceDeclaration):
            return InterfaceType(declaration, self)
        return types.Opaque("component type")

    def value(self, reference: grammar.Reference) -> types.ValueType:
        """The value type that ``reference`` means here."""
        if isinstance(reference, str):
            return reference
        kind = _pick(self.types, reference, "type")
        if isinstance(kind, str | types.Compound | types.Handle):
            return kind
        raise damaged("is damaged (a value whose type is not a value's)")

    def _function(self, declaration: grammar.FunctionDeclaration) -> types.Function:
        self.world.asynchronous |= declaration.asynchronous
        result = None if declaration.result is None else self.value(declaration.result)
        params = tuple((name, self.value(kind)) for name, kind in declaration.params)
        if sum(kind.weight for _, kind in params if isinstance(kind, types.Compound)) > MAX_WEIGHT:
            raise _too_large()
        return types.Function(params, result, declaration.asynchronous)

    def _compound(self, declaration: grammar.CompoundDeclaration) -> types.Compound:
        self.world.budget.spend(len(declaration.parts))
        parts = tuple(None if part is None else self.value(part) for part in declaration.parts)
        self.world.asynchronous |= declaration.kind in types.ASYNCHRONOUS
        depth = weight = 1
        for part in parts:
            if isinstance(part, types.Compound):
                depth = max(depth, part.depth + 1)
                weight += part.weight
            else:
                weight += 1
        if depth > MAX_DEPTH or weight > MAX_WEIGHT:
            raise _too_large()
        return types.Compound(declaration.kind, declaration.labels, parts, depth, weight)


def _too_large() -> errors.ComponentRefused:
    return errors.ComponentRefused(
        "", "has a type that nests deeper or is larger than this host accepts", "pass such data as list<u8>"
    )


def _pick(space: Sequence[_T], index: int, what: str) -> _T:
    if index >= len(space):
        raise damaged(f"is damaged ({what} {index} of {len(space)})")
    return space[index]


def describe(entity: Entity, world: World) -> types.Item:
    """``entity`` as a value that knows no index space."""
    value = entity.value
    if entity.sort == "func":
        return value if isinstance(value, types.Function) else types.Opaque("func")
    if isinstance(value, Instance):
        exports = value.exports()
        world.budget.spend(len(exports) + 1)
        with world:
            return types.Interface(tuple((name, describe(item, world)) for name, item in exports.items()))
    if entity.sort == "type" and isinstance(value, str | types.Compound | types.Handle | types.Resource):
        return value
    return types.Opaque(entity.sort)
