"""The kinds' schemas say what the dataclasses read: every field, every bound, every choice, every default."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from wasicloud_operator.api import body, names
from wasicloud_operator.api.component import WasmComponentSpec
from wasicloud_operator.api.link import LinkSpec
from wasicloud_operator.api.provider import CapabilityProviderSpec

CRDS = Path(__file__).parents[4] / "crds"
SPECS = {
    names.WASM_COMPONENT: WasmComponentSpec,
    names.CAPABILITY_PROVIDER: CapabilityProviderSpec,
    names.LINK: LinkSpec,
}
ONLY_ON_THIS_MACHINE = {"spec.filesystem.path"}
"""Fields that only `wasicloud dev` knows."""


def crd(kind: str) -> Any:
    return yaml.safe_load((CRDS / f"{names.PLURALS[kind]}.yaml").read_text())


def schema(kind: str) -> Any:
    return crd(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def dataclass_of(hint: Any) -> Any:
    """The dataclass in ``X``, ``X | None`` or ``tuple[X, ...]``."""
    if dataclasses.is_dataclass(hint):
        return hint
    if typing.get_origin(hint) in (types.UnionType, typing.Union, tuple) or hasattr(hint, "__args__"):
        return next((found for one in typing.get_args(hint) if (found := dataclass_of(one)) is not None), None)
    return None


def fields(cls: Any, properties: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Path, dataclass field and schema of everything that is read."""
    hints = typing.get_type_hints(cls)
    expected = {field.metadata.get("key") or body.key(field.name): field for field in dataclasses.fields(cls)}
    known = {name for name in expected if f"{path}.{name}" not in ONLY_ON_THIS_MACHINE}
    assert set(properties) == known, path
    for name in known:
        inner = properties[name]
        yield f"{path}.{name}", expected[name], inner
        nested = dataclass_of(hints[expected[name].name])
        inside = inner.get("items", inner.get("additionalProperties", inner))
        if nested is not None:
            yield from fields(nested, inside.get("properties", {}), f"{path}.{name}")


def read(kind: str) -> list[tuple[str, Any, Any]]:
    return list(fields(SPECS[kind], schema(kind)["properties"]["spec"]["properties"], "spec"))


@pytest.mark.parametrize("kind", SPECS)
def test_the_schema_and_the_dataclasses_have_the_same_fields_bounds_and_choices(kind: str) -> None:
    for path, field, inner in read(kind):
        if inner.get("type") == "integer":
            bounds = (field.metadata.get("min"), field.metadata.get("max"))
            assert (inner.get("minimum"), inner.get("maximum")) == bounds, path
        assert list(field.metadata.get("choices", ())) == inner.get("enum", []), path


@pytest.mark.parametrize("kind", SPECS)
def test_defaults_are_the_same(kind: str) -> None:
    for path, field, inner in read(kind):
        if "default" not in inner or inner["default"] == {}:
            continue
        convert = field.metadata.get("convert", lambda value, _path: value)
        assert convert(inner["default"], path) == field.default, path


def every_schema(kind: str) -> Iterator[tuple[str, Any]]:
    def walk(path: str, one: Any) -> Iterator[tuple[str, Any]]:
        yield path, one
        for name, inner in one.get("properties", {}).items():
            if f"{path}.{name}" != f"{kind}.metadata":
                yield from walk(f"{path}.{name}", inner)
        for key in ("items", "additionalProperties"):
            if isinstance(one.get(key), dict):
                yield from walk(f"{path}[]", one[key])

    return walk(kind, schema(kind))


@pytest.mark.parametrize("kind", SPECS)
def test_every_field_is_described_and_every_list_and_string_of_a_spec_is_bounded(kind: str) -> None:
    for path, one in every_schema(kind):
        if not path.endswith("[]"):
            assert one.get("description"), path
        if ".status" in path:
            continue
        if one.get("type") == "array":
            assert "maxItems" in one, path
        if one.get("type") == "string" and path.count(".") > 1 and not path.endswith("[]"):
            assert {"maxLength", "enum"} & set(one), path


@pytest.mark.parametrize("kind", SPECS)
def test_what_people_see_first_is_there(kind: str) -> None:
    version = crd(kind)["spec"]["versions"][0]
    columns = [column["name"] for column in version["additionalPrinterColumns"]]
    assert columns[0] == "Ready"
    assert columns[-1] == "Age"
    assert crd(kind)["spec"]["names"]["categories"] == ["wasicloud"]
    assert len(crd(kind)["spec"]["names"]["shortNames"]) == 1
    assert "status" in version["subresources"]
