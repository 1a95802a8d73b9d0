"""A component that spins, leaks or crashes costs its own requests, and disturbs nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

import guests
import kube
from conftest import Artifacts
from visitor import Visitor

EXPECTED = {"spin": 504, "leak": 500, "crash": 500}


@pytest.mark.parametrize("name", guests.NAMES)
def test_a_misbehaving_component_does_not_disturb_its_neighbour(
    namespace: kube.Namespace,
    visitor: Visitor,
    artifacts: Artifacts,
    tmp_path: Path,
    name: str,
    figures: dict[str, str],
) -> None:
    file = tmp_path / f"{name}.wasm"
    file.write_bytes(guests.build(name))
    # One CPU's share is the most that it gets: the kernel sees to the rest.
    bounded = {"requests": {"cpu": "50m"}, "limits": {"cpu": "200m", "memory": "512Mi"}}
    bad = kube.component(name, artifacts.push(file, name), http={"requestTimeout": "1s"}, resources=bounded)
    namespace.apply(kube.component("hello", artifacts.hello), bad)
    namespace.ready("hello", name, seconds=180)
    url = f"http://{name}.{namespace.name}/"
    kube.until(f"{url} leads to the pod", lambda: visitor.get(url).status != 0)
    with visitor.visiting(f"http://hello.{namespace.name}/", rate=20) as visits:
        answers = [visitor.get(url) for _ in range(8)]
    # A pod that spends all of its share may miss a probe and leave the Service for a moment: nobody answers then.
    assert {answer.status for answer in answers} - {0} == {EXPECTED[name]}, answers
    assert visits.failures == []
    [pod] = namespace.pods(name)
    assert [one["restartCount"] for one in pod["status"]["containerStatuses"]] == [0], "it cost requests, not the pod"
    namespace.ready(name, seconds=120)
    figures[f"beside a component that does {name}"] = str(visits)
