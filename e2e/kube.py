"""kubectl as the scenarios use it: apply, look, wait for a condition. Never a sleep in place of a condition."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GROUP = "wasicloud.dev/v1alpha1"
KINDS = "wasmcomponents,capabilityproviders,links"
CHILDREN = "deployments,replicasets,pods,services,configmaps,serviceaccounts,horizontalpodautoscalers,poddisruptionbudgets,networkpolicies"

Body = dict[str, Any]


def kubectl(*arguments: str, stdin: str | None = None, check: bool = True) -> str:
    """Run kubectl; its output, or `AssertionError` with what it said."""
    done = subprocess.run(
        ["kubectl", *arguments], input=stdin, capture_output=True, text=True, timeout=300, check=False
    )
    if check and done.returncode != 0:
        raise AssertionError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def until(what: str, look: Callable[[], Any], seconds: float = 90.0, pause: float = 0.25) -> Any:
    """The first truthy answer of ``look``; fails with ``what`` and the last answer after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        answer = look()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(pause)


@dataclass(frozen=True)
class Namespace:
    """One namespace of the cluster; every method works in it."""

    name: str

    def run(self, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
        """kubectl in this namespace."""
        return kubectl("--namespace", self.name, *arguments, stdin=stdin, check=check)

    def apply(self, *bodies: Body) -> None:
        """Apply objects, as a user does with a file."""
        self.run("apply", "-f", "-", stdin=_documents(bodies))

    def refuse(self, *bodies: Body) -> str:
        """Apply what the API server has to refuse; its sentence."""
        done = subprocess.run(
            ["kubectl", "--namespace", self.name, "apply", "-f", "-"],
            input=_documents(bodies), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode != 0, "the API server took what it should refuse"
        return done.stderr

    def patch(self, kind: str, name: str, body: Body) -> None:
        """`kubectl patch --type merge`."""
        self.run("patch", kind, name, "--type", "merge", "--patch", json.dumps(body))

    def get(self, kind: str, name: str) -> Body | None:
        """An object, or ``None``."""
        text = self.run("get", kind, name, "--output", "json", "--ignore-not-found")
        return json.loads(text) if text.strip() else None

    def all(self, kinds: str, selector: str = "") -> list[Body]:
        """The objects of these kinds."""
        found: list[Body] = json.loads(self.run("get", kinds, "--selector", selector, "--output", "json"))["items"]
        return found

    def condition(self, kind: str, name: str, type_: str = "Ready") -> Body:
        """One condition of an object; empty if it has none, or none of its present generation."""
        body = self.get(kind, name) or {}
        status = body.get("status", {})
        if status.get("observedGeneration") != body.get("metadata", {}).get("generation"):
            return {}
        return next((one for one in status.get("conditions", ()) if one["type"] == type_), {})

    def ready(self, *names: str, kind: str = "wasmcomponent", seconds: float = 90.0) -> None:
        """Wait until objects are Ready at their present generation."""
        for name in names:
            try:
                until(f"{kind} {name} is Ready", functools.partial(self._is_ready, kind, name), seconds)
            except AssertionError as late:
                message = f"{late}; it says {self.condition(kind, name)}\n{self.diagnosis()}"
                raise AssertionError(message) from None

    def _is_ready(self, kind: str, name: str) -> bool:
        return self.condition(kind, name).get("status") == "True"

    def says(self, kind: str, name: str, text: str, seconds: float = 30.0) -> tuple[str, float]:
        """Wait until Ready is not True and its message holds ``text``; the message and the seconds that it took."""
        begun = time.monotonic()

        def look() -> str | None:
            condition = self.condition(kind, name)
            wrong = condition.get("status") in ("False", "Unknown")
            return condition["message"] if wrong and text in condition.get("message", "") else None

        try:
            return until(f"{kind} {name} says {text!r}", look, seconds), time.monotonic() - begun
        except AssertionError as late:
            raise AssertionError(f"{late}; it says {self.condition(kind, name)}\n{self.diagnosis()}") from None

    def pods(self, component: str) -> list[Body]:
        """The pods of a component that are not on their way out."""
        pods = self.all("pods", f"wasicloud.dev/component={component}")
        return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]

    def diagnosis(self) -> str:
        """What a person would look at first."""
        parts = [self.run("get", f"{KINDS},{CHILDREN},events", "--output", "wide", check=False)]
        for pod in self.all("pods"):
            name = pod["metadata"]["name"]
            logs = self.run("logs", name, "--all-containers", "--tail", "30", check=False)
            parts.append(f"--- {name}: {said(pod)}\n{logs}")
        return "\n".join(parts)


def said(pod: Body) -> list[str]:
    """What the containers of a pod wait for, or said when they ended."""
    status = pod.get("status", {})
    containers = [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]
    states = [
        state for one in containers for state in (*one.get("state", {}).values(), *one.get("lastState", {}).values())
    ]
    return [text for state in states if (text := state.get("message", state.get("reason", "")))]


def component(name: str, image: str, **spec: Any) -> Body:
    """A WasmComponent."""
    return _object("WasmComponent", name, {"image": image, **spec})


def provider(name: str, **spec: Any) -> Body:
    """A CapabilityProvider."""
    return _object("CapabilityProvider", name, spec)


def link(name: str, component: str, provider: str, interface: str = "wasi:keyvalue", **spec: Any) -> Body:
    """A Link to a provider."""
    return _object("Link", name, {"component": component, "interface": interface, "provider": provider, **spec})


def secret(name: str, **values: str) -> Body:
    """A Secret; underscores in keys stand for dashes."""
    data = {key.replace("_", "-"): value for key, value in values.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data}


def _object(kind: str, name: str, spec: Body) -> Body:
    return {"apiVersion": GROUP, "kind": kind, "metadata": {"name": name}, "spec": spec}


def _documents(bodies: Iterable[Body]) -> str:
    return "\n---\n".join(json.dumps(body) for body in bodies)


def allowed(seconds: float) -> float:
    """A bound on time, as it is on a machine that has nothing else to do; wider in proportion to what others keep it busy with."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def on_own_cluster() -> bool:
    """Whether this is the cluster of `e2e/cluster`, where a scenario may stop the API server."""
    state = os.environ.get("CLUSTER_STATE", str(Path.home() / ".cache" / "wasi-cloud-cluster"))
    return os.environ.get("KUBECONFIG", "").startswith(state)
