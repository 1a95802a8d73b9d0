"""The one place that writes to the terminal: results to stdout, problems to stderr."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def line(text: str = "") -> None:
    """A line of the result."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def problem(text: str) -> None:
    """A line that the user should act on."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def raw(text: str) -> None:
    """Text for a terminal as it is."""
    sys.stdout.write(text)
    sys.stdout.flush()


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell, two spaces apart."""
    cells = [tuple(header), *(tuple(row) for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )
