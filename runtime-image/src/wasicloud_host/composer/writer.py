"""Writing a component: encoded sections, and the index that each item written will have.

Source: the component model's Binary.md. Components and modules are embedded by reference and copied once, at the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from wasicloud_host.composer import binary, types

_CORE_SORTS = {"func": 0, "memory": 2}
_SORTS = {"func": 1, "type": 3, "component": 4, "instance": 5}
_PRIMITIVES = {name: code for code, name in types.PRIMITIVES.items()}
_UTF8, _MEMORY, _REALLOC, _POST_RETURN = 0, 3, 4, 5

Argument = tuple[str, str, int]
"""What an instantiation supplies: the import's name, the sort, the index."""


def number(value: int) -> bytes:
    """``value`` as unsigned LEB128."""
    if value < 0x80:
        return bytes((value,))
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def reference(index: int) -> bytes:
    """A type index where a primitive could stand: signed LEB128, so that it cannot be taken for one."""
    encoded = number(index)
    if encoded[-1] & 0x40:
        return encoded[:-1] + bytes((encoded[-1] | 0x80, 0))
    return encoded


def text(value: str) -> bytes:
    """``value`` as a length-prefixed name."""
    encoded = value.encode()
    return number(len(encoded)) + encoded


def extern(value: str) -> bytes:
    """``value`` as the name of an import or export."""
    return b"\0" + text(value)


def vector(items: Sequence[bytes]) -> bytes:
    """``items`` behind their number."""
    return number(len(items)) + b"".join(items)


def function_type(function: types.Function) -> bytes:
    """A function type of primitives; raises :class:`KeyError` for any other."""
    params = [text(name) + _primitive(kind) for name, kind in function.params]
    result = b"\x01\0" if function.result is None else b"\0" + _primitive(function.result)
    return b"\x40" + vector(params) + result


def _primitive(kind: types.ValueType) -> bytes:
    if not isinstance(kind, str):
        raise TypeError(f"{types.render(kind)} is not a primitive")
    return bytes((_PRIMITIVES[kind],))


def interface_type(interface: types.Interface) -> bytes:
    """The type of an instance that exports functions of primitives only."""
    declarations: list[bytes] = []
    for index, (name, function) in enumerate(interface.functions()):
        declarations += [b"\x01" + function_type(function), b"\x04" + extern(name) + b"\x01" + number(index)]
    return b"\x42" + vector(declarations)


_LABELLED = {"record": 0x72, "variant": 0x71, "flags": 0x6E, "enum": 0x6D}
_UNLABELLED = {"list": 0x70, "tuple": 0x6F, "option": 0x6B, "result": 0x6A, "map": 0x63}
_FIXED_LIST = 0x67


def _value_type(kind: types.Compound, parts: Sequence[bytes | None]) -> bytes:
    """A value type whose parts are encoded already."""
    present = [b"\0" if part is None else b"\x01" + part for part in parts]
    if kind.kind == "list" and kind.labels:
        return bytes((_FIXED_LIST,)) + (parts[0] or b"") + number(int(kind.labels[0]))
    if kind.kind == "record":
        items = [text(label) + (part or b"") for label, part in zip(kind.labels, parts, strict=True)]
    elif kind.kind == "variant":
        items = [text(label) + part + b"\0" for label, part in zip(kind.labels, present, strict=True)]
    elif kind.kind in _LABELLED:
        items = [text(label) for label in kind.labels]
    else:
        plain = present if kind.kind == "result" else [part or b"" for part in parts]
        body = vector(plain) if kind.kind == "tuple" else b"".join(plain)
        return bytes((_UNLABELLED[kind.kind],)) + body
    return bytes((_LABELLED[kind.kind],)) + vector(items)


