"""Whatever a manifest holds, it is read or refused in sentences: nothing else is ever raised."""

import contextlib
import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from operator_tests import samples
from wasicloud_cli import manifests
from wasicloud_cli.problems import Unusable

REF = {"name": "s", "key": "k"}
GOOD: list[dict[str, Any]] = [
    samples.body(
        "WasmComponent", "gopher", image="r.example/g:1", config={"a": "b"}, configFrom=[{"secretRef": {"name": "s"}}],
        autoscaling={"maxReplicas": 3}, http={"requestTimeout": "1s", "maxBodyBytes": 3}, egress={"allowedHosts": ["a.example"]},
        service={"port": 80}, instances={"memory": "2Mi"}, tolerations=[{}], resources={"limits": {"cpu": 1}},
    ),
    samples.body("CapabilityProvider", "cache", redis={"url": "rediss://h", "passwordSecretRef": REF, "tls": {"caSecretRef": REF}}),
    samples.body("CapabilityProvider", "blobs", azureBlob={"accountUrl": "https://a", "accountKeySecretRef": REF, "container": {"prefix": "p"}}),
    samples.body("Link", "kv", component="gopher", interface="wasi:keyvalue", provider="cache", parameters={"buckets": {"b": {"prefix": ""}}}),
    {"kind": "Secret", "metadata": {"name": "s"}, "stringData": {"k": "v"}, "data": {"l": "aGk="}},
]  # fmt: skip

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any) -> list[tuple[Any, ...]]:
    """The path of everything inside."""
    found: list[tuple[Any, ...]] = [()]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += [(key, *rest) for rest in places(item)]
    return found


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    whole = copy.deepcopy(document)
    inner = whole
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return whole


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any") / "a.yaml"


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_value_in_any_place(file: Path, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(GOOD) - 1))
    path = data.draw(st.sampled_from(places(GOOD[index])))
    documents = [*GOOD]
    documents[index] = changed(GOOD[index], path, data.draw(ANYTHING))
    file.write_text("\n---\n".join(json.dumps(document) for document in documents))
    with contextlib.suppress(Unusable):
        manifests.load([file])


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(max_size=60) | st.text(alphabet="a:-{}[]#&*!|>'\"%@` \n\t?,0.~<", max_size=60))
def test_any_text(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", newline="", errors="surrogatepass")
    with contextlib.suppress(Unusable):
        manifests.load([file])


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_damage_to_good_text(file: Path, data: st.DataObject) -> None:
    text = yaml.safe_dump_all(GOOD)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 20)))
    file.write_text(
        text[:start] + data.draw(st.text(max_size=5)) + text[end:], encoding="utf-8", errors="surrogatepass"
    )
    with contextlib.suppress(Unusable):
        manifests.load([file])


def test_the_good_one_is_good(file: Path) -> None:
    file.write_text(yaml.safe_dump_all(GOOD))
    assert len(manifests.load([file]).components) == 1
