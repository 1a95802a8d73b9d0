"""What a WasmComponent becomes on a real API server: nothing of the users' is touched, every field that is wanted stands, and a number
that an autoscaler owns is its own."""

from __future__ import annotations

import json

import pytest

import kube
from conftest import Artifacts

CONTENT = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"greeting": "hello"}}


@pytest.fixture
def image(artifacts: Artifacts) -> str:
    return artifacts.hello


def digest(namespace: kube.Namespace, name: str = "app") -> str:
    """What rolls the pods when it changes."""
    found = namespace.get("deployment", name) or {}
    annotations = found.get("spec", {}).get("template", {}).get("metadata", {}).get("annotations", {})
    return str(annotations.get("wasicloud.dev/config-digest", ""))


def test_an_object_that_a_user_made_is_left_alone_and_its_deletion_is_enough(
    namespace: kube.Namespace, image: str
) -> None:
    theirs = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "app"}, "spec": {"ports": [{"port": 8081}]}}
    namespace.apply(theirs)
    version = (namespace.get("service", "app") or {})["metadata"]["resourceVersion"]
    namespace.apply(kube.component("app", image))
    message, _ = namespace.says("wasmcomponent", "app", "Service app is there already")
    assert "delete or rename it" in message
    assert (namespace.get("service", "app") or {})["metadata"]["resourceVersion"] == version
    assert namespace.get("deployment", "app") is None
    namespace.run("delete", "service", "app")
    namespace.ready("app")


def test_a_field_that_is_taken_back_goes(namespace: kube.Namespace, image: str) -> None:
    namespace.apply(
        kube.component("app", image, replicas=0, podLabels={"team": "a"}, service={"annotations": {"a": "b"}})
    )
    kube.until("the label is there", lambda: labels(namespace).get("team") == "a")
    namespace.apply(kube.component("app", image, replicas=0))
    kube.until("the label is gone", lambda: "team" not in labels(namespace))
    kube.until(
        "the annotation is gone", lambda: "a" not in (namespace.get("service", "app") or {})["metadata"]["annotations"]
    )


def labels(namespace: kube.Namespace) -> dict[str, str]:
    found: dict[str, str] = (
        (namespace.get("deployment", "app") or {})
        .get("spec", {})
        .get("template", {})
        .get("metadata", {})
        .get("labels", {})
    )
    return found


def test_an_autoscaler_keeps_its_number_over_a_change_and_goes_when_it_is_not_wanted(
    namespace: kube.Namespace, image: str
) -> None:
    scaling = {"minReplicas": 1, "maxReplicas": 5}
    namespace.apply(kube.component("app", image, replicas=2))
    namespace.ready("app")
    namespace.apply(kube.component("app", image, autoscaling=scaling))
    kube.until("the autoscaler is there", lambda: namespace.get("horizontalpodautoscaler", "app"))
    assert (namespace.get("deployment", "app") or {})["spec"]["replicas"] == 2, (
        "not 1, where a field that nobody states falls to"
    )
    before = digest(namespace)
    namespace.run("scale", "deployment/app", "--replicas=3")
    namespace.apply(kube.component("app", image, autoscaling=scaling, config={"a": "b"}))
    kube.until("the change is there", lambda: digest(namespace) != before)
    assert (namespace.get("deployment", "app") or {})["spec"]["replicas"] == 3
    namespace.apply(kube.component("app", image, replicas=1))
    kube.until("the autoscaler is gone", lambda: namespace.get("horizontalpodautoscaler", "app") is None)
    namespace.ready("app")


def test_a_component_is_scaled_by_kubectl_scale(namespace: kube.Namespace, image: str) -> None:
    namespace.apply(kube.component("app", image))
    namespace.ready("app")
    namespace.run("scale", "wasmcomponent/app", "--replicas=2")
    namespace.ready("app")
    assert (namespace.get("wasmcomponent", "app") or {})["status"]["readyReplicas"] == 2
    assert namespace.get("poddisruptionbudget", "app"), "of several pods, one at a time may be evicted"
    namespace.run("scale", "wasmcomponent/app", "--replicas=0")
    namespace.ready("app")
    kube.until("no pod is left", lambda: not namespace.pods("app"))


def test_an_edited_config_map_rolls_the_pods_and_a_missing_one_is_named(namespace: kube.Namespace, image: str) -> None:
    namespace.apply(kube.component("app", image, configFrom=[{"configMapRef": {"name": "settings"}}]))
    namespace.says("wasmcomponent", "app", "ConfigMap settings")
    namespace.apply(CONTENT)
    namespace.ready("app")
    before = digest(namespace)
    namespace.apply({**CONTENT, "data": {"greeting": "good evening"}})
    kube.until("the pods are rolled", lambda: digest(namespace) != before)
    namespace.ready("app")


def test_what_runs_is_told_and_pinned(namespace: kube.Namespace, image: str) -> None:
    namespace.apply(kube.component("app", image))
    namespace.ready("app")
    status = kube.until(
        "the digest is told", lambda: (namespace.get("wasmcomponent", "app") or {}).get("status", {}).get("digest")
    )
    text = (namespace.get("configmap", "app-wasicloud") or {})["data"]["config.json"]
    assert json.loads(text)["components"][0]["digest"] == status
    told = (namespace.get("wasmcomponent", "app") or {})["status"]
    assert any(name.startswith("wasi:http/types") for name in told["imports"])
    assert told["url"] == f"http://app.{namespace.name}.svc.cluster.local"


def test_users_objects_carry_nothing_of_the_operators(namespace: kube.Namespace, image: str) -> None:
    namespace.apply(kube.component("app", image, replicas=0), kube.provider("p", memory={}), kube.link("l", "app", "p"))
    namespace.ready("app")
    for kind, name in (("wasmcomponent", "app"), ("capabilityprovider", "p"), ("link", "l")):
        metadata = (namespace.get(kind, name) or {})["metadata"]
        assert "finalizers" not in metadata
        assert set(metadata.get("annotations", {})) <= {"kubectl.kubernetes.io/last-applied-configuration"}
