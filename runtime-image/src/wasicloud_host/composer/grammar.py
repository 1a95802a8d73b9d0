"""The component model's binary grammar: bytes to declarations that still speak in indexes.

Source: the component model's Binary.md. Nothing here knows an index space; :mod:`.elaborate` resolves the indexes.
Encodings that no released toolchain of WASI 0.2 writes are refused by name, not guessed at.
"""

from __future__ import annotations

from dataclasses import dataclass

from wasicloud_host.composer import types
from wasicloud_host.composer.binary import Reader, damaged

SORTS = {1: "func", 2: "value", 3: "type", 4: "component", 5: "instance"}
"""Component-level sorts by their byte; 0 is followed by a core sort."""

_NESTING = 20  # instance types within instance types; WIT has no way to write even two

Reference = int | str
"""A value type in place: a type index or a primitive's name."""


@dataclass(frozen=True, slots=True)
class CompoundDeclaration:
    """A :class:`types.Compound` whose parts are references."""

    kind: str
    labels: tuple[str, ...]
    parts: tuple[Reference | None, ...]


@dataclass(frozen=True, slots=True)
class HandleDeclaration:
    """``own`` or ``borrow`` of the resource type at ``index``."""

    mode: str
    index: int


@dataclass(frozen=True, slots=True)
class FunctionDeclaration:
    """A :class:`types.Function` whose types are references."""

    params: tuple[tuple[str, Reference], ...]
    result: Reference | None
    asynchronous: bool


@dataclass(frozen=True, slots=True)
class ResourceDeclaration:
    """A resource type defined in this component."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What an import is, or an export is ascribed.

    ``index`` is a type index for functions, instances, components and ``(type (eq index))``; None for
    ``(type (sub resource))`` and for sorts that nothing here describes.
    """

    sort: str
    index: int | None


@dataclass(frozen=True, slots=True)
class Alias:
    """An alias: ``depth`` scopes out at ``index`` (``name`` is None), or the export ``name`` of instance ``index``."""

    sort: str
    index: int
    name: str | None
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Extern:
    """An import, or an export declared in an instance type."""

    name: str
    bound: Bound


@dataclass(frozen=True, slots=True)
class InterfaceDeclaration:
    """An instance type: declarations in the order in which they fill its index spaces."""

    declarations: tuple[Declaration, ...]


@dataclass(frozen=True, slots=True)
class ComponentTypeDeclaration:
    """A component type; nothing needs its inside."""


TypeDeclaration = (
    str
    | CompoundDeclaration
    | HandleDeclaration
    | FunctionDeclaration
    | ResourceDeclaration
    | InterfaceDeclaration
    | ComponentTypeDeclaration
)
Declaration = TypeDeclaration | Alias | Extern


def extern_name(reader: Reader) -> str:
    """The name of an import or an export, in either of its two released encodings."""
    kind = reader.byte()
    if kind > 1:
        raise damaged(f"is damaged or newer than this host at byte {reader.position} (a name of kind {kind})")
    return reader.name()


def sort(reader: Reader) -> str:
    """A sort; every core sort is ``core`` except ``module``, the only one a component can import."""
    kind = reader.byte()
    if kind == 0:
        return "module" if reader.byte() == 0x11 else "core"
    try:
        return SORTS[kind]
    except KeyError:
        raise damaged(f"is damaged at byte {reader.position} (an item of unknown sort {kind})") from None


def bound(reader: Reader) -> Bound:
    """An ``externdesc``."""
    what = sort(reader)
    if what == "type":
        if reader.byte() == 0:
            return Bound(what, reader.u32())
        return Bound(what, None)
    if what == "value":
        if reader.byte() == 0:
            reader.u32()
        else:
            reference(reader)
        return Bound(what, None)
    index = reader.u32()
    return Bound(what, None if what in ("module", "core") else index)


def reference(reader: Reader) -> Reference:
    """A ``valtype``: one byte for a primitive, else a type index (a signed LEB128 that is not negative)."""
    first = reader.peek()
    if first in types.PRIMITIVES:
        reader.position += 1
        return types.PRIMITIVES[first]
    if 0x40 <= first < 0x80:
        raise damaged(f"is damaged at byte {reader.position} (unknown value type {first:#04x})")
    return reader.u32()


def optional_reference(reader: Reader) -> Reference | None:
    """A ``valtype`` behind a presence byte."""
    return reference(reader) if reader.byte() else None


