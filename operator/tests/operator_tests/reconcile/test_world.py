"""The world: the newest version wins, nothing that is gone stays, and a change touches whom it concerns."""

from __future__ import annotations

from typing import Any

from operator_tests import samples
from wasicloud_operator.api.refs import ObjectKey
from wasicloud_operator.reconcile.ports import Body
from wasicloud_operator.reconcile.world import World


def at(version: int, body: Body, **metadata: Any) -> dict[str, Any]:
    return {
        **body,
        "metadata": {**body["metadata"], "namespace": "default", "resourceVersion": str(version), **metadata},
    }


def link(component: str, **spec: Any) -> dict[str, Any]:
    return samples.body("Link", "l", **{"component": component, "interface": "wasi:keyvalue", "provider": "p", **spec})


def a_world() -> World:
    """front → middle → back by targets; ``l`` serves back."""
    world = World()
    for name in ("front", "middle", "back", "other"):
        world.put("WasmComponent", at(1, samples.body("WasmComponent", name, image="registry.example/a:1")))
    for source, target in (("front", "middle"), ("middle", "back")):
        body = samples.body("Link", f"{source}-{target}", component=source, target=target, interface="acme:a/b")
        world.put("Link", at(2, body))
    world.put("CapabilityProvider", at(3, samples.body("CapabilityProvider", "p", memory={})))
    world.put("Link", at(4, link("back")))
    return world


def names(touched: Any) -> set[str]:
    return {f"{key.kind}/{key.object.name}" for key in touched}


CHAIN = {
    "WasmComponent/front", "WasmComponent/middle", "WasmComponent/back",
    "Link/front-middle", "Link/middle-back", "Link/l",
}  # fmt: skip


def test_a_provider_touches_every_component_that_has_it_in_its_process() -> None:
    changed = at(9, samples.body("CapabilityProvider", "p", redis={"url": "redis://h"}), generation=2)
    assert names(a_world().put("CapabilityProvider", changed)) == CHAIN | {"CapabilityProvider/p"}


def test_a_link_that_moves_touches_the_component_it_left_and_the_one_it_joined() -> None:
    touched = names(a_world().put("Link", at(9, link("other"), generation=2)))
    assert touched >= CHAIN | {"WasmComponent/other", "CapabilityProvider/p"}


def test_a_link_that_goes_touches_what_it_served() -> None:
    touched = names(a_world().drop("Link", ObjectKey("default", "l"), 9))
    assert touched == (CHAIN - {"Link/l"}) | {"CapabilityProvider/p"}


def test_what_is_linked_to_a_component_is_touched_by_its_going_and_its_coming() -> None:
    world = a_world()
    assert "WasmComponent/front" in names(world.drop("WasmComponent", ObjectKey("default", "back"), 9))
    body = at(10, samples.body("WasmComponent", "back", image="registry.example/a:1"))
    assert "WasmComponent/front" in names(world.put("WasmComponent", body))


def test_an_older_version_does_not_replace_a_newer_one_in_either_direction() -> None:
    world = a_world()
    assert not world.put("Link", at(3, link("other")))
    assert not world.drop("Link", ObjectKey("default", "l"), 3)
    assert world.read("Link", ObjectKey("default", "l")) is not None


def test_the_same_version_touches_nobody() -> None:
    assert not a_world().put("Link", at(4, link("back")))


def test_a_pod_touches_those_that_tell_what_it_says_and_nobody_else() -> None:
    pod = {"metadata": {"name": "x", "labels": {"wasicloud.dev/component": "back"}}, "status": {}}
    assert names(a_world().put("Pod", at(9, pod))) == {"WasmComponent/back", "Link/l", "CapabilityProvider/p"}


def test_other_peoples_objects_touch_nobody_and_are_not_kept() -> None:
    world = a_world()
    body = {"metadata": {"name": "theirs", "annotations": {"a": "b" * 1000}}, "data": {"k": "v" * 1000}}
    assert not world.put("ConfigMap", at(9, body))
    kept = world.child("ConfigMap", ObjectKey("default", "theirs"))
    assert kept is not None
    assert len(str(kept)) < 400


def test_what_is_ours_is_kept_in_full_and_found_by_its_component() -> None:
    world = a_world()
    owner = {
        "kind": "WasmComponent",
        "apiVersion": "wasicloud.dev/v1alpha1",
        "name": "back",
        "uid": "u",
        "controller": True,
    }
    body = {
        "metadata": {"name": "back", "ownerReferences": [owner], "managedFields": [{"x": 1}]},
        "spec": {"a": [1, "ü"]},
    }
    assert "WasmComponent/back" in names(world.put("Service", at(9, body)))
    found = dict(world.children_of(ObjectKey("default", "back")))["Service"]
    assert found["spec"] == body["spec"]
    assert "managedFields" not in found["metadata"]


def test_a_namespace_is_a_world_of_its_own() -> None:
    world = a_world()
    body = at(9, samples.body("CapabilityProvider", "p", memory={}), namespace="elsewhere")
    assert names(world.put("CapabilityProvider", body)) == {"CapabilityProvider/p"}


def test_indexes_keep_nothing_of_what_is_gone() -> None:
    world = a_world()
    for kind in ("Link", "CapabilityProvider", "WasmComponent"):
        for key in world.keys(kind):
            world.drop(kind, key, 99)
    for index in (world._links, world._owned, world._pods, world._waits, world._config_users):
        assert not index._sets
    assert list(world.everything()) == []
