"""From `kubectl apply` to the first answer, beside a plain Deployment of the same image."""

from __future__ import annotations

import time

import demo
import kube
import servers
from conftest import Artifacts
from release import Release
from visitor import Visitor

PROBE = {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}


def plain(image: str) -> list[kube.Body]:
    """A Deployment of the same image that serves HTTP with nothing of ours in it, and its Service."""
    security = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = {
        "name": "plain", "image": image, "imagePullPolicy": "IfNotPresent", "command": ["python", "-m", "http.server", "8080"],
        "readinessProbe": PROBE, "securityContext": security,
    }  # fmt: skip
    labels = {"app": "plain"}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [container], "automountServiceAccountToken": False},
    }
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "plain"},
            "spec": {"selector": {"matchLabels": labels}, "template": template},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "plain"},
            "spec": {"selector": labels, "ports": [{"port": 80, "targetPort": 8080}]},
        },
    ]


def test_an_applied_demo_is_ready_and_answers_through_its_service(
    namespace: kube.Namespace, visitor: Visitor, artifacts: Artifacts, redis: servers.Redis
) -> None:
    counter = demo.Demo(namespace, artifacts.counter)
    namespace.apply(*demo.redis_provider(redis))
    counter.apply("redis", config={"greeting": "Good day!"}, replicas=2)
    answers = [visitor.first(counter.url), *(visitor.get(counter.url) for _ in range(2))]
    assert [answer.status for answer in answers] == [200] * 3
    assert answers[0].body.startswith("Good day! You are visitor ")
    status = (namespace.get("wasmcomponent", "counter") or {})["status"]
    assert status["readyReplicas"] == 2
    assert status["url"].startswith(f"http://counter.{namespace.name}.svc")
    assert status["digest"].startswith("sha256:")
    assert any(name.startswith("wasi:keyvalue/store@") for name in status["imports"])
    assert "True" in namespace.run("get", "wasmcomponents,capabilityproviders,links")


def test_the_first_answer_comes_within_seconds_of_a_plain_deployments(
    namespace: kube.Namespace, visitor: Visitor, artifacts: Artifacts, operator: Release, figures: dict[str, str]
) -> None:
    begun = time.time()
    namespace.apply(*plain(operator.host_image))
    reference = visitor.first(f"http://plain.{namespace.name}/").at - begun
    begun = time.time()
    namespace.apply(kube.component("hello", artifacts.hello))
    ours = visitor.first(f"http://hello.{namespace.name}/").at - begun
    figures["apply to first answer"] = f"{ours:.2f} s; a plain Deployment of the same image {reference:.2f} s"
    # Measured: 3.8 s more on an idle machine of 2 cores; the aim is 1.5 s. An init container (1.3 s, and 0.7 s until kubelet sees its
    # end) and the steps of two probes (1.9 s) make it up. This bound only keeps it from growing.
    assert ours - reference <= kube.allowed(5.0), figures["apply to first answer"]
