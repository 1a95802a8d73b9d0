"""The CRDs and the dataclasses say the same: fields, which are required, choices, bounds and defaults."""

import dataclasses
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from wasicloud_host import config_codec as codec
from wasicloud_operator.api import component, link, names, provider

CRDS = Path(__file__).parents[4] / "crds"
SPECS = {
    names.WASM_COMPONENT: component.WasmComponentSpec,
    names.CAPABILITY_PROVIDER: provider.CapabilityProviderSpec,
    names.LINK: link.LinkSpec,
}
ONLY_ON_THIS_MACHINE = {"spec.filesystem.path"}


def schema(kind: str) -> dict[str, Any]:
    document = yaml.safe_load((CRDS / f"{names.PLURALS[kind]}.yaml").read_text())
    (version,) = document["spec"]["versions"]
    assert (document["spec"]["group"], version["name"]) == (names.GROUP, names.VERSION)
    return dict(version["schema"]["openAPIV3Schema"]["properties"]["spec"])


def inner(kind: Any) -> Any:
    """The dataclass inside ``X | None``, ``tuple[X, ...]`` or ``Mapping[str, X]``; None if there is none."""
    if dataclasses.is_dataclass(kind):
        return kind
    for argument in typing.get_args(kind):
        found = inner(argument)
        if found is not None:
            return found
    return None


def walk(cls: Any, node: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any, Any, Mapping[str, Any]]]:
    """Every object of a spec: path, dataclass, type hints, schema."""
    hints = typing.get_type_hints(cls)
    yield path, cls, hints, node
    for field in dataclasses.fields(cls):
        key = field.metadata.get("key") or codec.camel(field.name)
        below = node.get("properties", {}).get(key, {})
        part = inner(hints[field.name])
        if part is not None and key in node.get("properties", {}):
            below = below.get("items") or below.get("additionalProperties") or below
            yield from walk(part, below, f"{path}.{key}")


OBJECTS = [found for kind, cls in SPECS.items() for found in walk(cls, schema(kind), "spec")]
IDS = [f"{cls.__name__}-{path}" for path, cls, _, _ in OBJECTS]


@pytest.mark.parametrize(("path", "cls", "hints", "node"), OBJECTS, ids=IDS)
def test_the_fields_are_the_same(path: str, cls: Any, hints: Any, node: Mapping[str, Any]) -> None:
    fields = {field.metadata.get("key") or codec.camel(field.name): field for field in dataclasses.fields(cls)}
    written = set(node.get("properties", {}))
    assert {key for key in fields if f"{path}.{key}" not in ONLY_ON_THIS_MACHINE} == written
    required = {
        key
        for key, field in fields.items()
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    in_schema = set(node.get("required", ()))
    assert required <= in_schema
    assert in_schema - required <= {"persistentVolumeClaim"}  # which a path replaces on one machine


@pytest.mark.parametrize(("path", "cls", "hints", "node"), OBJECTS, ids=IDS)
def test_choices_bounds_and_defaults_are_the_same(path: str, cls: Any, hints: Any, node: Mapping[str, Any]) -> None:
    for field in dataclasses.fields(cls):
        key = field.metadata.get("key") or codec.camel(field.name)
        if f"{path}.{key}" in ONLY_ON_THIS_MACHINE:
            continue
        written = node["properties"][key]
        assert tuple(written.get("enum", ())) == tuple(field.metadata.get("choices", ())), key
        if written.get("type") == "integer":
            assert (written.get("minimum"), written.get("maximum")) == (
                field.metadata.get("min"),
                field.metadata.get("max"),
            ), key
        default = written.get("default")
        if default not in (None, {}):
            convert = field.metadata.get("convert")
            assert field.default == (convert(default, key) if convert else default), key
