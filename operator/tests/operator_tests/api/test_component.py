"""A WasmComponent is read as its author meant it, or refused with the path of the mistake."""

from typing import Any

import pytest

from operator_tests import samples
from wasicloud_operator.api import component
from wasicloud_operator.api.errors import SpecInvalid


def test_defaults_are_those_of_the_crd() -> None:
    spec = samples.a_component().spec
    assert (spec.replicas, spec.workers, spec.image_pull_policy) == (1, 1, "IfNotPresent")
    assert (spec.http.request_timeout, spec.http.max_concurrent_requests, spec.http.max_body_bytes) == (
        30.0,
        64,
        100 << 20,
    )
    assert (spec.instances.max_requests, spec.instances.memory) == (1, 128 << 20)
    assert (spec.service.type, spec.service.port) == ("ClusterIP", 80)
    assert spec.egress.allowed_hosts == ()
    assert spec.autoscaling is None


def test_every_field_is_read() -> None:
    spec = samples.a_component(
        imagePullSecrets=[{"name": "registry"}],
        autoscaling={"maxReplicas": 10, "targetCPUUtilizationPercentage": 50},
        config={"greeting": "hello"},
        configFrom=[{"configMapRef": {"name": "a"}}, {"secretRef": {"name": "b"}}],
        http={"requestTimeout": "1m30s", "maxBodyBytes": "1Gi"},
        instances={"memory": 1 << 21},
        egress={"allowedHosts": ["api.example.com", "*.internal:8443"]},
        resources={"limits": {"memory": "1Gi"}},
        tolerations=[{"operator": "Exists"}],
        podLabels={"team": "a"},
    ).spec
    assert spec.autoscaling is not None
    assert (spec.autoscaling.min_replicas, spec.autoscaling.target_cpu_utilization_percentage) == (1, 50)
    assert [source.name for source in spec.config_from] == ["a", "b"]
    assert (spec.http.request_timeout, spec.http.max_body_bytes, spec.instances.memory) == (90.0, 1 << 30, 1 << 21)
    assert spec.resources == {"limits": {"memory": "1Gi"}}
    assert dict(spec.pod_labels) == {"team": "a"}


def test_a_file_is_an_image_for_this_machine() -> None:
    assert samples.a_component(image="file:./gopher.wasm").spec.file == "./gopher.wasm"
    assert samples.a_component().spec.file is None


MISTAKES: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "unknown field": ({"replica": 2}, "spec.replica", "is not a known field", "did you mean 'replicas'?"),
    "unknown field deeper": (
        {"http": {"timeout": "3s"}},
        "spec.http.timeout",
        "is not a known field",
        "requestTimeout",
    ),
    "empty image": ({"image": ""}, "spec.image", "is empty", "fill it in"),
    "wrong type": ({"replicas": "two"}, "spec.replicas", "must be a whole number, not a string", "correct it"),
    "number in config": ({"config": {"port": 80}}, "spec.config.port", "must be a string", 'write "80" in quotes'),
    "too few": ({"workers": 0}, "spec.workers", "is 0, below 1", "use 1 or more"),
    "too many": ({"workers": 65}, "spec.workers", "is 65, above 64", "use 64 or less"),
    "choice": (
        {"imagePullPolicy": "Often"},
        "spec.imagePullPolicy",
        "is 'Often'",
        "use one of Always, IfNotPresent, Never",
    ),
    "duration": ({"http": {"requestTimeout": 30}}, "spec.http.requestTimeout", "is not a duration", "30s"),
    "quantity": ({"instances": {"memory": "lots"}}, "spec.instances.memory", "is not a number of bytes", "128Mi"),
    "memory too small": ({"instances": {"memory": "1k"}}, "spec.instances.memory", "below", "or more"),
    "host with scheme": (
        {"egress": {"allowedHosts": ["ok.example", "https://api.example"]}},
        "spec.egress.allowedHosts[1]",
        "is not a host",
        "without scheme or path",
    ),
    "two sources": (
        {"configFrom": [{"configMapRef": {"name": "a"}, "secretRef": {"name": "b"}}]},
        "spec.configFrom[0]",
        "needs exactly one of configMapRef and secretRef",
        "remove one or add one",
    ),
    "scaling upside down": (
        {"autoscaling": {"minReplicas": 3, "maxReplicas": 2}},
        "spec.autoscaling.minReplicas",
        "is 3, above maxReplicas 2",
        "lower it or raise maxReplicas",
    ),
    "no limit to scale to": ({"autoscaling": {}}, "spec.autoscaling.maxReplicas", "is missing", "add it"),
    "null": ({"service": None}, "spec.service", "is null", "{} for an empty object"),
    "key that is no string": ({"config": {1: "a"}}, "spec.config.1", "its name is not a string", 'write "1" in quotes'),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_by_path_problem_and_remedy(mistake: str) -> None:
    spec, path, problem, remedy = MISTAKES[mistake]
    with pytest.raises(SpecInvalid) as raised:
        samples.a_component(**spec)
    assert raised.value.path == path
    assert problem in raised.value.problem
    assert remedy in raised.value.remedy


@pytest.mark.parametrize("name", ["Gopher", "1st", "a" * 53, "a.b", "-a", "a-", ""])
def test_a_name_that_no_service_can_have_is_refused(name: str) -> None:
    with pytest.raises(SpecInvalid) as raised:
        samples.a_component(name)
    assert raised.value.path == "metadata.name"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"apiVersion": "v1"}, "apiVersion"),
        ({"kind": "Link"}, "kind"),
        ({"extra": 1}, "extra"),
        ({"metadata": {}}, "metadata.name"),
        ({"metadata": {"name": "a", "namespace": 3}}, "metadata.namespace"),
        ({"spec": []}, "spec"),
        ({"spec": None}, "spec"),
    ],
)
def test_the_envelope_is_checked(change: dict[str, Any], path: str) -> None:
    with pytest.raises(SpecInvalid) as raised:
        component.from_body({**samples.body("WasmComponent", "gopher", image="a"), **change})
    assert raised.value.path == path


def test_a_missing_spec_is_named() -> None:
    whole = samples.body("WasmComponent", "gopher", image="a")
    del whole["spec"]
    with pytest.raises(SpecInvalid, match="spec: is missing"):
        component.from_body(whole)


def test_reading_leaves_the_body_as_it_was() -> None:
    whole = samples.body("WasmComponent", "gopher", image="a", config={"a": "b"})
    before = repr(whole)
    component.from_body(whole)
    assert repr(whole) == before
