"""What happens while the operator, or the API server, is away is caught up; an unchanged world is left alone."""

from __future__ import annotations

import os
import subprocess
import time

import pytest

import demo
import kube
import servers
from conftest import Artifacts
from release import Release
from test_changes_lose_nothing import versions
from visitor import Visitor


@pytest.fixture
def counter(namespace: kube.Namespace, artifacts: Artifacts) -> demo.Demo:
    namespace.apply(kube.provider("memory", memory={}))
    made = demo.Demo(namespace, artifacts.counter)
    made.apply("memory")
    return made


def test_edits_and_deletions_while_the_operator_is_away_are_caught_up(
    counter: demo.Demo, operator: Release, redis: servers.Redis, artifacts: Artifacts, figures: dict[str, str]
) -> None:
    namespace = counter.namespace
    namespace.apply(kube.component("gone", artifacts.hello))
    namespace.ready("gone")
    operator.scale(0)
    try:
        namespace.apply(*demo.redis_provider(redis))
        counter.swap("redis")
        namespace.apply(kube.component("made", artifacts.hello))
        namespace.run("delete", "wasmcomponent", "gone")
        namespace.run("delete", "capabilityprovider", "memory")
    finally:
        begun = time.monotonic()
        operator.scale(2)
    namespace.ready("made", "counter")
    figures["edits while the operator was away"] = (
        f"caught up {time.monotonic() - begun:.1f} s after its start was asked for"
    )
    counter.settled()
    assert '"redis"' in namespace.run("get", "configmap", "counter-wasicloud", "--output", "jsonpath={.data}").replace(
        '\\"', '"'
    )
    kube.until("the children of what was deleted are gone", lambda: namespace.get("deployment", "gone") is None)


def test_an_unchanged_world_is_not_written_to(counter: demo.Demo, operator: Release) -> None:
    counter.settled()
    namespace = counter.namespace
    settled = stable(lambda: versions(namespace))
    events = len(namespace.all("events"))
    operator.restart()
    namespace.run("annotate", "namespace", namespace.name, "example.com/touched=yes")
    operator.scale(1)
    operator.scale(2)
    assert versions(namespace) == settled
    assert len(namespace.all("events")) == events


def stable(look: object) -> dict[str, str]:
    """What ``look`` says once it has said the same for two seconds."""
    assert callable(look)
    last, since = look(), time.monotonic()
    while time.monotonic() - since < 2:
        time.sleep(0.25)
        now = look()
        if now != last:
            last, since = now, time.monotonic()
    return dict(last)


def test_the_standby_takes_over_when_the_leader_is_killed(
    counter: demo.Demo, operator: Release, artifacts: Artifacts, figures: dict[str, str]
) -> None:
    [lease] = [body for body in operator.namespace.all("leases") if body["spec"].get("holderIdentity")]
    leader = str(lease["spec"]["holderIdentity"])
    pod = next(
        body["metadata"]["name"]
        for body in operator.namespace.all("pods")
        if leader.startswith(body["metadata"]["name"])
    )
    begun = time.monotonic()
    operator.namespace.run("delete", "pod", pod, "--grace-period=0", "--force")
    counter.namespace.apply(kube.component("after", artifacts.hello))
    kube.until("the standby has acted", lambda: counter.namespace.get("deployment", "after"), 60)
    seconds = time.monotonic() - begun
    figures["leader killed"] = f"the standby acts after {seconds:.1f} s"
    assert seconds <= kube.allowed(20)
    operator.namespace.run("rollout", "status", f"deployment/{operator.name}", "--timeout=60s")


@pytest.mark.skipif(
    not kube.on_own_cluster(), reason="only the cluster of e2e/cluster has an API server that a test may kill"
)
def test_a_restart_of_the_api_server_is_survived(counter: demo.Demo, visitor: Visitor, artifacts: Artifacts) -> None:
    [pod] = counter.namespace.pods("counter")
    with visitor.visiting(f"http://{pod['status']['podIP']}:8080/", rate=20, from_here=True) as visits:
        script = str(servers.ROOT / "e2e" / "cluster" / "cluster")
        environment = {key: value for key, value in os.environ.items() if key != "KUBECONFIG"}
        subprocess.run([script, "restart-apiserver"], check=True, env=environment, capture_output=True, timeout=120)
        counter.namespace.apply(kube.component("after", artifacts.hello))
        counter.namespace.ready("after")
    assert visits.failures == []
