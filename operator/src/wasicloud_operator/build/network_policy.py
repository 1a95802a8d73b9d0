"""The NetworkPolicy: in through the two ports, out to what its providers, registries and allowed hosts need.

A NetworkPolicy knows addresses and ports, not host names: ports are what can be said, and an address where one is written. Behind a
Service the port is the pod's own, which nobody states here: a name that may be a Service opens the way to all pods of the cluster.
Where not even a name is known (an Azure connection string is a secret), the way out is left open.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from wasicloud_host import errors
from wasicloud_host.oci import reference
from wasicloud_operator.api import provider as providers
from wasicloud_operator.build import deployment, labels, naming
from wasicloud_operator.build.settings import HostSettings
from wasicloud_operator.domain.bindings import Bindings

Way = tuple[str, int]
"""An address (empty: any) and a port (0: any, inside the cluster)."""

_INSIDE: Way = ("", 0)

_DNS = {"ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]}
_PORTS = {"redis": 6379, "rediss": 6379, "http": 80, "https": 443}


def build(bindings: Bindings, settings: HostSettings) -> dict[str, Any] | None:
    """The policy, or None where the installation wants none."""
    if not settings.network_policies:
        return None
    component = bindings.component
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": labels.metadata(component, naming.main(component.name)),
        "spec": {
            "podSelector": {"matchLabels": labels.selector(component)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [
                {
                    "ports": [
                        {"protocol": "TCP", "port": port} for port in (deployment.HTTP_PORT, deployment.MANAGEMENT_PORT)
                    ]
                }
            ],
            "egress": _egress(bindings, settings),
        },
    }


def _egress(bindings: Bindings, settings: HostSettings) -> list[dict[str, Any]]:
    ways: set[Way] = set()
    for provider in bindings.providers:
        found = _of_provider(provider)
        if found is None:
            return [{}]
        ways |= found
    for member in bindings.members:
        ways |= set(_of_registry(member.component.spec.image, settings))
        for host in member.component.spec.egress.allowed_hosts:
            ways |= set(_of_host(host))
    return [_DNS, *map(_rule, sorted(ways))]


def _rule(way: Way) -> dict[str, Any]:
    address, port = way
    if way == _INSIDE:
        return {"to": [{"namespaceSelector": {}}]}
    rule: dict[str, Any] = {"ports": [{"protocol": "TCP", "port": port}]}
    return {**rule, "to": [{"ipBlock": {"cidr": str(ipaddress.ip_network(address))}}]} if address else rule


def _of_provider(provider: providers.CapabilityProvider) -> set[Way] | None:
    match provider.spec.backend:
        case providers.Redis(url=url):
            if url.startswith("unix:"):
                return set()
            return {*_ways(url), ("", _port(url))}  # a cluster's nodes have addresses of their own
        case providers.AzureBlob(account_url=None):
            return None
        case providers.AzureBlob(account_url=str(url), workload_identity=identity):
            return {*_ways(url), *([("", 443)] if identity else [])}
        case _:
            return set()


def _of_registry(image: str, settings: HostSettings) -> Iterator[Way]:
    try:
        registry = reference.parse(image).registry
    except errors.Refused:
        return  # the init container says what is wrong with it
    yield from _ways(f"{'http' if registry in settings.plain_http else 'https'}://{registry}")
    yield ("", 443)  # registries answer with redirects to where the bytes are


def _of_host(allowed: str) -> Iterator[Way]:
    host = allowed.removeprefix("*.")
    schemes = ("http",) if urlsplit(f"//{host}").port else ("http", "https")
    for scheme in schemes:
        yield from _ways(f"{scheme}://{host}")


def _ways(url: str) -> Iterator[Way]:
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        yield ("", _port(url))
        if _may_be_service(host):
            yield _INSIDE
        return
    yield (str(address), _port(url))
    if address.is_private:
        yield _INSIDE


def _may_be_service(host: str) -> bool:
    """``redis``, ``redis.demo``, ``redis.demo.svc``, ``redis.demo.svc.cluster.local``."""
    labels_ = host.split(".")
    return len(labels_) <= 2 or "svc" in labels_


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or _PORTS[parts.scheme]
