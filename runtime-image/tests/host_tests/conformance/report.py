"""What the run prints at its end: the table rule × backend, and what each backend declares of itself."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from host_tests.conformance import rules
from wasicloud_host.providers import registry

_GUESTS = {**rules.KEYVALUE, **rules.BLOBSTORE, **rules.WITHOUT_BACKEND}
_CELL = re.compile(
    rf"\[(?P<backend>[\w-]+?)-(?P<guest>{'|'.join(sorted(_GUESTS, key=len, reverse=True))})-(?P<rule>[A-Z]{{2}}\d\d\w?)\]"
)

Cells = dict[tuple[str, str], dict[str, str]]
"""A mark for each backend, by guest and rule."""


def cells(marked: Iterable[tuple[str, str]]) -> Cells:
    """The table of these tests: ``(node id, mark)``; tests that are no cell of it are left out."""
    table: Cells = defaultdict(dict)
    for node, mark in marked:
        found = _CELL.search(node)
        if found and "conformance" in node:
            table[(found["guest"], found["rule"])][found["backend"]] = mark
    return table


def lines(table: Cells) -> Iterator[str]:
    """The table as text, its columns with what they declare."""
    columns = sorted({backend for row in table.values() for backend in row})
    yield f"{'guest':<18}{'rule':<8}" + "".join(f"{column:<15}" for column in columns).rstrip()
    for (guest, rule), row in sorted(table.items()):
        marks = "".join(f"{row.get(column, ''):<15}" for column in columns)
        yield f"{guest:<18}{rule:<8}{marks}".rstrip()
    yield ""
    yield from (declared(column) for column in columns if kind_of(column))


def kind_of(column: str) -> str | None:
    """The type of backend of a column (``redis-cluster`` is a ``redis``); `None` for a column without one."""
    kind = column.partition("-")[0]
    return kind if kind in registry.BACKENDS else None


def declared(column: str) -> str:
    """One line of what a backend says of itself in the registry."""
    kind = kind_of(column) or column
    shared = "shared by hosts and workers" if registry.BACKENDS[kind].shared else "each host its own data"
    layouts = ", ".join(registry.layouts(kind))
    return f"{column:<15}{', '.join(registry.capabilities(kind)):<33}{shared:<30}layouts: {layouts}"
