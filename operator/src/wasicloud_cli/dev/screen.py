"""What the user sees: a table of components and Links, then the logs; troubles on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from wasicloud_cli import output
from wasicloud_cli.dev import logs
from wasicloud_cli.dev.plan import Plan
from wasicloud_cli.problems import Problem


class Screen:
    """Lines of hosts are held back until the first table stands, so that it is not torn apart."""

    def __init__(self) -> None:
        self._terminal = sys.stdout.isatty()
        self._held: list[tuple[str, str]] | None = []
        self._shown = ""
        self._complaint = ""

    def log(self, title: str, line: str) -> None:
        """A host's line: readable in a terminal, unchanged in a pipe."""
        if self._held is not None:
            self._held.append((title, line))
            return
        output.line(logs.readable(title, line, colour=True) if self._terminal else line)

    def event(self, title: str, text: str) -> None:
        """Something happened that needs nobody."""
        output.line(f"--- {title}: {text}")

    def trouble(self, title: str, text: str) -> None:
        """Something happened that somebody should look at."""
        output.problem(f"--- {title}: {text}")

    def table(self, plan: Plan, urls: Iterable[tuple[str, str, str]]) -> None:
        """Components with URL and state, and Links, unless they stand on the screen already."""
        parts = [output.table(("COMPONENT", "URL", "STATE"), list(urls))]
        if plan.links:
            parts.append(output.table(("LINK", "COMPONENT", "INTERFACE", "IDENTIFIERS", "LEADS TO"), plan.links))
        text = "\n\n".join(parts)
        if text != self._shown:
            self._shown = text
            output.line(f"\n{text}\n")
        held, self._held = self._held, None
        for title, line in held or ():
            self.log(title, line)

    def warnings(self, plan: Plan) -> None:
        """What a user may want to know."""
        for warning in plan.warnings:
            output.problem(f"warning: {warning}")

    def refused(self, problems: Iterable[Problem]) -> None:
        """An edit that cannot be applied; said once, however often the file is saved."""
        text = "\n".join(map(str, problems))
        if text != self._complaint:
            output.problem(f"{text}\n--- what ran before goes on running")
        self._complaint = text

    def accepted(self) -> None:
        """The files are in order again."""
        self._complaint = ""
