"""Nothing that a user meets is left out of the pages: fields, reasons, metrics."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from operator_tests.docs import pages

DOCS = pages.ROOT / "docs"
OPERATOR = pages.ROOT / "operator" / "src" / "wasicloud_operator"
HOST = pages.ROOT / "runtime-image" / "src" / "wasicloud_host"
_RAISED = re.compile(r"\b(?:Stalled|Blocked|Waiting|Trouble|Missing|Contradiction)\(\s*\"([A-Z]\w+)\"")
_AS_IN_A_POD = {"resources", "tolerations", "affinity", "topologySpreadConstraints"}


def reasons() -> set[str]:
    sources = [*(OPERATOR / "domain").glob("*.py"), *(OPERATOR / "reconcile").glob("*.py")]
    return {reason for source in sources for reason in _RAISED.findall(source.read_text(encoding="utf-8"))}


def test_every_reason_of_a_condition_has_a_remedy() -> None:
    page = (DOCS / "failures.md").read_text()
    assert len(reasons()) > 15
    assert {reason for reason in reasons() if not re.search(rf"\b{reason}\b", page)} == set()


def fields(schema: Mapping[str, Any]) -> Iterator[str]:
    """The names of all fields that a user may write."""
    for name, field in schema.get("properties", {}).items():
        yield name
        if name not in _AS_IN_A_POD:
            yield from fields(field)
            for inner in (field.get("items"), field.get("additionalProperties")):
                if isinstance(inner, dict):
                    yield from fields(inner)


@pytest.mark.parametrize("kind", ["wasmcomponent", "capabilityprovider", "link"])
def test_every_field_of_a_spec_is_on_its_page(kind: str) -> None:
    crd = yaml.safe_load((pages.ROOT / "crds" / f"{kind}s.yaml").read_text())
    spec = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    page = (DOCS / "kinds" / f"{kind}.md").read_text()
    assert [name for name in fields(spec) if not re.search(rf"\b{name}\b", page)] == []


def test_every_metric_is_on_the_page_for_operators() -> None:
    exposed = re.findall(r'"wasicloud_(\w+)"', (HOST / "http" / "exposition.py").read_text())
    page = (DOCS / "operating.md").read_text()
    assert len(exposed) > 10
    assert [
        name for name in exposed if not any(part in page for part in (f"wasicloud_{name}", name.partition("_")[2]))
    ] == []
