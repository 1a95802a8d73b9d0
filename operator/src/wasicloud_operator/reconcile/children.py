"""What has to be written so that a component's children stand as they are wanted. Pure.

An object at a child's name that was made for nobody, or for another, is never touched: the user decides what becomes of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wasicloud_operator.api.component import WasmComponent
from wasicloud_operator.reconcile import comparison, kept
from wasicloud_operator.reconcile.errors import Blocked, Unsettled, Waiting
from wasicloud_operator.reconcile.ports import Body


@dataclass(frozen=True, slots=True)
class Changes:
    """Manifests to apply, in order, and live objects to delete after that. With an ``obstacle`` nothing is to be written."""

    apply: tuple[Body, ...] = ()
    delete: tuple[Body, ...] = ()
    obstacle: Unsettled | None = None

    def __bool__(self) -> bool:
        return bool(self.apply or self.delete)

    def __str__(self) -> str:
        kinds = [manifest["kind"] for manifest in self.apply]
        return ", ".join([*kinds, *(f"{body['kind']} (delete)" for body in self.delete)])


NOTHING = Changes()


def compare(
    component: WasmComponent,
    desired: Iterable[Mapping[str, Any]],
    live: Mapping[tuple[str, str], Body],
    accepted: Collection[str] = (),
) -> Changes:
    """``desired`` against ``live``, which is by (kind, name); ``accepted`` are seals of what has just been written."""
    apply: list[Body] = []
    wanted: set[tuple[str, str]] = set()
    for manifest in desired:
        where = (manifest["kind"], manifest["metadata"]["name"])
        wanted.add(where)
        there = live.get(where)
        obstacle = _obstacle(component, where, there)
        if obstacle is not None:
            return Changes(obstacle=obstacle)
        ready = _autoscaled(comparison.sealed(manifest), there)
        if there is None or not (comparison.seal(ready) in accepted or comparison.covers(ready, there)):
            apply.append(ready)
    me = (component.name, component.metadata.uid)
    mine = [
        (where, body)
        for where, body in live.items()
        if kept.owner(body) == me and "deletionTimestamp" not in body["metadata"]
    ]
    delete = [{**body, "kind": where[0]} for where, body in sorted(mine, key=lambda one: one[0]) if where not in wanted]
    return Changes(tuple(apply), tuple(delete))


def _obstacle(component: WasmComponent, where: tuple[str, str], there: Body | None) -> Unsettled | None:
    if there is None:
        return None
    kind, name = where
    if "deletionTimestamp" in there["metadata"]:
        return Waiting("OldObjectsGoing", f"{kind} {name} is being deleted; it is made anew when it is gone")
    owner = kept.owner(there)
    if owner is None or owner[0] != component.name:
        return Blocked(
            "NameTaken",
            f"{kind} {name} is there already and was not made for this component; delete or rename it, or rename the WasmComponent",
        )
    if owner[1] not in ("", component.metadata.uid):
        return Waiting(
            "OldObjectsGoing", f"{kind} {name} belongs to an earlier WasmComponent {name}; it is being deleted"
        )
    return None


def _autoscaled(manifest: dict[str, Any], there: Body | None) -> dict[str, Any]:
    """An autoscaler owns the number of pods: a field that we stop to state would fall back to 1, so what stands is repeated.

    It is repeated for the version that was seen: had the autoscaler changed it since, the API server refuses and we look again.
    """
    if manifest["kind"] != "Deployment" or "replicas" in manifest["spec"] or there is None:
        return manifest
    metadata = {**manifest["metadata"], "resourceVersion": there["metadata"]["resourceVersion"]}
    return {
        **manifest,
        "metadata": metadata,
        "spec": {**manifest["spec"], "replicas": there["spec"].get("replicas", 1)},
    }
