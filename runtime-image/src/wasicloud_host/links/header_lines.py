"""Header lines of `wit/bridge/README.md`: ``name: value``, or ``name:\\x01BASE64`` for a value that is not UTF-8. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import pybase64


def parse(lines: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """Names and values in order."""
    fields = []
    for line in lines.split(b"\n"):
        name, colon, value = line.partition(b":")
        if not colon:
            continue
        if value.startswith(b"\x01"):
            fields.append((name, pybase64.b64decode(value[1:])))
        else:
            fields.append((name, value.removeprefix(b" ")))
    return tuple(fields)


def write(fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Lines of these names (ASCII) and values (any bytes without line ends)."""
    lines = []
    for name, value in fields:
        try:
            value.decode()
            lines.append(b"%b: %b\n" % (name, value))
        except UnicodeDecodeError:
            lines.append(b"%b:\x01%b\n" % (name, pybase64.b64encode(value)))
    return b"".join(lines)
