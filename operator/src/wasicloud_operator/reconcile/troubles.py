"""Why a pod is not ready, in one sentence with a remedy, from what kubelet, the init container and the host say. Pure.

The checks stand in the order in which a pod's life can go wrong; the first that applies is the answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wasicloud_operator.reconcile import fetched
from wasicloud_operator.reconcile.ports import Body

_LONGEST = 1000
_IMAGE = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")
_UNSERVED = "which no link serves"
_TRACE = re.compile(r"\s+at (0x)?[0-9a-f]+|^\s*(File|Traceback)")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What keeps a pod from being ready. ``condition``: which step it speaks about, if not that of the pods."""

    reason: str
    message: str
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One pod, the volume that it waits for and what its host says; either may be empty."""

    pod: Body
    mount: str = ""
    remark: str = ""


def of(case: Case) -> Trouble | None:
    """What is wrong with a pod that is not ready, or None if it only needs time."""
    for check in (_unschedulable, _evicted, _mount, _image, _config, _fetch, _crashed, _not_ready):
        found = check(case)
        if found is not None:
            return found
    return None


def _unschedulable(case: Case) -> Trouble | None:
    for condition in case.pod["status"].get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            said = _sentence(condition.get("message", "no node fits"))
            return Trouble(
                "Unschedulable",
                f"No node takes the pod: {said}; change spec.resources or where it may run, or add nodes",
            )
    return None


def _evicted(case: Case) -> Trouble | None:
    status = case.pod["status"]
    if status.get("phase") != "Failed":
        return None
    return Trouble(
        "PodFailed", f"The pod failed: {_sentence(status.get('message') or status.get('reason') or 'no reason given')}"
    )


def _mount(case: Case) -> Trouble | None:
    if not case.mount or any(
        "running" in one.get("state", {}) or "terminated" in one.get("state", {}) for one, _ in _containers(case.pod)
    ):
        return None
    if "timed out waiting for the condition" in case.mount:
        return None  # kubelet has only just begun to look
    missing = re.search(r"references non-existent secret key: (\S+)", case.mount)
    named = re.search(r'(secret|configmap|persistentvolumeclaim) "([^"]+)" not found', case.mount)
    if named is not None:
        return Trouble("VolumeMissing", f"The pod waits for {named[1]} {named[2]}, which does not exist; create it")
    if missing is not None:
        return Trouble("VolumeMissing", f"The pod waits for the key {missing[1]} of a Secret; add it")
    return Trouble("VolumeMissing", f"The pod waits for a volume: {_sentence(case.mount)}")


def _image(case: Case) -> Trouble | None:
    for container, _ in _containers(case.pod):
        waiting = container.get("state", {}).get("waiting", {})
        if waiting.get("reason") in _IMAGE:
            return Trouble(
                "HostImageUnavailable",
                f"The host image {container.get('image', '')} cannot be pulled ({waiting['reason']}: {_sentence(waiting.get('message', ''))});"
                " correct the operator's hostImage",
            )
    return None


def _config(case: Case) -> Trouble | None:
    for container, _ in _containers(case.pod):
        waiting = container.get("state", {}).get("waiting", {})
        if waiting.get("reason", "").startswith("Create") or waiting.get("reason") == "RunContainerError":
            return Trouble(
                waiting["reason"], f"The pod's container cannot be made: {_sentence(waiting.get('message', ''))}"
            )
    return None


def _fetch(case: Case) -> Trouble | None:
    for container, initial in _containers(case.pod):
        ended = _ended(container)
        if not initial or container.get("name") != fetched.FETCH or not ended or ended.get("exitCode") == 0:
            continue
        if container.get("state", {}).get("terminated", {}).get("exitCode") == 0:
            continue
        killed = _killed(ended, "to fetch and compile the component")
        if killed is not None:
            return killed
        said = last_words(ended.get("message", ""))
        if _UNSERVED in said:
            return Trouble("ImportNotLinked", said, "LinksResolved")
        return Trouble("FetchFailed", said or f"The component could not be fetched (exit code {ended.get('exitCode')})")
    return None


def _crashed(case: Case) -> Trouble | None:
    for container, initial in _containers(case.pod):
        ended = _ended(container)
        if initial or not ended or ("running" in container.get("state", {}) and container.get("ready")):
            continue
        if "running" in container.get("state", {}) and case.remark:
            continue  # it is up again and says itself what is missing
        killed = _killed(ended, "to run the component")
        if killed is not None:
            return killed
        said = last_words(ended.get("message", ""))
        return Trouble(
            "HostCrashed",
            said or f"The host ended with exit code {ended.get('exitCode')}; see `kubectl logs --previous` of the pod",
        )
    return None


def _not_ready(case: Case) -> Trouble | None:
    if not case.remark:
        return None
    return Trouble("HostNotReady", _sentence(case.remark))


def _killed(ended: Mapping[str, object], doing: str) -> Trouble | None:
    if ended.get("reason") != "OOMKilled":
        return None
    return Trouble("OutOfMemory", f"The pod's memory limit is too small {doing}; raise spec.resources.limits.memory")


def _containers(pod: Body) -> Iterator[tuple[Body, bool]]:
    """Each container's status, and whether it is an init container's."""
    for status in pod["status"].get("initContainerStatuses", ()):
        yield status, True
    for status in pod["status"].get("containerStatuses", ()):
        yield status, False


def _ended(container: Body) -> Mapping[str, object]:
    now: Mapping[str, object] = container.get("state", {}).get("terminated", {})
    return now or container.get("lastState", {}).get("terminated", {})


def last_words(text: object) -> str:
    """The last line that says something, of a termination message that may be the end of a log."""
    lines = [line.strip() for line in str(text).strip().splitlines()]
    for line in reversed([line for line in lines if line and not _TRACE.search(line)]):
        said = _of_log_line(line)
        if said:
            return _sentence(said.removeprefix("wasicloud-host: "))
    return ""


def _of_log_line(line: str) -> str:
    if not line.startswith("{"):
        return line
    try:
        entry = json.loads(line)
    except ValueError:
        return ""  # cut off at its beginning or end
    if entry.get("level") not in ("error", "critical", "warning"):
        return ""
    detail = str(entry.get("problem") or entry.get("error") or "").strip().splitlines()
    return ": ".join(part for part in (str(entry.get("message", "")), detail[-1] if detail else "") if part)


def _sentence(text: object) -> str:
    """One line, of bounded length, without the full stop that the next clause would follow."""
    line = " ".join(str(text).split()).rstrip(".")
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
