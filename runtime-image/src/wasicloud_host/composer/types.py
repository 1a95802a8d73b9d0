"""The values that describe what a component imports and exports; frozen, comparable, printable as WIT.

A value type is a primitive's name (``"u32"``, ``"string"`` …), a :class:`Compound` or a :class:`Handle`. Names of
records, variants and aliases are not part of it: the component model compares everything but resources by
structure. A :class:`Resource` is known by where it was introduced.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

PRIMITIVES: Mapping[int, str] = {
    0x7F: "bool",
    0x7E: "s8",
    0x7D: "u8",
    0x7C: "s16",
    0x7B: "u16",
    0x7A: "s32",
    0x79: "u32",
    0x78: "s64",
    0x77: "u64",
    0x76: "f32",
    0x75: "f64",
    0x74: "char",
    0x73: "string",
    0x64: "error-context",
}
"""Primitive value types by their byte (Binary.md, ``primvaltype``)."""

ASYNCHRONOUS = frozenset({"stream", "future", "error-context"})
"""Value types that only exist with the component model's async support."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource type: ``owner`` is the import or definition that introduces it, ``name`` its name there."""

    owner: str
    name: str


@dataclass(frozen=True, slots=True)
class Handle:
    """``own<resource>`` or ``borrow<resource>``; ``mode`` is the keyword."""

    mode: str
    resource: Resource


@dataclass(frozen=True, slots=True)
class Compound:
    """Any value type made of others.

    ``kind`` is the WIT keyword. ``labels`` are the names of fields, cases or flags (for a list of fixed length: the
    length). ``parts`` are the types in it; None is a case or a side of a result that carries nothing.
    """

    kind: str
    labels: tuple[str, ...]
    parts: tuple[ValueType | None, ...]
    depth: int = field(default=1, compare=False, repr=False)
    weight: int = field(default=1, compare=False, repr=False)


ValueType = str | Compound | Handle


@dataclass(frozen=True, slots=True)
class Function:
    """A function's type; parameter names are part of it, as the component model has it."""

    params: tuple[tuple[str, ValueType], ...]
    result: ValueType | None
    asynchronous: bool = False


@dataclass(frozen=True, slots=True)
class Opaque:
    """Something that is there but is not described, by its sort: ``component``, ``module``, ``func`` …"""

    sort: str


@dataclass(frozen=True, slots=True)
class Interface:
    """An instance's type: what it exports, in order. A value type or a :class:`Resource` among the items is a type."""

    items: tuple[tuple[str, Item], ...]

    def get(self, name: str) -> Item | None:
        """The item called ``name``."""
        return next((item for label, item in self.items if label == name), None)

    def functions(self) -> Iterator[tuple[str, Function]]:
        """The functions among the items, with their component-level names (``[method]bucket.get`` …)."""
        return ((name, item) for name, item in self.items if isinstance(item, Function))

    def resource_names(self) -> dict[Resource, str]:
        """How this interface calls the resources it mentions."""
        return {item: name for name, item in self.items if isinstance(item, Resource)}


Item = Function | Resource | Handle | Compound | str | Interface | Opaque


def render(item: Item | None, names: Mapping[Resource, str] | None = None) -> str:
    """``item`` as WIT would write it, with resources called as in ``names`` (default: by their own name)."""
    if item is None:
        return "_"
    if isinstance(item, str):
        return item
    if isinstance(item, Resource):
        return (names or {}).get(item, item.name)
    if isinstance(item, Handle):
        name = render(item.resource, names)
        return name if item.mode == "own" else f"borrow<{name}>"
    if isinstance(item, Compound):
        return _render_compound(item, names)
    if isinstance(item, Function):
        params = ", ".join(f"{name}: {render(kind, names)}" for name, kind in item.params)
        result = "" if item.result is None else f" -> {render(item.result, names)}"
        return f"{'async ' if item.asynchronous else ''}func({params}){result}"
    return "interface" if isinstance(item, Interface) else item.sort


def _render_compound(item: Compound, names: Mapping[Resource, str] | None) -> str:
    parts = [render(part, names) for part in item.parts]
    if item.kind == "record":
        return "record {" + ", ".join(f"{label}: {part}" for label, part in zip(item.labels, parts, strict=True)) + "}"
    if item.kind == "variant":
        cases = zip(item.labels, item.parts, parts, strict=True)
        return (
            "variant {" + ", ".join(label if kind is None else f"{label}({text})" for label, kind, text in cases) + "}"
        )
    if item.kind in ("flags", "enum"):
        return f"{item.kind} {{{', '.join(item.labels)}}}"
    if item.kind == "result":
        if item.parts == (None, None):
            return "result"
        return f"result<{parts[0]}>" if item.parts[1] is None else f"result<{parts[0]}, {parts[1]}>"
    inner = ", ".join([*(part for part, kind in zip(parts, item.parts, strict=True) if kind is not None), *item.labels])
    return f"{item.kind}<{inner}>" if inner else item.kind
