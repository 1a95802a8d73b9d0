"""Results as a table for the terminal, as JSON, and as one SVG plot."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from xml.sax.saxutils import escape


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison. ``ratio`` is ours over the peer's, so that above 1 is better for us; ``goal`` is what we want of it."""

    scenario: str
    ours: str
    peer: str
    ratio: float | None
    goal: float | None
    note: str = ""

    @property
    def reached(self) -> str:
        if self.ratio is None or self.goal is None:
            return ""
        return "yes" if self.ratio >= self.goal else "NO"


def table(rows: list[Row]) -> str:
    head = ("scenario", "ours", "peer", "ratio", "goal", "reached", "note")
    body = [
        (r.scenario, r.ours, r.peer, _number(r.ratio), "" if r.goal is None else f"≥ {r.goal:.2f}", r.reached, r.note)
        for r in rows
    ]
    widths = [max(len(line[i]) for line in (head, *body)) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in (head, *body)]
    return "\n".join([lines[0], "  ".join("-" * w for w in widths), *lines[1:]])


def write(rows: list[Row], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    machine = {"cpus": _cpus(), "machine": platform.machine(), "python": platform.python_version()}
    document = {"machine": machine, "rows": [{**asdict(r), "reached": r.reached} for r in rows]}
    (folder / "latest.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    (folder / "latest.svg").write_text(svg(rows))


def svg(rows: list[Row]) -> str:
    """A bar for each ratio, a mark where its goal stands, a line at 1."""
    shown = [r for r in rows if r.ratio is not None]
    left, bar, scale = 360, 22, 460 / max([r.ratio or 0 for r in shown] + [r.goal or 0 for r in shown] + [1.2])
    height = bar * len(shown) + 60
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="920" height="{height}" font-family="sans-serif" font-size="12">',
        f'<rect width="920" height="{height}" fill="white"/>',
        '<text x="12" y="22" font-size="15">ratio to the peer in the same run (right of the line is better for wasi-cloud)</text>',
    ]
    for i, row in enumerate(shown):
        y = 38 + i * bar
        colour = "#b3452c" if row.reached == "NO" else "#2c7fb3"
        parts.append(f'<text x="{left - 8}" y="{y + 14}" text-anchor="end">{escape(row.scenario)}</text>')
        parts.append(
            f'<rect x="{left}" y="{y + 3}" width="{(row.ratio or 0) * scale:.1f}" height="{bar - 8}" fill="{colour}"/>'
        )
        parts.append(f'<text x="{left + (row.ratio or 0) * scale + 5:.1f}" y="{y + 14}">{_number(row.ratio)}</text>')
        if row.goal is not None:
            x = left + row.goal * scale
            parts.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y}" y2="{y + bar - 3}" stroke="#222" stroke-width="2"/>'
            )
    x = left + scale
    parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="34" y2="{height - 20}" stroke="#999" stroke-dasharray="4 3"/>')
    parts.append(
        f'<text x="{x:.1f}" y="{height - 6}" text-anchor="middle">1 = the peer; black marks are the goals</text></svg>'
    )
    return "\n".join(parts) + "\n"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _cpus() -> int:
    return os.cpu_count() or 1
