"""Pods reach what their objects name, as far as a NetworkPolicy can say it."""

from typing import Any

import pytest

from operator_tests import samples
from wasicloud_operator.build import network_policy
from wasicloud_operator.build.settings import HostSettings
from wasicloud_operator.domain import bindings

REF = {"name": "a", "key": "k"}
ANY_POD = {"to": [{"namespaceSelector": {}}]}


def egress(provider: dict[str, Any] | None = None, **spec: Any) -> list[Any]:
    root = samples.a_component(**{"image": "registry.example.org/gopher:1", **spec})
    links = [samples.a_link("l", provider="cache")] if provider else []
    what = bindings.bind(root, links, [samples.a_provider(**provider)] if provider else [], [root])
    policy = network_policy.build(what, HostSettings("i"))
    assert policy is not None
    return list(policy["spec"]["egress"])


def to(port: int, cidr: str | None = None) -> dict[str, Any]:
    ports = {"ports": [{"protocol": "TCP", "port": port}]}
    return {**ports, "to": [{"ipBlock": {"cidr": cidr}}]} if cidr else ports


def test_without_links_a_pod_reaches_names_and_its_registry() -> None:
    dns, registry = egress()
    assert {rule["port"] for rule in dns["ports"]} == {53}
    assert registry == to(443)
    assert to(5000) in egress(image="registry.example.org:5000/gopher:1")


@pytest.mark.parametrize(
    ("provider", "rules"),
    [
        ({"redis": {"url": "redis://redis.example.org"}}, [to(6379)]),
        ({"redis": {"url": "rediss://redis:7000"}}, [to(7000), ANY_POD]),
        ({"redis": {"url": "redis://redis.demo.svc.cluster.local"}}, [to(6379), ANY_POD]),
        ({"redis": {"url": "redis://192.0.2.1"}}, [to(6379, "192.0.2.1/32")]),
        ({"redis": {"url": "unix:///redis"}}, []),
        ({"azureBlob": {"accountUrl": "http://storage.example.org:10000/a", "accountKeySecretRef": REF}}, [to(10000)]),
        ({"memory": {}}, []),
    ],
)
def test_providers_open_their_ports(provider: dict[str, Any], rules: list[Any]) -> None:
    assert all(rule in egress(provider) for rule in rules)


def test_a_connection_string_is_secret_so_the_way_is_open() -> None:
    assert egress({"azureBlob": {"connectionStringSecretRef": REF}}) == [{}]


def test_allowed_hosts_open_their_ports() -> None:
    rules = egress(egress={"allowedHosts": ["api.example.org", "*.more.example.org:8443"]})
    assert all(to(port) in rules for port in (80, 443, 8443))
    assert ANY_POD not in rules
    assert ANY_POD in egress(egress={"allowedHosts": ["blobby"]})


def test_an_installation_may_want_none() -> None:
    root = samples.a_component()
    assert network_policy.build(bindings.bind(root, (), (), ()), HostSettings("i", network_policies=False)) is None
