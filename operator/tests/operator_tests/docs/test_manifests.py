"""Manifests in pages are read as users' manifests are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from operator_tests.docs import pages
from wasicloud_operator.api import component, link, provider

KINDS = {"WasmComponent": component, "CapabilityProvider": provider, "Link": link}
_HEREDOC = re.compile(r"<<'END'\n(.*?)^END$", re.MULTILINE | re.DOTALL)


def documents() -> Iterator[tuple[Path, dict[str, Any]]]:
    for page in pages.files():
        for block in pages.blocks(page):
            texts = [block.text] if block.language == "yaml" else _HEREDOC.findall(block.text)
            for text in texts:
                for document in yaml.safe_load_all(text):
                    if isinstance(document, dict) and document.get("kind") in KINDS:
                        yield page, document


DOCUMENTS = list(documents())


@pytest.mark.parametrize(
    ("page", "document"), DOCUMENTS, ids=[f"{page.relative_to(pages.ROOT)}-{body['kind']}" for page, body in DOCUMENTS]
)
def test_a_manifest_in_a_page_can_be_read(page: Path, document: dict[str, Any]) -> None:
    KINDS[document["kind"]].from_body({**document, "metadata": {"namespace": "default", **document["metadata"]}})
