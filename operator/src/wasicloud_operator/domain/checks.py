"""How a component's pods are, in one sentence: the first thing that is wrong, or that they serve.

Bodies are as the API server gives them. Checks are ordered from what keeps a pod from starting to what keeps it from serving; each
is named by the violation it finds and looks only at pods of the wanted configuration, since the ones before go on serving meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from wasicloud_operator.api import names
from wasicloud_operator.api.conditions import FALSE, TRUE, UNKNOWN

Body = Mapping[str, Any]

_REFUSED = 2  # exit code of fetch and host: the user has to change something
_PULL_FAILED = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")
_LONGEST_MESSAGE = 1024


@dataclass(frozen=True, slots=True)
class Observed:
    """What is known of a component's children: its Deployment, its pods, and by pod what its ``/readyz`` answered.

    ``warnings`` are messages of Warning events by pod, the newest last (a volume that cannot be mounted shows only there).
    """

    deployment: Body | None
    pods: Sequence[Body] = ()
    reasons: Mapping[str, Sequence[str]] = field(default_factory=lambda: MappingProxyType({}))
    warnings: Mapping[str, Sequence[str]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Health:
    """A condition in the making: ``status`` is True, False or Unknown."""

    status: str
    reason: str
    message: str


def health(observed: Observed) -> Health:
    """The verdict on everything observed."""
    deployment = observed.deployment
    if deployment is None:
        return Health(UNKNOWN, "Progressing", "The Deployment is not there yet")
    status = deployment.get("status") or {}
    if status.get("observedGeneration", 0) < deployment["metadata"].get("generation", 0):
        return Health(UNKNOWN, "Progressing", "The Deployment was changed and not looked at yet")
    wanted = deployment["spec"].get("replicas", 1)
    ready = min(status.get("updatedReplicas", 0), status.get("readyReplicas", 0))
    whole = status.get("updatedReplicas", 0) >= wanted and status.get("unavailableReplicas", 0) == 0
    if whole and status.get("replicas", 0) == status.get("updatedReplicas", 0):
        return Health(TRUE, "Serving", "All pods serve" if wanted else "No pod is asked for")
    for check in CHECKS:
        for pod in current(deployment, observed.pods):
            found = check(pod, observed)
            if found is not None:
                before = "; the pods before it go on serving" if status.get("availableReplicas", 0) else ""
                return Health(FALSE, found.reason, f"{found.message[:_LONGEST_MESSAGE]}{before}")
    return Health(UNKNOWN, "Progressing", f"{ready} of {wanted} pods serve the wanted configuration")


def current(deployment: Body, pods: Sequence[Body]) -> Iterator[Body]:
    """Pods of the wanted configuration that are not going, by name."""
    wanted = _annotation(deployment["spec"]["template"])
    for pod in sorted(pods, key=_name):
        if not pod["metadata"].get("deletionTimestamp") and _annotation(pod) == wanted:
            yield pod


def _unschedulable(pod: Body, _: Observed) -> Health | None:
    for condition in _status(pod).get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition["status"] == FALSE:
            return Health(FALSE, "Unschedulable", f"No node takes the pod {_name(pod)}: {condition.get('message', '')}")
    return None


def _image_of_the_host_missing(pod: Body, _: Observed) -> Health | None:
    for container in _containers(pod):
        waiting = _state(container, "waiting")
        if waiting.get("reason") in _PULL_FAILED:
            said = waiting.get("message", waiting["reason"])
            return Health(
                FALSE, "HostImageNotPulled", f"The host's image {container['image']} cannot be pulled: {said}"
            )
    return None


def _mount_missing(pod: Body, observed: Observed) -> Health | None:
    for container in _containers(pod):
        waiting = _state(container, "waiting")
        if waiting.get("reason") == "CreateContainerConfigError":
            return Health(FALSE, "ConfigurationMissing", f"The pod cannot be made: {waiting.get('message', '')}")
    if any(_state(container, "running") or _past(container) for container in _containers(pod)):
        return None
    for warning in reversed(observed.warnings.get(_name(pod), ())):
        if "MountVolume" in warning or "not found" in warning:
            said = warning.rpartition(" : ")[2]
            return Health(
                FALSE, "VolumeMissing", f"A volume of the pod cannot be mounted: {said}; create what is missing"
            )
    return None


def _fetch_failed(pod: Body, _: Observed) -> Health | None:
    return _ended(pod, "initContainerStatuses", "ComponentNotFetched", "The component cannot be fetched")


def _host_ended(pod: Body, _: Observed) -> Health | None:
    return _ended(pod, "containerStatuses", "HostEnded", "The host ends")


def _not_ready(pod: Body, observed: Observed) -> Health | None:
    reasons = [reason for reason in observed.reasons.get(_name(pod), ()) if reason != "starting"]
    return Health(FALSE, "NotReady", f"The new pod is not ready: {'; '.join(reasons)}") if reasons else None


CHECKS: tuple[Callable[[Body, Observed], Health | None], ...] = (
    _unschedulable,
    _image_of_the_host_missing,
    _mount_missing,
    _fetch_failed,
    _host_ended,
    _not_ready,
)
"""Every check, in order."""


def _ended(pod: Body, section: str, reason: str, problem: str) -> Health | None:
    for container in _status(pod).get(section, ()):
        end = _past(container)
        if not end or end.get("exitCode", 0) == 0:
            continue
        if end.get("reason") == "OOMKilled":
            return Health(
                FALSE, "OutOfMemory", f"{problem}: it needs more memory than resources.limits.memory allows; raise it"
            )
        said = _last_line(end.get("message", "")) or f"exit code {end['exitCode']}, see its log"
        return Health(FALSE, reason, said if end["exitCode"] == _REFUSED else f"{problem}: {said}")
    return None


def _past(container: Body) -> Body:
    """How the container ended last, as long as nothing after it is ready."""
    if container.get("ready") and not _state(container, "terminated"):
        return {}
    return _state(container, "terminated") or (container.get("lastState") or {}).get("terminated") or {}


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("wasicloud-host: ") if lines else ""


def _containers(pod: Body) -> Iterator[Body]:
    for section in ("initContainerStatuses", "containerStatuses"):
        yield from _status(pod).get(section, ())


def _state(container: Body, name: str) -> Body:
    return dict((container.get("state") or {}).get(name) or {})


def _status(pod: Body) -> Body:
    return dict(pod.get("status") or {})


def _name(pod: Body) -> str:
    return str(pod["metadata"]["name"])


def _annotation(template: Body) -> str | None:
    annotations = template["metadata"].get("annotations") or {}
    return annotations.get(names.CONFIG_DIGEST_ANNOTATION)
