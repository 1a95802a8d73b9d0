"""Deletion: in any order, nothing stays; and nothing of the users' goes with it."""

from __future__ import annotations

import itertools

import pytest

import demo
import kube
from conftest import Artifacts

THINGS = (("wasmcomponent", "counter"), ("link", "counter-keyvalue"), ("capabilityprovider", "memory"))
# What Kubernetes itself puts in every namespace.
OWN = {"configmaps": {"kube-root-ca.crt"}, "serviceaccounts": {"default"}}


def left(namespace: kube.Namespace) -> list[str]:
    """What is in the namespace beyond what Kubernetes itself puts there."""
    found = namespace.all(f"{kube.CHILDREN},{kube.KINDS}")
    own = {name for names in OWN.values() for name in names}
    return [f"{body['kind']}/{body['metadata']['name']}" for body in found if body["metadata"]["name"] not in own]


@pytest.mark.parametrize(
    "order", list(itertools.permutations(THINGS)), ids=lambda order: "-".join(kind for kind, _ in order)
)
def test_nothing_is_left_in_whatever_order_objects_are_deleted(
    namespace: kube.Namespace, artifacts: Artifacts, order: tuple[tuple[str, str], ...]
) -> None:
    namespace.apply(kube.provider("memory", memory={}))
    demo.Demo(namespace, artifacts.counter).apply("memory")
    for kind, name in order:
        namespace.run("delete", kind, name, "--timeout=20s")  # nothing blocks a deletion
    kube.until(f"nothing is left: {left(namespace)}", lambda: not left(namespace), 90)


def test_a_deleted_child_comes_back_and_an_edited_one_is_mended(
    namespace: kube.Namespace, artifacts: Artifacts
) -> None:
    namespace.apply(kube.provider("memory", memory={}))
    counter = demo.Demo(namespace, artifacts.counter)
    counter.apply("memory")
    old = (namespace.get("service", "counter") or {})["metadata"]["uid"]
    namespace.run("delete", "service", "counter")
    kube.until(
        "the Service is back",
        lambda: (namespace.get("service", "counter") or {"metadata": {"uid": old}})["metadata"]["uid"] != old,
    )
    namespace.patch(
        "deployment",
        "counter",
        {"spec": {"template": {"metadata": {"annotations": {"wasicloud.dev/config-digest": "mine"}}}}},
    )
    namespace.run("set", "image", "deployment/counter", "host=localhost/another:1")
    kube.until(
        "the image is mended",
        lambda: "another" not in namespace.run("get", "deployment", "counter", "--output", "jsonpath={..image}"),
    )
    counter.settled()


def test_what_others_wrote_on_a_child_stays(namespace: kube.Namespace, artifacts: Artifacts) -> None:
    namespace.apply(kube.component("hello", artifacts.hello))
    namespace.ready("hello")
    namespace.run("annotate", "service", "hello", "example.com/note=mine")
    namespace.patch("wasmcomponent", "hello", {"spec": {"replicas": 2}})
    namespace.ready("hello")
    kube.until("two replicas", lambda: len(namespace.pods("hello")) == 2)
    assert (namespace.get("service", "hello") or {})["metadata"]["annotations"]["example.com/note"] == "mine"
