"""Links between pages lead to what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from operator_tests.docs import pages

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
PAGES = list(pages.files())


def anchors(page: Path) -> set[str]:
    """The names by which headings are reached, as code forges make them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in _HEADING.findall(text)}


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(pages.ROOT)) for page in PAGES])
def test_relative_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in _LINK.findall(_CODE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        if not found.exists() or (anchor and found.suffix == ".md" and anchor not in anchors(found)):
            broken.append(target)
    assert broken == []


def test_every_page_of_docs_is_in_its_index() -> None:
    folder = pages.ROOT / "docs"
    named = {
        (folder / target.partition("#")[0]).resolve() for target in _LINK.findall((folder / "README.md").read_text())
    }
    assert {page for page in folder.rglob("*.md") if page.name != "README.md"} <= named
