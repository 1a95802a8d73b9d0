"""Files in a pod: where the host finds them, and the volumes that bring them there. The one place that knows both sides.

Secrets come as one projected volume, files ``PROVIDER/SECRET/KEY``: kubelet writes them anew when a Secret is rotated, and a Secret
that is missing keeps the pod from starting, with an event that names it. The init container alone sees image pull Secrets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wasicloud_operator.api import component as components
from wasicloud_operator.api import provider as providers
from wasicloud_operator.build import naming
from wasicloud_operator.build.settings import HostSettings
from wasicloud_operator.domain.bindings import Bindings

CONFIG_FILE = "config.json"
CONFIG = "/etc/wasicloud/host"
SECRETS = "/etc/wasicloud/secrets"
SOURCES = "/etc/wasicloud/sources"
PULL_SECRETS = "/etc/wasicloud/pull-secrets"
REGISTRY_CA = "/etc/wasicloud/registry"
ARTIFACTS = "/var/lib/wasicloud/artifacts"
DATA = "/var/lib/wasicloud/data"
CACHE = "/var/cache/wasicloud"
SHARED_CACHE = "/var/cache/wasicloud-shared"

_SECRET_MODE = 0o440  # the pod's group reads them


@dataclass(frozen=True, slots=True)
class PodPaths:
    """`host_config.Paths` in a pod."""

    bindings: Bindings

    def artifact(self, component: components.WasmComponent) -> str:
        """Where the init container puts the component."""
        return f"{ARTIFACTS}/{component.name}.wasm"

    def config_directory(self, component: components.WasmComponent, index: int) -> str:
        """The mount of a ConfigMap or Secret."""
        return f"{SOURCES}/{component.name}/{index}"

    def secret(self, provider: str, ref: providers.SecretKeyRef) -> str:
        """A file of the projected volume."""
        return f"{SECRETS}/{provider}/{ref.name}/{ref.key}"

    def volume(self, provider: str, backend: providers.Filesystem) -> str:
        """The mount of the provider's claim; ``backend.path`` is refused before (`bindings.check_cluster`)."""
        del backend
        return f"{DATA}/{provider}"


def volumes(bindings: Bindings, settings: HostSettings) -> list[dict[str, Any]]:
    """All volumes of the pod."""
    found: list[dict[str, Any]] = [
        {"name": "config", "configMap": {"name": naming.private(bindings.component.name)}},
        {"name": "artifacts", "emptyDir": {}},
        {"name": "cache", "emptyDir": {}},
        {"name": "tmp", "emptyDir": {}},
    ]
    secrets = list(_secret_sources(bindings))
    if secrets:
        found.append({"name": "secrets", "projected": {"defaultMode": _SECRET_MODE, "sources": secrets}})
    if pull_secrets(bindings):
        found.append(
            {"name": "pull-secrets", "projected": {"defaultMode": _SECRET_MODE, "sources": _pull_sources(bindings)}}
        )
    if settings.ca_config_map:
        found.append({"name": "registry-ca", "configMap": {"name": settings.ca_config_map}})
    if settings.cache_claim:
        found.append({"name": "shared-cache", "persistentVolumeClaim": {"claimName": settings.cache_claim}})
    found += [{"name": name, **source} for name, _, source in _config_sources(bindings)]
    found += [
        {"name": name, "persistentVolumeClaim": {"claimName": backend.persistent_volume_claim.claim_name}}
        for name, _, backend in _claims(bindings)
        if backend.persistent_volume_claim is not None
    ]
    return found


def of_init(bindings: Bindings, settings: HostSettings) -> list[dict[str, Any]]:
    """What the init container sees: registries' credentials, and where to put what it fetched."""
    found = [
        _mount("config", CONFIG),
        _mount("artifacts", ARTIFACTS, writable=True),
        _mount("cache", CACHE, writable=True),
        _mount("tmp", "/tmp", writable=True),  # noqa: S108 a volume of the pod
    ]
    if pull_secrets(bindings):
        found.append(_mount("pull-secrets", PULL_SECRETS))
    if settings.ca_config_map:
        found.append(_mount("registry-ca", REGISTRY_CA))
    if settings.cache_claim:
        found.append(_mount("shared-cache", SHARED_CACHE, writable=True))
    return found


def of_host(bindings: Bindings) -> list[dict[str, Any]]:
    """What the host sees: artifacts to read, providers' credentials, configuration."""
    found = [
        _mount("config", CONFIG),
        _mount("artifacts", ARTIFACTS),
        _mount("cache", CACHE, writable=True),
        _mount("tmp", "/tmp", writable=True),  # noqa: S108 a volume of the pod
    ]
    if any(True for _ in _secret_sources(bindings)):
        found.append(_mount("secrets", SECRETS))
    found += [_mount(name, path) for name, path, _ in _config_sources(bindings)]
    found += [_mount(name, path, writable=True) for name, path, _ in _claims(bindings)]
    return found


def pull_secrets(bindings: Bindings) -> list[str]:
    """Names of the image pull Secrets of all members, without repeats."""
    return list(
        dict.fromkeys(ref.name for member in bindings.members for ref in member.component.spec.image_pull_secrets)
    )


def _mount(name: str, path: str, *, writable: bool = False) -> dict[str, Any]:
    return {"name": name, "mountPath": path} if writable else {"name": name, "mountPath": path, "readOnly": True}


def _secret_sources(bindings: Bindings) -> Iterator[dict[str, Any]]:
    for provider in bindings.providers:
        for ref in dict.fromkeys(providers.secret_refs(provider)):
            path = f"{provider.name}/{ref.name}/{ref.key}"
            yield {"secret": {"name": ref.name, "items": [{"key": ref.key, "path": path}]}}


def _pull_sources(bindings: Bindings) -> list[dict[str, Any]]:
    key = ".dockerconfigjson"
    return [
        {"secret": {"name": name, "items": [{"key": key, "path": f"{name}/{key}"}]}} for name in pull_secrets(bindings)
    ]


def _config_sources(bindings: Bindings) -> Iterator[tuple[str, str, dict[str, Any]]]:
    paths = PodPaths(bindings)
    for number, member in enumerate(bindings.members):
        for index, source in enumerate(member.component.spec.config_from):
            volume = (
                {"configMap": {"name": source.name}}
                if source.config_map_ref
                else {"secret": {"secretName": source.name, "defaultMode": _SECRET_MODE}}
            )
            yield naming.config_volume(number, index), paths.config_directory(member.component, index), volume


def _claims(bindings: Bindings) -> Iterator[tuple[str, str, providers.Filesystem]]:
    paths = PodPaths(bindings)
    for index, provider in enumerate(bindings.providers):
        backend = provider.spec.backend
        if isinstance(backend, providers.Filesystem):
            yield naming.data_volume(index), paths.volume(provider.name, backend), backend
