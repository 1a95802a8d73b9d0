"""An instance put together from parts: a small component that takes types and functions and exports them by name.

A plain bundle of items will not do: only a component's exports may be called ``[method]thing.look``, and only after
the type ``thing`` is exported. So the types are imported, exported, and each function exported in their terms.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from wasicloud_host import errors
from wasicloud_host.composer import binary, types, writer

_TYPE, _FUNCTION = "t", "f"


def component(interface: types.Interface) -> bytes:
    """A component that exports ``interface``; its imports, to be given in order, are named by :func:`arguments`.

    Raises :class:`errors.ComponentRefused` if a function mentions a resource that the interface does not name.
    """
    write = writer.Writer()
    imported: dict[types.Resource, int] = {}
    exported: dict[types.Resource, int] = {}
    inside = writer.TypeWriter(write, functools.partial(_named, imported))
    outside = writer.TypeWriter(write, functools.partial(_named, exported))
    ordered = order(interface)
    items: list[int] = []
    for number, (_, item) in enumerate(ordered):
        if isinstance(item, types.Function):
            items.append(write.import_function(f"{_FUNCTION}{number}", inside.function(item)))
        elif isinstance(item, types.Resource):
            items.append(write.import_type(f"{_TYPE}{number}", imported.get(item)))
            imported.setdefault(item, items[-1])
        else:
            items.append(write.import_type(f"{_TYPE}{number}", inside.define(item)))
            inside.call(item, items[-1])
    for (name, item), index in zip(ordered, items, strict=True):
        if isinstance(item, types.Function):
            write.export_function(name, index, outside.function(item))
        elif isinstance(item, types.Resource):
            exported.setdefault(item, write.export_type(name, exported.get(item, index)))
        else:
            outside.call(item, write.export_type(name, outside.define(item)))
    return write.finish()


def order(interface: types.Interface) -> list[tuple[str, types.ValueType | types.Resource | types.Function]]:
    """The items in the order in which they are imported: types before the functions that mention them."""
    known = [(name, item) for name, item in interface.items if not isinstance(item, types.Interface | types.Opaque)]
    return sorted(known, key=lambda pair: isinstance(pair[1], types.Function))


def arguments(interface: types.Interface, indexes: Sequence[int]) -> list[writer.Argument]:
    """What instantiates :func:`component`: the items of :func:`order`, at ``indexes`` outside."""
    given: list[writer.Argument] = []
    for number, ((_, item), index) in enumerate(zip(order(interface), indexes, strict=True)):
        function = isinstance(item, types.Function)
        given.append((f"{_FUNCTION if function else _TYPE}{number}", "func" if function else "type", index))
    return given


def _named(known: dict[types.Resource, int], resource: types.Resource) -> int:
    if resource not in known:
        raise errors.ComponentRefused(
            "",
            f"imports functions of the resource {binary.quote(resource.name)} without the resource",
            "rebuild it with a toolchain that makes WASI 0.2 components",
        )
    return known[resource]
