"""The worker writes what differs, says it once, and leaves alone what stands."""

from __future__ import annotations

import time

import pytest

from operator_tests import samples
from operator_tests.reconcile.cluster import DIGEST, IMPORTS, SERVING, STARTING, FakeCluster, a_demo, a_running_demo
from wasicloud_operator.api import names
from wasicloud_operator.api.refs import ObjectKey
from wasicloud_operator.reconcile.errors import ApiProblem
from wasicloud_operator.reconcile.ports import Key
from wasicloud_operator.reconcile.queue import Queue
from wasicloud_operator.reconcile.worker import Pace


def look_again(cluster: FakeCluster) -> list[str]:
    """Reconcile everything once more; what was written."""
    cluster.writes.clear()
    for key in cluster.world.everything():
        cluster.queue.add(key)
    cluster.settle()
    return cluster.writes


def test_a_component_becomes_its_children_in_their_order() -> None:
    assert [write for write in a_demo().writes if write.startswith("apply")] == [
        "apply ServiceAccount gopher-wasicloud",
        "apply ConfigMap gopher-wasicloud",
        "apply NetworkPolicy gopher",
        "apply Service gopher",
        "apply Deployment gopher",
    ]


@pytest.mark.parametrize("make", [a_demo, a_running_demo])
def test_a_second_look_at_an_unchanged_world_writes_nothing(make: type) -> None:
    assert look_again(make()) == []


def test_a_world_that_is_reached_is_told_on_every_kind() -> None:
    cluster = a_running_demo()
    for kind, name in (("WasmComponent", "gopher"), ("Link", "gopher-kv"), ("CapabilityProvider", "cache")):
        assert cluster.conditions(kind, name)["Ready"] == ("True", "Succeeded")


@pytest.mark.parametrize(
    ("kind", "name"), [("Deployment", "gopher"), ("ConfigMap", "gopher-wasicloud"), ("Service", "gopher")]
)
def test_a_child_that_is_deleted_or_changed_is_mended(kind: str, name: str) -> None:
    cluster = a_demo()
    cluster.writes.clear()
    cluster.remove(kind, name)
    cluster.settle()
    assert f"apply {kind} {name}" in cluster.writes
    changed = cluster.see(kind, name)
    changed["metadata"]["labels"]["app.kubernetes.io/part-of"] = "another"
    cluster.writes.clear()
    cluster.write({**changed, "kind": kind})
    cluster.settle()
    assert cluster.writes == [f"apply {kind} {name}"]


def test_a_child_that_is_no_longer_wanted_is_deleted() -> None:
    cluster = a_demo(autoscaling={"maxReplicas": 3})
    cluster.write(samples.body("WasmComponent", "gopher", image="registry.example/gopher:1"))
    cluster.writes.clear()
    cluster.settle()
    assert cluster.writes.count("delete HorizontalPodAutoscaler gopher") == 1, "before a watch tells that it is gone"
    assert look_again(cluster) == []


def test_a_link_edit_rolls_the_pods_in_one_write_and_moves_what_is_counted() -> None:
    cluster = a_running_demo()
    cluster.write(samples.body("CapabilityProvider", "blobs", memory={}))
    cluster.settle()
    before = cluster.see("Deployment", "gopher")["spec"]["template"]["metadata"]["annotations"]
    cluster.writes.clear()
    cluster.write(samples.body("Link", "gopher-kv", component="gopher", interface="wasi:keyvalue", provider="blobs"))
    cluster.settle()
    assert cluster.writes.count("apply Deployment gopher") == 1
    assert cluster.see("Deployment", "gopher")["spec"]["template"]["metadata"]["annotations"] != before
    assert cluster.see("CapabilityProvider", "cache")["status"]["links"] == 0
    assert cluster.see("CapabilityProvider", "blobs")["status"]["links"] == 1
    assert cluster.conditions("Link", "gopher-kv")["Ready"][0] == "Unknown", "its pods are not there yet"


def test_what_was_fetched_is_pinned_without_rolling_the_pods() -> None:
    cluster = a_demo()
    template = cluster.see("Deployment", "gopher")["spec"]["template"]
    cluster.pod(SERVING)
    cluster.roll_out()
    cluster.settle()
    assert DIGEST in cluster.see("ConfigMap", "gopher-wasicloud")["data"]["config.json"]
    assert cluster.see("Deployment", "gopher")["spec"]["template"] == template
    status = cluster.see("WasmComponent", "gopher")["status"]
    assert status["digest"] == DIGEST
    assert status["imports"] == IMPORTS
    cluster.remove("Pod", "gopher-1")
    cluster.writes.clear()
    cluster.settle()
    assert "apply ConfigMap gopher-wasicloud" not in cluster.writes, "the digest holds without pods"


def test_another_image_is_not_pinned_to_the_digest_of_the_one_before() -> None:
    cluster = a_running_demo()
    cluster.write(samples.body("WasmComponent", "gopher", image="registry.example/gopher:2"))
    cluster.settle()
    assert "sha256:" not in cluster.see("ConfigMap", "gopher-wasicloud")["data"]["config.json"]


