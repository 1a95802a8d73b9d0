"""WasmComponent: one table for each step, with the exact condition that each situation leads to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from operator_tests import samples
from operator_tests.reconcile.cluster import FETCHED, SERVING, STARTING, FakeCluster, a_demo, a_running_demo

Situation = Callable[[], FakeCluster]
IMAGE = "registry.example/gopher:1"


def alone(**spec: Any) -> Situation:
    """One WasmComponent and nothing else."""

    def make() -> FakeCluster:
        cluster = FakeCluster()
        cluster.write(samples.body("WasmComponent", "gopher", **{"image": IMAGE, **spec}))
        return cluster

    return make


def beside(*bodies: dict[str, Any], **spec: Any) -> Situation:
    """One WasmComponent and others."""

    def make() -> FakeCluster:
        cluster = alone(**spec)()
        for body in bodies:
            cluster.write(body)
        return cluster

    return make


def a_link(name: str = "l", **spec: Any) -> dict[str, Any]:
    return samples.body("Link", name, **{"component": "gopher", "interface": "wasi:keyvalue", **spec})


def with_pod(status: dict[str, Any], ready: bool = False, **figures: Any) -> Situation:
    def make() -> FakeCluster:
        cluster = a_demo()
        cluster.pod(status)
        cluster.roll_out(ready=ready, **figures)
        return cluster

    return make


def ended(message: str, code: int = 2, reason: str = "Error", name: str = "fetch") -> dict[str, Any]:
    return {"name": name, "state": {"terminated": {"exitCode": code, "reason": reason, "message": message}}}


def waiting(reason: str, message: str = "", name: str = "host") -> dict[str, Any]:
    return {
        "name": name,
        "image": "registry.example/host:1",
        "state": {"waiting": {"reason": reason, "message": message}},
    }


REFUSED = "image registry.example/gopher:1: no such artifact; check the name"
UNSERVED = "components[gopher]: imports wasi:keyvalue/store@0.2.0-draft, which no link serves; add a Link with interface: wasi:keyvalue"

TABLE: dict[str, tuple[Situation, str, str, str, str]] = {
    # Accepted
    "a spec that cannot be read": (alone(workers=0), "Accepted", "False", "SpecInvalid", "spec.workers"),
    # LinksResolved
    "no such provider": (beside(a_link(provider="p")), "LinksResolved", "False", "ProviderNotFound", "CapabilityProvider p"),
    "no such target": (
        beside(a_link(target="t", interface="acme:a/b")), "LinksResolved", "False", "TargetNotFound", "WasmComponent t"
    ),
    "a circle": (
        beside(
            a_link(target="t", interface="acme:a/b"),
            samples.body("WasmComponent", "t", image=IMAGE),
            a_link("m", component="t", target="gopher", interface="acme:a/b"),
        ),
        "LinksResolved", "False", "LinkCycle", "gopher → t → gopher",
    ),
    "two Links for one thing": (
        beside(samples.body("CapabilityProvider", "p", memory={}), a_link(provider="p"), a_link("m", provider="p")),
        "LinksResolved", "False", "LinksOverlap", "Links l and m",
    ),
    "a Link that cannot be read": (
        beside(a_link(provider="p", target="t")), "LinksResolved", "False", "LinkInvalid", "Link l"
    ),
    "a provider that cannot be read": (
        beside(samples.body("CapabilityProvider", "p"), a_link(provider="p")),
        "LinksResolved", "False", "CapabilityProviderInvalid", "CapabilityProvider p",
    ),
    "a file of one machine": (alone(image="file:a.wasm"), "LinksResolved", "False", "ImageIsFile", "wasicloud push"),
    "memory for two processes": (
        beside(samples.body("CapabilityProvider", "p", memory={}), a_link(provider="p"), workers=2),
        "LinksResolved", "False", "MemoryNotShared", "workers",
    ),
    "an import that the pod finds unserved": (
        with_pod({"initContainerStatuses": [ended(UNSERVED)]}), "LinksResolved", "False", "ImportNotLinked", "wasi:keyvalue"
    ),
    # Configured
    "no such ConfigMap": (
        alone(configFrom=[{"configMapRef": {"name": "settings"}}]), "Configured", "False", "ConfigMapNotFound", "ConfigMap settings"
    ),
    # Applied is specified in test_worker
    # Available
    "just written": (a_demo, "Available", "Unknown", "RollingOut", "just been changed"),
    "all serve": (with_pod(SERVING, ready=True), "Available", "True", "Succeeded", "1 pod serves"),
    "a pod starts": (with_pod(STARTING), "Available", "Unknown", "RollingOut", "0 of 1 pods are ready"),
    "an old pod finishes": (
        with_pod(SERVING, ready=True, replicas=2), "Available", "Unknown", "RollingOut", "earlier pods finish"
    ),
    "no pod may be made": (
        with_pod(STARTING, conditions=[{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}]),
        "Available", "False", "PodsRefused", "exceeded quota",
    ),
    "no node fits": (
        with_pod({"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/1 nodes: Insufficient cpu."}]}),
        "Available", "False", "Unschedulable", "Insufficient cpu; change spec.resources",
    ),
    "evicted": (with_pod({"phase": "Failed", "message": "The node was low on memory."}), "Available", "False", "PodFailed", "low on memory"),
    "no such host image": (
        with_pod({"initContainerStatuses": [waiting("ImagePullBackOff", "Back-off pulling", "fetch")]}),
        "Available", "False", "HostImageUnavailable", "registry.example/host:1",
    ),
    "a container that cannot be made": (
        with_pod({"containerStatuses": [waiting("CreateContainerConfigError", "no user")]}),
        "Available", "False", "CreateContainerConfigError", "no user",
    ),
    "the artifact is refused": (with_pod({"initContainerStatuses": [ended(REFUSED)]}), "Available", "False", "FetchFailed", REFUSED),
    "the artifact was refused, and it is tried again": (
        with_pod({"initContainerStatuses": [{**ended("")
                  , "lastState": ended(REFUSED)["state"], "state": {"running": {}}}]}),
        "Available", "False", "FetchFailed", REFUSED,
    ),
    "too little memory to compile": (
        with_pod({"initContainerStatuses": [ended("", 137, "OOMKilled")]}), "Available", "False", "OutOfMemory", "limits.memory"
    ),
    "the host crashes": (
        with_pod({
            "initContainerStatuses": [FETCHED],
            "containerStatuses": [{**waiting("CrashLoopBackOff"), "lastState": ended("wasicloud-host: links[0]: bad; mend it")["state"]}],
        }),
        "Available", "False", "HostCrashed", "links[0]: bad; mend it",
    ),
    "the host crashes without a word": (
        with_pod({"containerStatuses": [{**waiting("CrashLoopBackOff"), "lastState": ended("", 139)["state"]}]}),
        "Available", "False", "HostCrashed", "exit code 139",
    ),
    "too little memory to serve": (
        with_pod({"containerStatuses": [{**waiting("CrashLoopBackOff"), "lastState": ended("", 137, "OOMKilled")["state"]}]}),
        "Available", "False", "OutOfMemory", "limits.memory",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_each_situation_has_its_condition(name: str) -> None:
    situation, condition, status, reason, words = TABLE[name]
    cluster = situation()
    cluster.settle()
    conditions = cluster.conditions("WasmComponent", "gopher")
    assert conditions[condition] == (status, reason)
    assert words in cluster.message("WasmComponent", "gopher", condition)
    assert conditions["Ready"] == (status, reason)
    assert cluster.message("WasmComponent", "gopher") == cluster.message("WasmComponent", "gopher", condition)
    assert "\n" not in cluster.message("WasmComponent", "gopher")


def test_steps_stand_in_the_status_in_their_order() -> None:
    assert list(a_running_demo().conditions("WasmComponent", "gopher")) == [
        "Accepted", "LinksResolved", "Configured", "Applied", "Available", "Ready",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("happens", "text"),
    [
        ("secret", 'MountVolume.SetUp failed for volume "secrets" : secret "redis-auth" not found'),
        ("redis-auth", 'MountVolume.SetUp failed for volume "secrets" : secret "redis-auth" not found'),
        ("key password", "MountVolume.SetUp failed: references non-existent secret key: password"),
        ("MountVolume", "MountVolume.SetUp failed for another reason"),
    ],
)
def test_a_volume_that_a_pod_waits_for_is_named(happens: str, text: str) -> None:
    cluster = a_demo()
    cluster.pod({"initContainerStatuses": [waiting("PodInitializing", name="fetch")]})
    cluster.roll_out(ready=False)
    cluster.write({"kind": "Event", "metadata": {"name": "e"}, "involvedObject": {"name": "gopher-1"}, "message": text})
    cluster.settle()
    assert cluster.conditions("WasmComponent", "gopher")["Available"] == ("False", "VolumeMissing")
    assert happens in cluster.message("WasmComponent", "gopher")


def test_a_change_that_does_not_come_up_says_that_the_pods_before_it_serve_on() -> None:
    cluster = a_running_demo()
    cluster.write(samples.body("WasmComponent", "gopher", image="registry.example/gopher:2", config={"a": "b"}))
    cluster.settle()
    cluster.pod({"initContainerStatuses": [ended(REFUSED)]}, name="gopher-2")
    cluster.roll_out(replicas=2, updatedReplicas=1, readyReplicas=1, availableReplicas=1)
    cluster.settle()
    assert cluster.conditions("WasmComponent", "gopher")["Available"] == ("False", "FetchFailed")
    assert cluster.message("WasmComponent", "gopher").endswith("(the pods before this change go on serving)")


def test_a_link_that_a_running_component_needs_is_not_taken_from_its_pods() -> None:
    cluster = a_running_demo()
    before = cluster.see("Deployment", "gopher")
    cluster.remove("Link", "gopher-kv")
    cluster.settle()
    assert cluster.conditions("WasmComponent", "gopher")["LinksResolved"] == ("False", "ImportNotLinked")
    assert "interface: wasi:keyvalue" in cluster.message("WasmComponent", "gopher")
    assert cluster.see("Deployment", "gopher") == before


def test_an_image_that_is_not_known_yet_is_not_judged_by_the_one_before() -> None:
    cluster = a_running_demo()
    cluster.remove("Link", "gopher-kv")
    cluster.write(samples.body("WasmComponent", "gopher", image="registry.example/gopher:2"))
    cluster.settle()
    assert cluster.conditions("WasmComponent", "gopher")["LinksResolved"] == ("True", "Succeeded")


def test_scaled_to_zero_is_ready_and_says_so() -> None:
    cluster = a_demo(replicas=0)
    cluster.roll_out()
    cluster.settle()
    assert cluster.conditions("WasmComponent", "gopher")["Ready"] == ("True", "Succeeded")
    assert "zero" in cluster.message("WasmComponent", "gopher")


def test_the_status_says_where_it_answers_and_how_many() -> None:
    status = a_running_demo(replicas=1, service={"port": 8080}).see("WasmComponent", "gopher")["status"]
    assert status["url"] == "http://gopher.default.svc.cluster.local:8080"
    assert (status["replicas"], status["readyReplicas"]) == (1, 1)
    assert status["selector"] == "wasicloud.dev/component=gopher"


def test_a_config_map_that_changes_rolls_the_pods() -> None:
    cluster = FakeCluster()
    cluster.write({"kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "1"}})
    cluster.write(
        samples.body("WasmComponent", "gopher", image=IMAGE, configFrom=[{"configMapRef": {"name": "settings"}}])
    )
    cluster.settle()
    cluster.writes.clear()
    cluster.write({"kind": "ConfigMap", "metadata": {"name": "settings", "labels": {"x": "y"}}, "data": {"a": "1"}})
    cluster.settle()
    assert cluster.writes == []
    cluster.write({"kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "2"}})
    cluster.settle()
    assert "apply Deployment gopher" in cluster.writes