class Writer:
    """A component under construction. Every method adds one item and returns its index among items of its sort."""

    __slots__ = ("_chunks", "_counts", "_entries", "_section")

    def __init__(self) -> None:
        self._chunks: list[bytes] = [binary.PREAMBLE]
        self._counts: Counter[str] = Counter()
        self._section = 0
        self._entries: list[bytes] = []

    def finish(self) -> bytes:
        """The component's bytes."""
        self._flush()
        return b"".join(self._chunks)

    def component(self, data: bytes) -> int:
        """Embed a component."""
        return self._embed(4, "component", data)

    def core_module(self, data: bytes) -> int:
        """Embed a core module."""
        return self._embed(1, "core module", data)

    def type(self, encoded: bytes) -> int:
        """Define a type."""
        return self._add(7, "type", encoded)

    def import_instance(self, name: str, kind: int) -> int:
        """Import an instance of the type with index ``kind``."""
        return self._add(10, "instance", extern(name) + b"\x05" + number(kind))

    def import_type(self, name: str, equal: int | None) -> int:
        """Import the type with index ``equal``, or (None) any resource type."""
        return self._add(10, "type", extern(name) + b"\x03" + (b"\x01" if equal is None else b"\0" + number(equal)))

    def import_function(self, name: str, kind: int) -> int:
        """Import a function of the type with index ``kind``."""
        return self._add(10, "func", extern(name) + b"\x01" + number(kind))

    def instantiate(self, component: int, arguments: Iterable[Argument]) -> int:
        """Instantiate an embedded component."""
        encoded = [text(name) + bytes((_SORTS[sort],)) + number(index) for name, sort, index in arguments]
        return self._add(5, "instance", b"\0" + number(component) + vector(encoded))

    def alias(self, instance: int, name: str, sort: str) -> int:
        """Name an export of an instance."""
        return self._add(6, sort, bytes((_SORTS[sort], 0)) + number(instance) + text(name))

    def core_alias(self, instance: int, name: str, sort: str) -> int:
        """Name an export of a core instance."""
        return self._add(6, f"core {sort}", bytes((0, _CORE_SORTS[sort], 1)) + number(instance) + text(name))

    def core_instantiate(self, module: int, arguments: Iterable[tuple[str, int]]) -> int:
        """Instantiate a core module with core instances."""
        encoded = [text(name) + b"\x12" + number(index) for name, index in arguments]
        return self._add(2, "core instance", b"\0" + number(module) + vector(encoded))

    def core_bundle(self, functions: Iterable[tuple[str, int]]) -> int:
        """A core instance that exports these core functions."""
        encoded = [text(name) + b"\0" + number(index) for name, index in functions]
        return self._add(2, "core instance", b"\x01" + vector(encoded))

    def lower(self, function: int, memory: int | None = None, realloc: int | None = None) -> int:
        """A core function that calls a component function; strings are UTF-8."""
        options = _options(memory, realloc, None)
        return self._add(8, "core func", b"\x01\0" + number(function) + options)

    def lift(self, function: int, kind: int, memory: int, realloc: int, post: int) -> int:
        """A component function of type ``kind`` that calls a core function; strings are UTF-8."""
        encoded = b"\0\0" + number(function) + _options(memory, realloc, post) + number(kind)
        return self._add(8, "func", encoded)

    def export_function(self, name: str, function: int, kind: int | None = None) -> int:
        """Export a component function, as one of the type with index ``kind`` if given."""
        ascribed = b"\0" if kind is None else b"\x01\x01" + number(kind)
        return self._add(11, "func", extern(name) + b"\x01" + number(function) + ascribed)

    def export_type(self, name: str, kind: int) -> int:
        """Export a type; the export's index names it from then on."""
        return self._add(11, "type", extern(name) + b"\x03" + number(kind) + b"\0")

    def _add(self, section: int, sort: str, entry: bytes) -> int:
        if section != self._section:
            self._flush()
            self._section = section
        self._entries.append(entry)
        return self._next(sort)

    def _embed(self, section: int, sort: str, data: bytes) -> int:
        self._flush()
        self._chunks += [bytes((section,)), number(len(data)), data]
        return self._next(sort)

    def _next(self, sort: str) -> int:
        self._counts[sort] += 1
        return self._counts[sort] - 1

    def _flush(self) -> None:
        if self._entries:
            body = vector(self._entries)
            self._chunks += [bytes((self._section,)), number(len(body)), body]
            self._entries = []
        self._section = 0


class TypeWriter:
    """Defines types by their value, each part once; ``resource`` gives the indexes of resource types."""

    __slots__ = ("_known", "_resource", "_writer")

    def __init__(self, writer: Writer, resource: Callable[[types.Resource], int]) -> None:
        self._writer = writer
        self._resource = resource
        self._known: dict[int, int] = {}

    def define(self, kind: types.ValueType | types.Resource) -> int:
        """The index of a type that is ``kind``."""
        if isinstance(kind, types.Resource):
            return self._resource(kind)
        if isinstance(kind, str):
            return self._writer.type(_primitive(kind))
        if id(kind) not in self._known:
            self._known[id(kind)] = self._writer.type(self._encode(kind))
        return self._known[id(kind)]

    def call(self, kind: types.ValueType | types.Resource, index: int) -> None:
        """From now on ``kind`` is the type at ``index``: the name that an import or export gave it."""
        if not isinstance(kind, str | types.Resource):
            self._known[id(kind)] = index

    def function(self, kind: types.Function) -> int:
        """The index of a function type."""
        params = [text(name) + self._part(part) for name, part in kind.params]
        result = b"\x01\0" if kind.result is None else b"\0" + self._part(kind.result)
        return self._writer.type(b"\x40" + vector(params) + result)

    def _encode(self, kind: types.Compound | types.Handle) -> bytes:
        if isinstance(kind, types.Handle):
            return (b"\x69" if kind.mode == "own" else b"\x68") + number(self._resource(kind.resource))
        return _value_type(kind, [None if part is None else self._part(part) for part in kind.parts])

    def _part(self, kind: types.ValueType) -> bytes:
        return _primitive(kind) if isinstance(kind, str) else reference(self.define(kind))


def _options(memory: int | None, realloc: int | None, post: int | None) -> bytes:
    pairs = ((_MEMORY, memory), (_REALLOC, realloc), (_POST_RETURN, post))
    carried = [bytes((option,)) + number(index) for option, index in pairs if index is not None]
    return vector([bytes((_UTF8,)), *carried] if carried else [])