def test_an_autoscaler_keeps_its_number() -> None:
    cluster = a_demo(replicas=4)
    cluster.write(
        samples.body("WasmComponent", "gopher", image="registry.example/gopher:1", autoscaling={"maxReplicas": 9})
    )
    cluster.settle()
    assert cluster.see("Deployment", "gopher")["spec"]["replicas"] == 4
    deployed = cluster.see("Deployment", "gopher")
    deployed["spec"]["replicas"] = 7
    cluster.write({**deployed, "kind": "Deployment"})
    cluster.writes.clear()
    cluster.settle()
    assert not [write for write in cluster.writes if write.startswith("apply")]


def test_an_object_that_users_made_is_not_touched() -> None:
    cluster = FakeCluster()
    cluster.write({"kind": "Service", "metadata": {"name": "gopher"}, "spec": {"ports": []}})
    cluster.write(samples.body("WasmComponent", "gopher", image="registry.example/gopher:1"))
    cluster.settle()
    assert cluster.writes == ["status WasmComponent gopher"]
    assert cluster.conditions("WasmComponent", "gopher")["Applied"] == ("False", "NameTaken")
    assert "Service gopher is there already" in cluster.message("WasmComponent", "gopher")
    cluster.remove("Service", "gopher")
    cluster.settle()
    assert "apply Deployment gopher" in cluster.writes, "its deletion is enough"


def test_children_of_an_earlier_component_of_this_name_are_waited_for() -> None:
    cluster = a_demo()
    cluster.remove("WasmComponent", "gopher")
    again = samples.body("WasmComponent", "gopher", image="registry.example/gopher:1")
    again["metadata"]["uid"] = "another"
    cluster.writes.clear()
    cluster.write(again)
    cluster.settle()
    assert cluster.conditions("WasmComponent", "gopher")["Applied"] == ("Unknown", "OldObjectsGoing")
    for kind in ("ServiceAccount", "ConfigMap", "NetworkPolicy", "Service", "Deployment"):
        for key in cluster.world.keys(kind):
            cluster.remove(kind, key.name)
    cluster.settle()
    assert "apply Deployment gopher" in cluster.writes


def test_a_deleted_component_is_left_to_the_garbage_collector() -> None:
    cluster = a_running_demo()
    body = cluster.see("WasmComponent", "gopher")
    body["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    cluster.writes.clear()
    cluster.write({**body, "kind": "WasmComponent"})
    cluster.settle()
    assert not [write for write in cluster.writes if "gopher" in write and "Link" not in write]


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (ApiProblem(403, "Forbidden", "exceeded quota"), ("False", "Forbidden")),
        (ApiProblem(422, "Invalid", "spec.x: bad"), ("False", "ApplyFailed")),
        (ApiProblem(503, "ServiceUnavailable", "busy"), ("Unknown", "ApiServerBusy")),
    ],
)
def test_what_the_api_server_says_to_a_write_is_told(problem: ApiProblem, expected: tuple[str, str]) -> None:
    cluster = FakeCluster()
    cluster.refuse = problem
    cluster.write(samples.body("WasmComponent", "gopher", image="registry.example/gopher:1"))
    cluster.settle()
    assert cluster.conditions("WasmComponent", "gopher")["Applied"] == expected
    assert problem.message in cluster.message("WasmComponent", "gopher")
    assert cluster.outcomes == ["error"], "and it is tried again"
    look_again(cluster)
    assert cluster.conditions("WasmComponent", "gopher")["Applied"] == ("True", "Succeeded")


def test_a_value_that_the_api_server_spells_in_its_own_way_is_not_written_for_ever() -> None:
    cluster = FakeCluster()
    cluster.respell = lambda body: body.get("spec", {}).update(type="Otherwise") if body["kind"] == "Service" else None
    cluster.write(samples.body("WasmComponent", "gopher", image="registry.example/gopher:1"))
    cluster.settle()
    assert cluster.writes.count("apply Service gopher") == 1
    assert cluster.conditions("WasmComponent", "gopher")["Applied"] == ("True", "Succeeded")
    assert cluster.outcomes == ["written"]


def test_a_component_that_stands_is_not_looked_at_again_soon() -> None:
    delays: list[float] = []

    class Listening(Queue[Key]):
        def add_after(self, key: Key, seconds: float) -> None:
            delays.append(seconds)

    cluster = a_running_demo()
    cluster.queue = cluster.worker._queue = Listening()
    look_again(cluster)
    assert min(delays) >= 600


def test_a_new_component_waits_for_the_rest_of_its_manifest() -> None:
    cluster = FakeCluster()
    cluster.worker._pace = Pace(arrival=0.05)
    cluster.write(samples.body("WasmComponent", "gopher", image="registry.example/gopher:1"))
    cluster.settle()
    assert cluster.writes == []
    time.sleep(0.1)
    look_again(cluster)
    assert "apply Deployment gopher" in cluster.writes


