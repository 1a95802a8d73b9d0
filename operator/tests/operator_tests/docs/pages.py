"""The documents as tests read them: files, fenced blocks and the markers before them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[4]
_FENCE = re.compile(
    r"^(?:<!-- test: (?P<marker>[^>]*) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_SKIPPED = {"node_modules", "target", "build"}


@dataclass(frozen=True)
class Block:
    """A fenced block; ``marker`` is what stands in `<!-- test: … -->` on the line before it."""

    page: Path
    language: str
    marker: str
    text: str


def files() -> Iterator[Path]:
    """Every page of ours: README.md anywhere, and all of docs/."""
    found = {*ROOT.glob("*.md"), *ROOT.rglob("README.md"), *(ROOT / "docs").rglob("*.md")}
    for path in sorted(found):
        folders = path.relative_to(ROOT).parts[:-1]
        if not any(name.startswith(".") or name in _SKIPPED for name in folders):
            yield path


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page."""
    for match in _FENCE.finditer(page.read_text(encoding="utf-8")):
        yield Block(page, match["language"], match["marker"] or "", match["text"])
