"""What runs: the digests and imports that pods' init containers report, and what of that still holds.

The report is the termination message of a successful ``fetch`` container: ``{"components": [{"name", "digest", "imports"}]}``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wasicloud_operator.api import names
from wasicloud_operator.build import mounts, naming
from wasicloud_operator.domain.bindings import Bindings, Member
from wasicloud_operator.reconcile.ports import Body
from wasicloud_operator.reconcile.view import ComponentView

FETCH = "fetch"


@dataclass(frozen=True, slots=True)
class Fetched:
    """One component as a pod fetched it."""

    digest: str | None
    imports: tuple[str, ...]


def of_pods(pods: Iterable[Body], config_digest: str) -> Mapping[str, Fetched]:
    """What pods of one configuration fetched, by component; the oldest pod's word, so that later ones do not change it."""
    found: dict[str, Fetched] = {}
    for pod in pods:  # the newest first
        if pod["metadata"]["annotations"].get(names.CONFIG_DIGEST_ANNOTATION) == config_digest:
            found.update(_report(pod))
    return found


def pinned(bindings: Bindings, view: ComponentView, reported: Mapping[str, Fetched]) -> dict[str, str]:
    """Digests that new pods are to fetch: what pods of this configuration run, or ran when their ConfigMap was written.

    A digest holds for as long as the image is the same, and not for ``imagePullPolicy: Always``, which asks for what the tag says now.
    """
    written = _written(view.children.get(("ConfigMap", naming.private(bindings.component.name))))
    digests: dict[str, str] = {}
    for member in bindings.members:
        if member.component.spec.image_pull_policy == "Always":
            continue
        report = reported.get(member.name)
        known = report.digest if report is not None else _still(member, written)
        if known:
            digests[member.name] = known
    return digests


def _still(member: Member, written: Mapping[str, tuple[str, str]]) -> str | None:
    image, digest = written.get(member.name, ("", ""))
    return digest if image == member.component.spec.image else None


def _written(config_map: Body | None) -> Mapping[str, tuple[str, str]]:
    try:
        document = json.loads((config_map or {}).get("data", {})[mounts.CONFIG_FILE])
        return {one["name"]: (one.get("image") or "", one.get("digest") or "") for one in document["components"]}
    except (KeyError, TypeError, ValueError):
        return {}  # not there, or not as we write it: then it is written anew


def _report(pod: Body) -> Mapping[str, Fetched]:
    for container in pod["status"].get("initContainerStatuses", ()):
        for state in (container.get("state", {}), container.get("lastState", {})):
            ended = state.get("terminated", {})
            if container.get("name") == FETCH and ended.get("exitCode") == 0:
                return _parse(ended.get("message", ""))
    return {}


def _parse(message: str) -> Mapping[str, Fetched]:
    try:
        return {
            str(one["name"]): Fetched(one.get("digest"), tuple(map(str, one.get("imports", ()))))
            for one in json.loads(message)["components"]
        }
    except (KeyError, TypeError, ValueError):
        return {}  # another version's words
