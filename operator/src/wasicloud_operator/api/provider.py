"""CapabilityProvider: a configured backend, exactly one of four types. It names Secrets and never holds one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from wasicloud_host.errors import ConfigInvalid
from wasicloud_operator.api import body as bodies
from wasicloud_operator.api import names, refs, scalars
from wasicloud_operator.api.errors import SpecInvalid

CAPABILITIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    dict.fromkeys(("redis", "azureBlob", "memory", "filesystem"), ("wasi:keyvalue", "wasi:blobstore"))
)
"""Packages that each type of provider serves."""


@dataclass(frozen=True, slots=True)
class SecretKeyRef:
    """One key of a Secret in the same namespace."""

    name: str = field(metadata={"check": scalars.not_empty})
    key: str = field(metadata={"check": scalars.not_empty})


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS towards Redis: the authority that signed its certificate, if not a public one."""

    ca_secret_ref: SecretKeyRef | None = None


def _check_redis_url(url: str, path: str) -> None:
    if not url.startswith(("redis://", "rediss://", "unix://")) or url.endswith("://"):
        raise ConfigInvalid(path, "is not a redis://, rediss:// or unix:// URL", "write redis://HOST:PORT/DB")
    if "@" in url:
        raise ConfigInvalid(
            path,
            "holds credentials",
            "put the user into username and the password into a Secret named by passwordSecretRef",
        )  # the URL is not quoted: it would print the password


@dataclass(frozen=True, slots=True)
class Redis:
    """A Redis server or cluster."""

    url: str = field(metadata={"check": _check_redis_url})
    username: str | None = None
    password_secret_ref: SecretKeyRef | None = None
    tls: Tls | None = None


@dataclass(frozen=True, slots=True)
class ContainerMapping:
    """How buckets and containers map to Azure containers."""

    prefix: str = field(
        default="",
        metadata={
            "check": scalars.matching(
                r"([a-z0-9][a-z0-9-]{0,23})?",
                "cannot begin a container's name",
                "use at most 24 lowercase letters, digits and '-'",
            )
        },
    )


@dataclass(frozen=True, slots=True)
class WorkloadIdentity:
    """Microsoft Entra Workload ID."""

    client_id: str = field(metadata={"check": scalars.not_empty})


def _check_account_url(url: str, path: str) -> None:
    if not url.startswith(("https://", "http://")):
        raise ConfigInvalid(path, "is not an https:// URL", "write https://ACCOUNT.blob.core.windows.net")
    if "?" in url or "@" in url:
        raise ConfigInvalid(path, "holds credentials", "put a SAS token into a Secret named by sasTokenSecretRef")


@dataclass(frozen=True, slots=True)
class AzureBlob:
    """An Azure Storage account, with exactly one kind of credential."""

    account_url: str | None = field(default=None, metadata={"check": _check_account_url})
    container: ContainerMapping = ContainerMapping()
    connection_string_secret_ref: SecretKeyRef | None = None
    account_key_secret_ref: SecretKeyRef | None = None
    sas_token_secret_ref: SecretKeyRef | None = None
    workload_identity: WorkloadIdentity | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of each pod, lost with it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A PersistentVolumeClaim in the same namespace."""

    claim_name: str = field(metadata={"check": scalars.not_empty})


@dataclass(frozen=True, slots=True)
class Filesystem:
    """Files on a volume; ``path``, relative to the manifest, is for ``wasicloud dev`` only."""

    persistent_volume_claim: Claim | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class CapabilityProviderSpec:
    """``spec`` of a CapabilityProvider: exactly one field is set."""

    redis: Redis | None = None
    azure_blob: AzureBlob | None = None
    memory: Memory | None = None
    filesystem: Filesystem | None = None

    @property
    def backend(self) -> Redis | AzureBlob | Memory | Filesystem:
        """The one that is set."""
        return next(b for b in (self.redis, self.azure_blob, self.memory, self.filesystem) if b is not None)

    @property
    def type(self) -> str:
        """``redis``, ``azureBlob``, ``memory`` or ``filesystem``: the key in the manifest and in the host's registry."""
        return {Redis: "redis", AzureBlob: "azureBlob", Memory: "memory", Filesystem: "filesystem"}[type(self.backend)]


@dataclass(frozen=True, slots=True)
class CapabilityProvider:
    """A CapabilityProvider as its author wrote it."""

    metadata: refs.Metadata
    spec: CapabilityProviderSpec

    @property
    def name(self) -> str:
        """The provider's name."""
        return self.metadata.name


def secret_refs(provider: CapabilityProvider) -> Iterator[SecretKeyRef]:
    """Every key of a Secret that the provider's pods need."""
    backend = provider.spec.backend
    if isinstance(backend, Redis):
        refs_ = (backend.password_secret_ref, backend.tls.ca_secret_ref if backend.tls else None)
    elif isinstance(backend, AzureBlob):
        refs_ = (backend.connection_string_secret_ref, backend.account_key_secret_ref or backend.sas_token_secret_ref)
    else:
        refs_ = (None, None)
    yield from (ref for ref in refs_ if ref is not None)


def from_body(body: Mapping[str, Any]) -> CapabilityProvider:
    """Read a CapabilityProvider strictly; raises `SpecInvalid`."""
    metadata = refs.metadata(body)
    spec = bodies.spec(CapabilityProviderSpec, body, names.CAPABILITY_PROVIDER)
    _one_of(spec, ("redis", "azure_blob", "memory", "filesystem"), "spec")
    if spec.redis is not None and spec.redis.tls is not None and not spec.redis.url.startswith("rediss://"):
        raise SpecInvalid("spec.redis.tls", "needs a rediss:// URL", "write rediss:// or remove tls")
    if spec.azure_blob is not None:
        _check_azure(spec.azure_blob)
    if spec.filesystem is not None:
        _one_of(spec.filesystem, ("persistent_volume_claim", "path"), "spec.filesystem")
    return CapabilityProvider(metadata, spec)


def _check_azure(azure: AzureBlob) -> None:
    credentials = (
        "connection_string_secret_ref",
        "account_key_secret_ref",
        "sas_token_secret_ref",
        "workload_identity",
    )
    _one_of(azure, credentials, "spec.azureBlob")
    if azure.account_url is None and azure.connection_string_secret_ref is None:
        raise SpecInvalid("spec.azureBlob.accountUrl", "is missing", "add it, or use connectionStringSecretRef")


def _one_of(value: Any, fields: tuple[str, ...], path: str) -> None:
    written = [bodies.key(field_) for field_ in fields if getattr(value, field_) is not None]
    if len(written) != 1:
        found = f"has {' and '.join(written)}" if written else "has none of its alternatives"
        choices = ", ".join(bodies.key(field_) for field_ in fields)
        raise SpecInvalid(path, found, f"write exactly one of {choices}")