def alias(reader: Reader) -> Alias:
    """An entry of an alias section or an alias declaration."""
    what = sort(reader)
    target = reader.byte()
    if target in (0, 1):
        return Alias(what if target == 0 else "core", reader.u32(), reader.name())
    if target != 2:
        raise damaged(f"is damaged at byte {reader.position} (an alias of unknown kind {target})")
    depth = reader.u32()
    return Alias(what, reader.u32(), None, depth)


def _labelled(reader: Reader) -> tuple[tuple[str, Reference], ...]:
    return tuple((reader.name(), reference(reader)) for _ in range(reader.count()))


def _record(reader: Reader) -> CompoundDeclaration:
    fields = _labelled(reader)
    return CompoundDeclaration("record", tuple(name for name, _ in fields), tuple(kind for _, kind in fields))


def _variant(reader: Reader) -> CompoundDeclaration:
    labels: list[str] = []
    parts: list[Reference | None] = []
    for _ in range(reader.count()):
        labels.append(reader.name())
        parts.append(optional_reference(reader))
        if reader.byte():  # `refines`, which never left the drafts
            reader.u32()
    return CompoundDeclaration("variant", tuple(labels), tuple(parts))


def _labels(kind: str, reader: Reader) -> CompoundDeclaration:
    return CompoundDeclaration(kind, tuple(reader.name() for _ in range(reader.count())), ())


def _function(reader: Reader, *, asynchronous: bool) -> FunctionDeclaration:
    params = _labelled(reader)
    if reader.byte() == 0:
        return FunctionDeclaration(params, reference(reader), asynchronous)
    if reader.count():
        raise damaged(f"is damaged or older than WASI 0.2 at byte {reader.position} (a function with named results)")
    return FunctionDeclaration(params, None, asynchronous)


def _resource(reader: Reader) -> ResourceDeclaration:
    reader.byte()  # the representation: i32
    if reader.byte():
        reader.u32()  # the destructor
    return ResourceDeclaration()


def type_declaration(reader: Reader, nesting: int = 0) -> TypeDeclaration:
    """A ``deftype``: an entry of a type section."""
    code = reader.byte()
    if code in types.PRIMITIVES:
        return types.PRIMITIVES[code]
    match code:
        case 0x40 | 0x43:
            return _function(reader, asynchronous=code == 0x43)
        case 0x41 | 0x42:
            return _nested(reader, nesting, component=code == 0x41)
        case 0x3F:
            return _resource(reader)
        case 0x69 | 0x68:
            return HandleDeclaration("own" if code == 0x69 else "borrow", reader.u32())
        case 0x72:
            return _record(reader)
        case 0x71:
            return _variant(reader)
        case 0x6E | 0x6D:
            return _labels("flags" if code == 0x6E else "enum", reader)
    return _generic(code, reader)


def _generic(code: int, reader: Reader) -> CompoundDeclaration:
    """The value types whose parts have no labels."""
    match code:
        case 0x70:
            return CompoundDeclaration("list", (), (reference(reader),))
        case 0x67:
            element = reference(reader)
            return CompoundDeclaration("list", (str(reader.u32()),), (element,))
        case 0x6F:
            return CompoundDeclaration("tuple", (), tuple(reference(reader) for _ in range(reader.count())))
        case 0x6B:
            return CompoundDeclaration("option", (), (reference(reader),))
        case 0x6A:
            return CompoundDeclaration("result", (), (optional_reference(reader), optional_reference(reader)))
        case 0x66 | 0x65:
            return CompoundDeclaration("stream" if code == 0x66 else "future", (), (optional_reference(reader),))
        case 0x63:
            return CompoundDeclaration("map", (), (reference(reader), reference(reader)))
    raise damaged(f"is damaged or newer than this host at byte {reader.position} (unknown type {code:#04x})")


def _nested(reader: Reader, nesting: int, *, component: bool) -> InterfaceDeclaration | ComponentTypeDeclaration:
    if nesting >= _NESTING:
        raise damaged(f"is damaged at byte {reader.position} (types nested more than {_NESTING} deep)")
    declarations = tuple(_declaration(reader, nesting + 1) for _ in range(reader.count()))
    return ComponentTypeDeclaration() if component else InterfaceDeclaration(declarations)


def _declaration(reader: Reader, nesting: int) -> Declaration:
    kind = reader.byte()
    match kind:
        case 1:
            return type_declaration(reader, nesting)
        case 2:
            return alias(reader)
        case 3 | 4:
            return Extern(extern_name(reader), bound(reader))
    raise damaged(f"is damaged or newer than this host at byte {reader.position} (unknown declaration {kind})")
