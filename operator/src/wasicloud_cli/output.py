"""The one place that writes to the terminal: results to stdout, problems to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

_unread: set[str] = set()


def line(text: str = "") -> None:
    """A line of the result."""
    _write("stdout", f"{text}\n")


def problem(text: str) -> None:
    """A line that the user should act on."""
    _write("stderr", f"{text}\n")


def raw(text: str) -> None:
    """Text for a terminal as it is."""
    _write("stdout", text)


def is_read() -> bool:
    """Whether somebody still reads the results (``| head`` goes away)."""
    return "stdout" not in _unread


def _write(name: str, text: str) -> None:
    """Write to ``sys.stdout`` or ``sys.stderr``, unless its reader is gone."""
    if name in _unread:
        return
    stream: TextIO = getattr(sys, name)
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _unread.add(name)
        with Path(os.devnull).open("wb") as nowhere:  # or the interpreter complains at its end
            os.dup2(nowhere.fileno(), stream.fileno())


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell, two spaces apart."""
    cells = [tuple(header), *(tuple(row) for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )
