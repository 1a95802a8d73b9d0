"""Bindings → the host's configuration. One renderer for the cluster and for ``wasicloud dev``: only the paths differ.

No secret is known here: a provider's options name *files* where the host finds them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Protocol

from wasicloud_host import config
from wasicloud_operator.api import component as components
from wasicloud_operator.api import link as links
from wasicloud_operator.api import provider as providers
from wasicloud_operator.domain.bindings import Bindings, Member


class Paths(Protocol):
    """Where the host finds files: in a pod by mounts, on this machine in a temporary directory."""

    def artifact(self, component: components.WasmComponent) -> str:
        """The component's bytes."""

    def config_directory(self, component: components.WasmComponent, index: int) -> str:
        """The directory of ``configFrom[index]``, one file a key."""

    def secret(self, provider: str, ref: providers.SecretKeyRef) -> str:
        """The file that holds one key of a Secret."""

    def volume(self, provider: str, backend: providers.Filesystem) -> str:
        """The directory of a ``filesystem`` provider."""


def render(
    bindings: Bindings,
    paths: Paths,
    *,
    http_listen: str = "0.0.0.0:8080",
    management_listen: str = "0.0.0.0:9090",
    drain_timeout_seconds: float = 30.0,
    cache_directory: str | None = None,
    digests: Mapping[str, str] | None = None,
) -> config.HostConfig:
    """The configuration of the host that serves ``bindings``; ``digests`` pins images by component name."""
    spec = bindings.component.spec
    return config.HostConfig(
        name=bindings.component.name,
        components=tuple(_component(member, paths, (digests or {}).get(member.name)) for member in bindings.members),
        providers=tuple(
            config.Provider(item.name, item.spec.type, _options(item, paths)) for item in bindings.providers
        ),
        http=config.Http(
            listen=http_listen,
            request_timeout_seconds=spec.http.request_timeout,
            max_concurrent_requests=spec.http.max_concurrent_requests,
            max_body_bytes=spec.http.max_body_bytes,
        ),
        management=config.Management(listen=management_listen),
        workers=spec.workers,
        drain_timeout_seconds=drain_timeout_seconds,
        cache_directory=cache_directory,
    )


def digest(value: Any) -> str:
    """``sha256:…`` of canonical JSON: equal values have equal digests whatever the order of their keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def config_digest(rendered: config.HostConfig) -> str:
    """The digest of a host's configuration."""
    return digest(json.loads(config.dump(rendered)))


def _component(member: Member, paths: Paths, pinned: str | None) -> config.Component:
    spec = member.component.spec
    return config.Component(
        name=member.name,
        artifact=paths.artifact(member.component),
        image=None if spec.file is not None else spec.image,
        digest=pinned,
        config=spec.config,
        config_directories=tuple(
            paths.config_directory(member.component, index) for index in range(len(spec.config_from))
        ),
        instances=config.Instances(max_requests=spec.instances.max_requests, memory_bytes=spec.instances.memory),
        egress=config.Egress(allowed_hosts=spec.egress.allowed_hosts),
        links=tuple(_link(link) for link in member.links),
    )


def _link(link: links.Link) -> config.Link:
    spec = link.spec
    return config.Link(
        name=link.name,
        interface=spec.interface,
        provider=spec.provider,
        target=spec.target,
        identifiers=spec.identifiers,
        parameters=config.LinkParameters(
            prefix=spec.parameters.prefix,
            buckets={
                name: config.BucketParameters(prefix=bucket.prefix, layout=bucket.layout, name=bucket.name)
                for name, bucket in spec.parameters.buckets.items()
            },
            layout=spec.parameters.layout,
        ),
    )


def _options(provider: providers.CapabilityProvider, paths: Paths) -> Mapping[str, Any]:
    match provider.spec.backend:
        case providers.Redis() as redis:
            return _redis(provider.name, redis, paths)
        case providers.AzureBlob() as azure:
            return _azure(provider.name, azure, paths)
        case providers.Filesystem() as filesystem:
            return {"path": paths.volume(provider.name, filesystem)}
        case _:
            return {}


def _redis(name: str, redis: providers.Redis, paths: Paths) -> Mapping[str, Any]:
    options: dict[str, Any] = {"url": redis.url}
    if redis.username is not None:
        options["username"] = redis.username
    if redis.password_secret_ref is not None:
        options["passwordFile"] = paths.secret(name, redis.password_secret_ref)
    if redis.tls is not None and redis.tls.ca_secret_ref is not None:
        options["tls"] = {"caFile": paths.secret(name, redis.tls.ca_secret_ref)}
    return options


def _azure(name: str, azure: providers.AzureBlob, paths: Paths) -> Mapping[str, Any]:
    options: dict[str, Any] = {}
    if azure.account_url is not None:
        options["accountUrl"] = azure.account_url
    if azure.container.prefix:
        options["container"] = {"prefix": azure.container.prefix}
    for key, ref in (
        ("connectionStringFile", azure.connection_string_secret_ref),
        ("accountKeyFile", azure.account_key_secret_ref),
        ("sasTokenFile", azure.sas_token_secret_ref),
    ):
        if ref is not None:
            options[key] = paths.secret(name, ref)
    if azure.workload_identity is not None:
        options["workloadIdentity"] = {"clientId": azure.workload_identity.client_id}
    return options
