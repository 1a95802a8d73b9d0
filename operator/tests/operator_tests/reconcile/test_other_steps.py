"""Link and CapabilityProvider: the exact condition that each situation leads to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from operator_tests import samples
from operator_tests.reconcile.cluster import SERVING, FakeCluster, a_demo, a_running_demo

Situation = Callable[[], FakeCluster]


def link(**spec: Any) -> dict[str, Any]:
    return samples.body("Link", "gopher-kv", **{"component": "gopher", "interface": "wasi:keyvalue", **spec})


def edited(**spec: Any) -> Situation:
    """The demo serves, its Link is edited, and a pod with the new Link serves too."""

    def make() -> FakeCluster:
        cluster = a_running_demo()
        cluster.write(link(**spec))
        cluster.settle()
        cluster.remove("Pod", "gopher-1")
        cluster.pod(SERVING, name="gopher-2")
        cluster.roll_out()
        return cluster

    return make


def without(kind: str, name: str) -> Situation:
    def make() -> FakeCluster:
        cluster = a_running_demo()
        cluster.remove(kind, name)
        return cluster

    return make


LINKS: dict[str, tuple[Situation, str, str, str, str]] = {
    "it cannot be read": (edited(provider="cache", target="x"), "Accepted", "False", "SpecInvalid", "exactly one"),
    "no such component": (
        without("WasmComponent", "gopher"), "Resolved", "False", "ComponentNotFound", "WasmComponent gopher does not exist"
    ),
    "no such provider": (
        without("CapabilityProvider", "cache"), "Resolved", "False", "ProviderNotFound", "CapabilityProvider cache does not exist"
    ),
    "no such target": (
        edited(target="t", interface="acme:a/b"), "Resolved", "False", "TargetNotFound", "WasmComponent t does not exist"
    ),
    "nothing imports it": (
        edited(provider="cache", interface="wasi:blobstore"),
        "Imported", "False", "NotImported", "imports wasi:keyvalue/store@0.2.0-draft); correct spec.interface",
    ),
    "its pods are on their way": (a_demo, "Active", "Unknown", "RollingOut", "WasmComponent gopher"),
    "its pods serve": (a_running_demo, "Active", "True", "Succeeded", "gopher reaches wasi:keyvalue at cache"),
}  # fmt: skip


@pytest.mark.parametrize("name", LINKS)
def test_each_situation_of_a_link_has_its_condition(name: str) -> None:
    situation, condition, status, reason, words = LINKS[name]
    cluster = situation()
    cluster.settle()
    assert cluster.conditions("Link", "gopher-kv")[condition] == (status, reason)
    assert cluster.conditions("Link", "gopher-kv")["Ready"] == (status, reason)
    assert words in cluster.message("Link", "gopher-kv")


def test_a_link_says_where_it_leads() -> None:
    assert a_demo().see("Link", "gopher-kv")["status"]["target"] == "provider/cache"


PROVIDERS: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "redis": ({"redis": {"url": "redis://redis.example"}}, "True", "Succeeded", ""),
    "memory": ({"memory": {}}, "True", "Succeeded", "lost with them"),
    "none": ({}, "False", "SpecInvalid", "exactly one"),
    "a path": ({"filesystem": {"path": "./data"}}, "False", "PathOnCluster", "persistentVolumeClaim"),
}


@pytest.mark.parametrize("name", PROVIDERS)
def test_each_situation_of_a_provider_has_its_condition(name: str) -> None:
    spec, status, reason, words = PROVIDERS[name]
    cluster = FakeCluster()
    cluster.write(samples.body("CapabilityProvider", "p", **spec))
    cluster.settle()
    assert cluster.conditions("CapabilityProvider", "p")["Ready"] == (status, reason)
    assert words in cluster.message("CapabilityProvider", "p")


def test_a_provider_says_what_it_is_and_who_uses_it() -> None:
    status = a_demo().see("CapabilityProvider", "cache")["status"]
    assert (status["type"], status["links"]) == ("redis", 1)
    assert status["capabilities"] == ["wasi:keyvalue", "wasi:blobstore"]
