"""What the user sees: a table of components and Links, then the logs; troubles on stderr.

In a terminal the table stands at the bottom with live counts, and everything else scrolls above it. In a pipe it is printed once, and
again when it changes.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wasicloud_cli import output
from wasicloud_cli.dev import logs
from wasicloud_cli.dev.figures import Figures
from wasicloud_cli.dev.plan import Plan
from wasicloud_cli.problems import Problem
from wasicloud_operator.api.link import package

_SPARE_LINES = 5  # a table that leaves fewer for the logs is not kept at the bottom


@dataclass(frozen=True, slots=True)
class Row:
    """One component in the table. ``reason``: why it does not serve; ``figures``: None where nothing counts."""

    title: str
    url: str
    reason: str | None
    figures: Figures | None = None

    @property
    def state(self) -> str:
        """For the table."""
        return f"not ready: {self.reason}" if self.reason else "ready"


class Screen:
    """Lines of hosts are held back until the first table stands, so that it is not torn apart."""

    def __init__(self) -> None:
        self.terminal = sys.stdout.isatty()
        self._held: list[tuple[str, str]] | None = []
        self._shown = ""
        self._bottom: list[str] = []
        self._complaint = ""

    def log(self, title: str, line: str) -> None:
        """A host's line: readable in a terminal, unchanged in a pipe."""
        if self._held is not None:
            self._held.append((title, line))
        else:
            self._line(logs.readable(title, line, colour=True) if self.terminal else line)

    def event(self, title: str, text: str) -> None:
        """Something happened that needs nobody."""
        self._line(f"--- {title}: {text}")

    def trouble(self, title: str, text: str) -> None:
        """Something happened that somebody should look at."""
        self._problem(f"--- {title}: {text}")

    def table(self, plan: Plan, rows: Sequence[Row]) -> None:
        """Components with URL and state, and Links, unless they stand on the screen already."""
        text = "\n\n".join(_static(plan, rows))
        if text != self._shown:
            self._shown = text
            if not self._fits(text):
                self._line(f"\n{text}\n")
        held, self._held = self._held, None
        for title, line in held or ():
            self.log(title, line)

    def live(self, plan: Plan, rows: Sequence[Row]) -> None:
        """The table at the bottom, with what hosts count; nothing in a pipe."""
        text = "\n\n".join(_counting(plan, rows))
        if self._held is None and self._fits(text):
            width = shutil.get_terminal_size().columns
            lines = ["", *(line[: width - 1] for line in text.split("\n"))]
            if lines != self._bottom:
                self._erase()
                self._bottom = lines
                self._draw()

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._erase()
        self._bottom = []

    def warnings(self, plan: Plan) -> None:
        """What a user may want to know."""
        for warning in plan.warnings:
            self._problem(f"warning: {warning}")

    def refused(self, problems: Iterable[Problem]) -> None:
        """An edit that cannot be applied; said once, however often the file is saved."""
        text = "\n".join(map(str, problems))
        if text != self._complaint:
            self._problem(f"{text}\n--- what ran before goes on running")
        self._complaint = text

    def accepted(self) -> None:
        """The files are in order again."""
        self._complaint = ""

    def _fits(self, text: str) -> bool:
        return self.terminal and text.count("\n") + _SPARE_LINES < shutil.get_terminal_size().lines

    def _line(self, text: str) -> None:
        self._erase()
        output.line(text)
        self._draw()

    def _problem(self, text: str) -> None:
        self._erase()
        output.problem(text)
        self._draw()

    def _erase(self) -> None:
        if self._bottom:
            output.raw(f"\x1b[{len(self._bottom)}F\x1b[J")

    def _draw(self) -> None:
        if self._bottom:
            output.raw("".join(f"{line}\n" for line in self._bottom))


def _static(plan: Plan, rows: Sequence[Row]) -> Iterable[str]:
    yield output.table(("COMPONENT", "URL", "STATE"), [(row.title, row.url, row.state) for row in rows])
    if plan.links:
        yield output.table(("LINK", "COMPONENT", "INTERFACE", "IDENTIFIERS", "LEADS TO"), plan.links)


def _counting(plan: Plan, rows: Sequence[Row]) -> Iterable[str]:
    yield output.table(
        ("COMPONENT", "URL", "REQUESTS", "ERRORS", "TRAPS", "BUSY", "STATE"),
        [(row.title, row.url, *_counts(row.figures), row.state) for row in rows],
    )
    if plan.links:
        yield output.table(
            ("LINK", "COMPONENT", "INTERFACE", "CALLS", "FAILED", "LEADS TO"),
            [_link(link, rows) for link in plan.links],
        )


def _counts(figures: Figures | None) -> tuple[str, ...]:
    if figures is None:
        return ("-", "-", "-", "-")
    return (str(figures.requests), str(figures.errors), str(figures.traps), str(figures.busy))


def _link(link: tuple[str, ...], rows: Sequence[Row]) -> tuple[str, ...]:
    """Calls are counted by component and package: Links that share both show the same."""
    name, component, interface, _, end = link
    key = (component, package(interface))
    counted = [row.figures for row in rows if row.figures is not None]
    calls, failed = (sum(getattr(each, what).get(key, 0) for each in counted) for what in ("calls", "failed"))
    return (name, component, interface, str(calls), str(failed), end)
