"""A Link has one interface and one end, a provider or a target."""

from typing import Any

import pytest

from operator_tests import samples
from wasicloud_operator.api import link
from wasicloud_operator.api.errors import SpecInvalid


def test_a_link_to_a_provider_is_read_with_its_parameters() -> None:
    spec = samples.a_link(
        "l",
        provider="cache",
        identifiers=["default"],
        parameters={"prefix": "team-a/", "layout": "hash", "buckets": {"users": {"prefix": "", "name": "people"}}},
    ).spec
    assert (spec.provider, spec.identifiers, spec.parameters.prefix, spec.parameters.layout) == (
        "cache", ("default",), "team-a/", "hash",
    )  # fmt: skip
    users = spec.parameters.buckets["users"]
    assert (users.prefix, users.name, users.layout) == ("", "people", None)


def test_a_link_to_a_component_is_read() -> None:
    assert samples.a_link("l", target="blobby", interface="wasi:http/incoming-handler").spec.target == "blobby"


MISTAKES: dict[str, tuple[dict[str, Any], str, str]] = {
    "no end": ({}, "spec", "has neither provider nor target"),
    "two ends": ({"provider": "a", "target": "b"}, "spec", "has both provider and target"),
    "itself": ({"target": "gopher"}, "spec.target", "'gopher' is the component itself"),
    "not an interface": ({"provider": "a", "interface": "keyvalue"}, "spec.interface", "is not a package or interface"),
    "no provider serves it": (
        {"provider": "a", "interface": "wasi:http/incoming-handler"}, "spec.interface", "is not what a provider serves",
    ),
    "one interface of a package": (
        {"provider": "a", "interface": "wasi:keyvalue/store"}, "spec.interface", "is not what a provider serves",
    ),
    "parameters for a component": ({"target": "b", "parameters": {}}, "spec.parameters", "is for providers"),
    "identifiers for a component": ({"target": "b", "identifiers": []}, "spec.identifiers", "is for providers"),
    "layout": ({"provider": "a", "parameters": {"layout": "list"}}, "spec.parameters.layout", "is 'list'"),
    "empty name": ({"provider": "a", "parameters": {"buckets": {"b": {"name": ""}}}}, "spec.parameters.buckets.b.name", "is empty"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(mistake: str) -> None:
    spec, path, problem = MISTAKES[mistake]
    with pytest.raises(SpecInvalid) as raised:
        samples.a_link("l", **spec)
    assert raised.value.path == path
    assert problem in raised.value.problem


def test_the_package_of_an_interface() -> None:
    assert link.package("wasi:keyvalue/store@0.2.0-draft") == "wasi:keyvalue"
    assert link.package("acme:app") == "acme:app"
