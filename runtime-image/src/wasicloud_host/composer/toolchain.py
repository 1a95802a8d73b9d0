"""Which language and tools made a component: the ``producers`` custom sections, of it and of all modules in it.

For people who look at a component (``wasicloud inspect``); nothing decides by it, so a malformed section is skipped.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from wasicloud_host import errors
from wasicloud_host.composer import binary
from wasicloud_host.composer.binary import Reader

_DEPTH = 20  # components within components; deeper ones are not looked at


@dataclass(frozen=True, slots=True)
class Producers:
    """Tools as ``"name version"``, without repeats, in the order in which they were found."""

    languages: tuple[str, ...]
    processed_by: tuple[str, ...]
    sdks: tuple[str, ...]


def producers(data: bytes) -> Producers:
    """Collect the producers of ``data``, a component's bytes; empty where it says nothing."""
    fields: dict[str, dict[str, None]] = {"language": {}, "processed-by": {}, "sdk": {}}
    with contextlib.suppress(errors.ComponentRefused):  # what was found until then is still true
        _collect(Reader(data, len(binary.PREAMBLE), len(data), binary.Budget()), fields, 0)
    return Producers(*(tuple(fields[name]) for name in ("language", "processed-by", "sdk")))


def _collect(reader: Reader, fields: dict[str, dict[str, None]], depth: int) -> None:
    """Walk section headers; 0 is custom, and in a component 1 and 4 are a module and a component to look into."""
    component = reader.data.startswith(binary.PREAMBLE, reader.position - len(binary.PREAMBLE))
    while reader.more():
        identifier, body = reader.section()
        if identifier == 0:
            _custom(body, fields)
        elif component and identifier in (1, 4) and depth < _DEPTH:
            body.slice(len(binary.PREAMBLE))
            _collect(body, fields, depth + 1)


def _custom(body: Reader, fields: dict[str, dict[str, None]]) -> None:
    if body.name() != "producers":
        return
    for _ in range(body.count()):
        found = fields.get(body.name(), {})
        for _ in range(body.count()):
            name, version = body.name(), body.name()
            found[binary.quote(f"{name} {version}".strip())] = None
