"""The chart: tested, upgraded at a steady load, and uninstalled without harm. Last, as it takes the operator away."""

from __future__ import annotations

import time

import pytest

import demo
import kube
from conftest import Artifacts
from release import Release
from visitor import Visitor


@pytest.fixture
def counter(namespace: kube.Namespace, artifacts: Artifacts) -> demo.Demo:
    namespace.apply(kube.provider("memory", memory={}))
    made = demo.Demo(namespace, artifacts.counter)
    made.apply("memory")
    return made


def test_the_release_passes_its_own_test(operator: Release) -> None:
    operator.test()


def test_an_upgrade_disturbs_no_component(
    counter: demo.Demo, operator: Release, visitor: Visitor, artifacts: Artifacts
) -> None:
    [before] = counter.namespace.pods("counter")
    with visitor.visiting(counter.url, rate=20) as visits:
        operator.install(artifacts.address, "podAnnotations.upgraded=yes", "logLevel=debug")
    assert visits.failures == []
    [after] = counter.namespace.pods("counter")
    assert after["metadata"]["uid"] == before["metadata"]["uid"]


def test_an_uninstall_leaves_components_running_and_deletes_nothing_of_the_users(
    counter: demo.Demo, operator: Release, visitor: Visitor, artifacts: Artifacts, figures: dict[str, str]
) -> None:
    before = {body["metadata"]["uid"] for body in counter.namespace.all(f"{kube.KINDS},deployments,pods,services")}
    with visitor.visiting(counter.url, rate=20) as visits:
        operator.uninstall()
        try:
            assert visitor.get(counter.url).status == 200
            assert {
                body["metadata"]["uid"] for body in counter.namespace.all(f"{kube.KINDS},deployments,pods,services")
            } == before
            counter.namespace.run("delete", "link", counter.link, "--timeout=20s")  # no finalizer blocks it
        finally:
            begun = time.monotonic()
            operator.install(artifacts.address)
            seconds = time.monotonic() - begun
    assert visits.failures == []
    figures["helm install"] = f"ready after {seconds:.1f} s"
    assert seconds <= kube.allowed(30)