def test_a_new_component_that_lacks_something_says_so_when_its_manifest_had_time_to_come() -> None:
    cluster = FakeCluster()
    cluster.worker._pace = Pace(arrival=0.05)
    cluster.write(
        samples.body("WasmComponent", "gopher", image="a", configFrom=[{"configMapRef": {"name": "settings"}}])
    )
    cluster.settle()
    assert cluster.writes == []
    time.sleep(0.1)
    look_again(cluster)
    assert cluster.conditions("WasmComponent", "gopher")["Ready"] == ("False", "ConfigMapNotFound")


def test_a_namespace_that_is_being_deleted_is_left_alone() -> None:
    cluster = FakeCluster()
    cluster.refuse = ApiProblem(
        403, "Forbidden", "unable to create new content in namespace default because it is being terminated"
    )
    cluster.write(samples.body("WasmComponent", "gopher", image="registry.example/gopher:1"))
    cluster.settle()
    assert cluster.writes == ["apply ServiceAccount gopher-wasicloud"]
    assert cluster.outcomes == ["unchanged"]


def test_a_defect_in_one_object_does_not_end_the_worker() -> None:
    cluster = a_running_demo()
    cluster.write(samples.body("CapabilityProvider", "another", memory={}))
    cluster.settle()
    cluster.world._bodies["Pod"][ObjectKey("default", "gopher-1")] = {"metadata": {}}
    cluster.outcomes.clear()
    look_again(cluster)
    assert sorted(set(cluster.outcomes)) == ["error", "unchanged"]


def told(cluster: FakeCluster) -> list[tuple[str, str, str]]:
    found = [(key.kind, event.type, event.reason) for key, event in cluster.events]
    cluster.events.clear()
    return sorted(found)


def test_events_tell_what_happened_and_nothing_of_every_rollout() -> None:
    cluster = a_running_demo()
    assert told(cluster) == [("WasmComponent", "Normal", "Ready")]
    look_again(cluster)
    assert told(cluster) == []
    cluster.remove("CapabilityProvider", "cache")
    cluster.settle()
    assert told(cluster) == [("Link", "Warning", "ProviderNotFound"), ("WasmComponent", "Warning", "ProviderNotFound")]
    cluster.write(samples.body("CapabilityProvider", "cache", redis={"url": "redis://redis.example"}))
    cluster.settle()
    assert told(cluster) == [("Link", "Normal", "Ready"), ("WasmComponent", "Normal", "Ready")]


def test_a_host_that_is_not_ready_is_asked_why_and_its_link_says_so() -> None:
    cluster = a_demo()
    not_ready = {**SERVING, "conditions": [{"type": "Ready", "status": "False"}]}
    cluster.answers["10.0.0.1"] = "provider cache: the password is wrong"
    cluster.pod(not_ready)
    cluster.roll_out(ready=False)
    cluster.settle()
    assert cluster.conditions("WasmComponent", "gopher")["Available"] == ("False", "HostNotReady")
    assert cluster.message("WasmComponent", "gopher") == "provider cache: the password is wrong"
    assert cluster.message("Link", "gopher-kv") == "WasmComponent gopher: provider cache: the password is wrong"
    assert cluster.conditions("CapabilityProvider", "cache")["Answering"] == ("False", "NotAnswering")
    assert cluster.message("CapabilityProvider", "cache") == "Hosts say: the password is wrong"
    cluster.pod(SERVING)
    cluster.roll_out()
    cluster.settle()
    assert cluster.conditions("CapabilityProvider", "cache")["Ready"] == ("True", "Succeeded"), "mending it is enough"


def test_what_a_host_says_no_longer_is_not_said_any_more() -> None:
    cluster = a_demo()
    cluster.answers["10.0.0.1"] = "provider other: down; provider cache: down too"
    cluster.pod(STARTING)
    cluster.roll_out(ready=False)
    cluster.settle()
    assert cluster.message("CapabilityProvider", "cache") == "Hosts say: down too"
    del cluster.answers["10.0.0.1"]  # it did not answer this time
    look_again(cluster)
    assert cluster.conditions("WasmComponent", "gopher")["Available"] == ("False", "HostNotReady")
    cluster.answers["10.0.0.1"] = ""
    look_again(cluster)
    assert cluster.conditions("WasmComponent", "gopher")["Available"] == ("Unknown", "RollingOut")
    assert cluster.conditions("CapabilityProvider", "cache")["Ready"] == ("True", "Succeeded")


def test_a_status_that_somebody_else_wrote_is_written_again() -> None:
    cluster = a_running_demo()
    body = cluster.see("WasmComponent", "gopher")
    body["status"]["url"] = "http://elsewhere"
    body["metadata"]["generation"] -= 1
    cluster.writes.clear()
    cluster.write({**body, "kind": "WasmComponent"}, status=body["status"])
    cluster.settle()
    assert "status WasmComponent gopher" in cluster.writes
    assert cluster.see("WasmComponent", "gopher")["status"]["url"] == "http://gopher.default.svc.cluster.local"


def test_users_objects_get_no_annotation_and_no_finalizer() -> None:
    cluster = a_running_demo()
    assert not [write for write in cluster.writes if write.startswith("apply") and write.split()[1] in names.PLURALS]
