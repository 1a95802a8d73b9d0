"""The API server takes every example, refuses every mistake with a sentence that helps, and fills in what is left out."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

import kube
import servers
from release import Release

NAMESPACE = kube.Namespace("default")
EXAMPLES = sorted((servers.ROOT / "examples").glob("*/manifest.yaml"))
IMAGE = "registry.example/a:1"


@pytest.fixture(scope="module", autouse=True)
def kinds(operator: Release) -> None:
    """The kinds are installed with the operator."""
    del operator


def objects(text: str) -> list[kube.Body]:
    """What a file holds; a file of this machine in place of an image is for `wasicloud dev`."""
    found = [body for body in yaml.safe_load_all(text) if body]
    for body in found:
        if str(body.get("spec", {}).get("image", "")).startswith("file:"):
            body["spec"]["image"] = IMAGE
        if "path" in body.get("spec", {}).get("filesystem", {}):
            body["spec"]["filesystem"] = {"persistentVolumeClaim": {"claimName": "data"}}
    return found


def dry_run(body: kube.Body) -> kube.Body:
    """The object as the API server would keep it."""
    text = NAMESPACE.run("create", "--dry-run=server", "--output", "json", "-f", "-", stdin=json.dumps(body))
    made: kube.Body = json.loads(text)
    return made


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_every_example_is_taken(path: Any) -> None:
    for body in objects(path.read_text()):
        dry_run(body)


def component(**spec: Any) -> kube.Body:
    return kube.component("app", spec.pop("image", IMAGE), **spec)


def a_link(**spec: Any) -> kube.Body:
    return {**kube.link("l", "app", "p"), "spec": {"component": "app", "interface": "wasi:keyvalue", **spec}}


def azure(**spec: Any) -> kube.Body:
    return kube.provider("p", azureBlob=spec)


KEY = {"name": "s", "key": "k"}
MISTAKES: dict[str, tuple[kube.Body, str]] = {
    "a name that no Service may have": (kube.component("1st.app", IMAGE), "metadata.name becomes a Service's name"),
    "a name that is too long": (kube.component("a" * 53, IMAGE), "at most 52"),
    "no image": ({**component(), "spec": {}}, "spec.image: Required"),
    "an empty image": (component(image=""), "spec.image"),
    "a file": (component(image="file:a.wasm"), "wasicloud push FILE IMAGE"),
    "a policy": (component(imagePullPolicy="Sometimes"), 'supported values: "Always"'),
    "too many replicas": (component(replicas=10_001), "less than or equal to 10000"),
    "replicas in words": (component(replicas="two"), "spec.replicas"),
    "autoscaling without an end": (component(autoscaling={"minReplicas": 2}), "maxReplicas: Required"),
    "autoscaling upside down": (component(autoscaling={"minReplicas": 3, "maxReplicas": 2}), "lower it or raise maxReplicas"),
    "configuration that is no text": (component(config={"a": 1}), "spec.config.a"),
    "configuration from nowhere": (component(configFrom=[{}]), "exactly one of configMapRef and secretRef"),
    "configuration from two places": (
        component(configFrom=[{"configMapRef": {"name": "a"}, "secretRef": {"name": "b"}}]), "exactly one of configMapRef"
    ),
    "a type of Service": (component(service={"type": "ExternalName"}), "service.type"),
    "a port": (component(service={"port": 0}), "service.port"),
    "a timeout": (component(http={"requestTimeout": "30 seconds"}), "http.requestTimeout"),
    "a body's length": (component(http={"maxBodyBytes": "many"}), "http.maxBodyBytes"),
    "too little memory": (component(instances={"memory": "1Ki"}), "at least 1Mi and at most 4Gi"),
    "too much memory": (component(instances={"memory": "5Gi"}), "at least 1Mi and at most 4Gi"),
    "too much memory in bytes": (component(instances={"memory": 1 << 40}), "at least 1Mi and at most 4Gi"),
    "no request": (component(instances={"maxRequests": 0}), "instances.maxRequests"),
    "a URL in place of a host": (component(egress={"allowedHosts": ["https://a.example"]}), "egress.allowedHosts[0]"),
    "a host twice": (component(egress={"allowedHosts": ["a.example", "a.example"]}), "Duplicate value"),
    "workers": (component(workers=0), "spec.workers"),
    "an unknown field": (component(replica=2), 'unknown field "spec.replica"'),
    "no backend": (kube.provider("p"), "exactly one of redis, azureBlob, memory and filesystem"),
    "two backends": (kube.provider("p", memory={}, redis={"url": "redis://h"}), "exactly one of redis"),
    "redis without a URL": (kube.provider("p", redis={}), "redis.url: Required"),
    "redis by HTTP": (kube.provider("p", redis={"url": "http://h"}), "redis.url"),
    "redis with a password in the URL": (kube.provider("p", redis={"url": "redis://u:secret@h"}), "Secret named by passwordSecretRef"),
    "redis with TLS where there is none": (kube.provider("p", redis={"url": "redis://h", "tls": {}}), "needs a rediss:// URL"),
    "half a reference": (kube.provider("p", redis={"url": "redis://h", "passwordSecretRef": {"name": "s"}}), "passwordSecretRef.key: Required"),
    "azure without credentials": (azure(accountUrl="https://a"), "azureBlob needs exactly one of connectionStringSecretRef"),
    "azure with two": (azure(accountUrl="https://a", accountKeySecretRef=KEY, sasTokenSecretRef=KEY), "needs exactly one of"),
    "azure without an account": (azure(accountKeySecretRef=KEY), "needs accountUrl"),
    "azure with a token in the URL": (azure(accountUrl="https://a?sv=1", accountKeySecretRef=KEY), "Secret named by sasTokenSecretRef"),
    "azure's container": (azure(connectionStringSecretRef=KEY, container={"prefix": "A_"}), "container.prefix"),
    "a path of one machine": (kube.provider("p", filesystem={"path": "/data"}), 'unknown field "spec.filesystem.path"'),
    "a Link to nowhere": (a_link(), "exactly one of provider"),
    "a Link to two places": (a_link(provider="p", target="t"), "exactly one of provider"),
    "a Link to itself": (a_link(target="app", interface="a:b/c"), "name another WasmComponent"),
    "an interface that no provider serves": (a_link(provider="p", interface="wasi:http/incoming-handler"), "as target"),
    "an interface that is none": (a_link(target="t", interface="keyvalue"), "spec.interface"),
    "parameters of a target": (a_link(target="t", interface="a:b/c", parameters={}), "parameters are for providers"),
    "identifiers of a target": (a_link(target="t", interface="a:b/c", identifiers=["a"]), "identifiers are for providers"),
    "a layout": (a_link(provider="p", parameters={"layout": "list"}), "parameters.layout"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_refused_with_a_sentence_that_helps(name: str) -> None:
    body, words = MISTAKES[name]
    assert words in NAMESPACE.refuse(body)


def test_what_is_left_out_is_filled_in() -> None:
    spec = dry_run(component())["spec"]
    assert spec["replicas"] == 1
    assert spec["http"] == {"requestTimeout": "30s", "maxConcurrentRequests": 64, "maxBodyBytes": "100Mi"}
    assert spec["instances"] == {"maxRequests": 1, "memory": "128Mi"}
    assert spec["service"] == {"type": "ClusterIP", "port": 80}


def test_people_find_the_kinds_together_and_explained() -> None:
    listed = kube.kubectl("api-resources", "--categories", "wasicloud", "--output", "name").split()
    assert sorted(listed) == [f"{kind}.wasicloud.dev" for kind in ("capabilityproviders", "links", "wasmcomponents")]
    assert "wall" in kube.kubectl("explain", "wasmcomponent.spec.http.requestTimeout").lower()
