"""Names of children. A component's name has at most 52 characters, so that every name here is a DNS label."""

from __future__ import annotations


def main(component: str) -> str:
    """The Deployment, the Service (the component's address) and what scales and guards them."""
    return component


def private(component: str) -> str:
    """The ConfigMap and the ServiceAccount: a user may well have one of the component's own name."""
    return f"{component}-wasicloud"


def config_volume(member: int, index: int) -> str:
    """The volume of ``configFrom[index]`` of one member of the process."""
    return f"config-{member}-{index}"


def data_volume(index: int) -> str:
    """The volume of a ``filesystem`` provider."""
    return f"data-{index}"


def url(component: str, namespace: str, port: int, cluster_domain: str) -> str:
    """Where the component answers inside the cluster."""
    host = f"{main(component)}.{namespace}.svc.{cluster_domain}"
    return f"http://{host}" if port == 80 else f"http://{host}:{port}"
