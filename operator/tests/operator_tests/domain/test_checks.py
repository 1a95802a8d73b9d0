"""What is wrong with pods is said in one sentence on the user's own object."""

from typing import Any

import pytest

from wasicloud_operator.api import names
from wasicloud_operator.domain import checks

NEW, OLD = ({"annotations": {names.CONFIG_DIGEST_ANNOTATION: digest}} for digest in ("new", "old"))


def deployment(wanted: int = 1, generation: int = 1, **status: Any) -> dict[str, Any]:
    return {
        "metadata": {"generation": generation},
        "spec": {"replicas": wanted, "template": {"metadata": NEW}},
        "status": {"observedGeneration": 1, **status},
    }


def pod(name: str = "p", template: dict[str, Any] = NEW, **status: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, **template}, "status": status}


def container(**state: Any) -> dict[str, Any]:
    return {"name": "c", "image": "host:1", "state": state}


def health(pods: Any = (), body: Any = None, **known: Any) -> checks.Health:
    return checks.health(checks.Observed(body or deployment(unavailableReplicas=1), pods, **known))


def test_pods_that_serve_are_ready() -> None:
    whole = deployment(2, replicas=2, updatedReplicas=2, readyReplicas=2, availableReplicas=2)
    assert health(body=whole).status == "True"
    assert health(body=deployment(0)).message == "No pod is asked for"


def test_a_roll_under_way_is_unknown_not_false() -> None:
    assert checks.health(checks.Observed(None)).status == "Unknown"
    assert health(body=deployment(generation=2)).status == "Unknown"
    rolling = health([pod()], deployment(2, replicas=3, updatedReplicas=1, readyReplicas=2, unavailableReplicas=1))
    assert (rolling.status, rolling.message) == ("Unknown", "1 of 2 pods serve the wanted configuration")


END = {"terminated": {"exitCode": 2, "message": "image r/a:1: there is no tag 1; push it\n"}}
CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "no node": (
        pod(conditions=[{"type": "PodScheduled", "status": "False", "message": "0/1 nodes"}]), "Unschedulable", "No node takes the pod p: 0/1 nodes",
    ),
    "host image": (
        pod(initContainerStatuses=[container(waiting={"reason": "ImagePullBackOff", "message": "no such image"})]), "HostImageNotPulled", "host:1 cannot be pulled: no such image",
    ),
    "key of a Secret": (
        pod(containerStatuses=[container(waiting={"reason": "CreateContainerConfigError", "message": "no key"})]), "ConfigurationMissing", "The pod cannot be made: no key",
    ),
    "fetch": (pod(initContainerStatuses=[container(**END)]), "ComponentNotFetched", "image r/a:1: there is no tag 1; push it"),
    "fetch, waiting to try again": (
        pod(initContainerStatuses=[{**container(waiting={"reason": "CrashLoopBackOff"}), "lastState": END}]), "ComponentNotFetched", "image r/a:1: there is no tag 1; push it",
    ),
    "host refuses": (
        pod(containerStatuses=[container(terminated={"exitCode": 2, "message": "{...}\nwasicloud-host: link kv: no; do"})]), "HostEnded", "link kv: no; do",
    ),
    "host crashes": (pod(containerStatuses=[container(terminated={"exitCode": 1})]), "HostEnded", "The host ends: exit code 1, see its log"),
    "memory": (pod(containerStatuses=[container(terminated={"exitCode": 137, "reason": "OOMKilled"})]), "OutOfMemory", "raise it"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_keeps_a_pod_from_serving_is_said(case: str) -> None:
    body, reason, message = CASES[case]
    found = health([body])
    assert (found.status, found.reason) == ("False", reason)
    assert message in found.message


def test_what_a_pod_says_of_its_providers_is_said() -> None:
    found = health([pod()], reasons={"p": ["starting", "provider cache: it refuses the password"]})
    assert found == checks.Health(
        "False", "NotReady", "The new pod is not ready: provider cache: it refuses the password"
    )


def test_a_volume_that_cannot_be_mounted_is_named() -> None:
    warning = 'MountVolume.SetUp failed for volume "secrets" : secret "auth" not found'
    found = health(
        [pod(initContainerStatuses=[container(waiting={"reason": "PodInitializing"})])], warnings={"p": [warning]}
    )
    assert (found.reason, 'secret "auth" not found' in found.message) == ("VolumeMissing", True)


def test_pods_of_another_configuration_and_going_ones_are_not_looked_at() -> None:
    broken = {"initContainerStatuses": [container(**END)]}
    going = pod("q", **broken)
    going["metadata"] = {**going["metadata"], "deletionTimestamp": "now"}
    assert health([pod(template=OLD, **broken), going]).status == "Unknown"


def test_an_old_pod_that_goes_on_serving_is_mentioned() -> None:
    found = health(
        [pod(initContainerStatuses=[container(**END)])], deployment(unavailableReplicas=1, availableReplicas=1)
    )
    assert found.message.endswith("; the pods before it go on serving")


def test_a_container_that_recovered_is_well() -> None:
    recovered = {**container(running={}), "ready": True, "lastState": END}
    assert health([pod(containerStatuses=[recovered])]).status == "Unknown"
