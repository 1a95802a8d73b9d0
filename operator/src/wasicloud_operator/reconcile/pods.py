"""Do the pods serve? A Deployment's figures, and its pods' troubles where the figures do not add up. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from wasicloud_operator.api import names
from wasicloud_operator.reconcile import troubles
from wasicloud_operator.reconcile.errors import Blocked, Waiting
from wasicloud_operator.reconcile.ports import Body
from wasicloud_operator.reconcile.view import ComponentView

ASK_AGAIN_SECONDS = 2.0
"""How often a pod that runs but is not ready is asked why: no watch tells when its reason changes."""


def check(view: ComponentView, deployment: Body, config_digest: str) -> None:
    """Return if all pods that are wanted serve by this configuration; raises `Waiting` or `Blocked`."""
    status = deployment.get("status", {})
    wanted = deployment["spec"].get("replicas", 1)
    if status.get("observedGeneration", 0) < deployment["metadata"].get("generation", 0):
        raise Waiting("RollingOut", "The Deployment has just been changed")
    updated, available, total = (status.get(key, 0) for key in ("updatedReplicas", "availableReplicas", "replicas"))
    if updated >= wanted and available >= wanted and total == wanted:
        return
    new = [pod for pod in view.pods if _is_new(pod, config_digest)]
    _raise_troubles(view, new, _serving(view, new))
    for condition in status.get("conditions", ()):
        if condition["type"] == "ReplicaFailure" and condition["status"] == "True":
            raise Blocked("PodsRefused", f"No pod can be made: {condition.get('message', '')}")
    ready = sum(is_ready(pod) for pod in new)
    more = "" if total <= wanted or ready < wanted else "; earlier pods finish their requests"
    raise Waiting("RollingOut", f"{ready} of {wanted} pods are ready{more}", retry_after=_pause(new))


def is_ready(pod: Body) -> bool:
    """Whether a pod takes requests."""
    conditions = pod["status"].get("conditions", ())
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def to_ask(view: ComponentView) -> Iterator[Body]:
    """Pods whose host runs and is not ready: it knows why."""
    for pod in view.pods:
        statuses = pod["status"].get("containerStatuses", ())
        running = any("running" in container.get("state", {}) for container in statuses)
        if running and pod["status"].get("podIP") and not is_ready(pod):
            yield pod


def _raise_troubles(view: ComponentView, new: list[Body], serving: str) -> None:
    for pod in new:
        if is_ready(pod):
            continue
        metadata = pod["metadata"]
        case = troubles.Case(pod, view.mounts.get(metadata["name"], ""), view.remarks.get(metadata.get("uid", ""), ""))
        trouble = troubles.of(case)
        if trouble is not None:
            message = trouble.message + serving
            raise Blocked(trouble.reason, message, retry_after=_pause(new), condition=trouble.condition)


def _serving(view: ComponentView, new: list[Body]) -> str:
    """Whether anybody notices."""
    old = sum(is_ready(pod) for pod in view.pods if pod not in new)
    if not old:
        return ""
    return " (the pods before this change go on serving)"


def _is_new(pod: Body, config_digest: str) -> bool:
    return bool(pod["metadata"]["annotations"].get(names.CONFIG_DIGEST_ANNOTATION) == config_digest)


def _pause(new: list[Body]) -> float | None:
    return ASK_AGAIN_SECONDS if any(not is_ready(pod) for pod in new) else None
