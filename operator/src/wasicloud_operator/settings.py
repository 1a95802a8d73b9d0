"""What the installation decides, from the environment: the only reader of it. The chart writes these variables."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass

from wasicloud_operator.build.settings import HostSettings


class SettingInvalid(Exception):
    """A variable does not say what it should; the message names it and the remedy."""


@dataclass(frozen=True, slots=True)
class Settings:
    """``namespaces``: empty for all. ``lease_namespace``: empty without leader election. ``identity``: who we are in the Lease."""

    host: HostSettings
    namespaces: tuple[str, ...] = ()
    lease_namespace: str = ""
    lease_seconds: float = 15.0
    identity: str = "operator"
    kubeconfig: str = ""
    workers: int = 8
    resync_seconds: float = 600.0
    health_listen: str = "0.0.0.0:8080"
    metrics_listen: str = "0.0.0.0:9090"
    log_level: str = "INFO"


def from_environment(variables: Mapping[str, str]) -> Settings:
    """Read; raises `SettingInvalid`."""
    read = _Reader(variables)
    return Settings(
        host=HostSettings(
            image=read.required("WASICLOUD_HOST_IMAGE", "the host image that components run on"),
            image_pull_policy=read.text("WASICLOUD_HOST_IMAGE_PULL_POLICY", "IfNotPresent"),
            image_pull_secrets=read.names("WASICLOUD_HOST_IMAGE_PULL_SECRETS"),
            drain_seconds=read.number("WASICLOUD_DRAIN_SECONDS", 30),
            plain_http=read.names("WASICLOUD_PLAIN_HTTP_REGISTRIES"),
            ca_config_map=read.text("WASICLOUD_REGISTRY_CA_CONFIGMAP", ""),
            cache_claim=read.text("WASICLOUD_CACHE_CLAIM", ""),
            network_policies=read.flag("WASICLOUD_NETWORK_POLICIES", default=True),
            cluster_domain=read.text("WASICLOUD_CLUSTER_DOMAIN", "cluster.local"),
        ),
        namespaces=read.names("WASICLOUD_NAMESPACE"),
        lease_namespace=_lease_namespace(read),
        lease_seconds=float(read.number("WASICLOUD_LEASE_SECONDS", 15)),
        identity=read.text("POD_NAME", socket.gethostname()),
        kubeconfig=read.text("KUBECONFIG", ""),
        workers=read.number("WASICLOUD_WORKERS", 8),
        resync_seconds=float(read.number("WASICLOUD_RESYNC_SECONDS", 600)),
        health_listen=read.text("WASICLOUD_HEALTH_LISTEN", "0.0.0.0:8080"),
        metrics_listen=read.text("WASICLOUD_METRICS_LISTEN", "0.0.0.0:9090"),
        log_level=read.choice("WASICLOUD_LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
    )


def _lease_namespace(read: _Reader) -> str:
    if not read.flag("WASICLOUD_LEADER_ELECTION", default=False):
        return ""
    return read.required("WASICLOUD_LEASE_NAMESPACE", "where the Lease of the leader election is kept")


class _Reader:
    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def text(self, name: str, default: str) -> str:
        return self._variables.get(name, "").strip() or default

    def required(self, name: str, meaning: str) -> str:
        found = self.text(name, "")
        if not found:
            raise SettingInvalid(f"{name} is not set; set it to {meaning}")
        return found

    def names(self, name: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in self._variables.get(name, "").split(",") if part.strip())

    def number(self, name: str, default: int) -> int:
        found = self.text(name, str(default))
        if not found.isdecimal() or int(found) == 0:
            raise SettingInvalid(f"{name} is {found!r}; write a whole number above 0")
        return int(found)

    def flag(self, name: str, *, default: bool) -> bool:
        return self.choice(name, str(default).upper(), ("TRUE", "FALSE")) == "TRUE"

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        found = self.text(name, default).upper()
        if found not in choices:
            raise SettingInvalid(f"{name} is {found!r}; write one of {', '.join(choices).lower()}")
        return found
