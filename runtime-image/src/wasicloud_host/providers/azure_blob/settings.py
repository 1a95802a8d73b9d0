"""The options of an Azure provider, checked. No credential is in them or in any message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from wasicloud_host.errors import ConfigInvalid
from wasicloud_host.providers import options as options_of
from wasicloud_host.providers.azure_blob import names
from wasicloud_host.providers.secrets import SecretFile


@dataclass(frozen=True, slots=True)
class Container:
    """``prefix`` stands before the name of every Azure container."""

    prefix: str = ""


@dataclass(frozen=True, slots=True)
class WorkloadIdentity:
    """``client_id`` of the managed identity; the rest is in the environment that AKS gives the pod."""

    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """As they stand in the configuration."""

    account_url: str | None = None
    container: Container = field(default_factory=Container)
    connection_string_file: str | None = None
    account_key_file: str | None = None
    sas_token_file: str | None = None
    workload_identity: WorkloadIdentity | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the account is and how to get in: ``secret`` is a ``kind`` of credential, `None` for workload identity."""

    account_url: str | None
    account: str
    prefix: str
    kind: str
    secret: SecretFile | None
    client_id: str | None = None

    def __str__(self) -> str:
        return self.account_url or "the account of its connection string"


_KINDS = ("connectionStringFile", "accountKeyFile", "sasTokenFile", "workloadIdentity")


def parse(options: Mapping[str, Any], path: str) -> Settings:
    """Check the options that stand at ``path``; raises `ConfigInvalid`."""
    given = options_of.parse(Options, options, path)
    values = (given.connection_string_file, given.account_key_file, given.sas_token_file, given.workload_identity)
    chosen = [kind for kind, value in zip(_KINDS, values, strict=True) if value is not None]
    if len(chosen) != 1:
        what = "none" if not chosen else " and ".join(chosen)
        raise ConfigInvalid(path, f"needs one way to sign in, and has {what}", f"give one of {', '.join(_KINDS)}")
    kind = chosen[0]
    file = values[_KINDS.index(kind)]
    if given.account_url is None and kind != "connectionStringFile":
        raise ConfigInvalid(f"{path}.accountUrl", "is missing", "write https://ACCOUNT.blob.core.windows.net")
    if not re.fullmatch(r"[a-z0-9-]*", given.container.prefix) or len(given.container.prefix) > names.LONGEST_PREFIX:
        raise ConfigInvalid(
            f"{path}.container.prefix",
            f"{given.container.prefix!r} cannot begin a container's name",
            f"use at most {names.LONGEST_PREFIX} lower-case letters, digits and hyphens",
        )
    return Settings(
        account_url=given.account_url,
        account=_account(given.account_url, path) if given.account_url else "",
        prefix=given.container.prefix,
        kind=kind,
        secret=SecretFile(file, f"{path}.{kind}") if isinstance(file, str) else None,
        client_id=given.workload_identity.client_id if given.workload_identity else None,
    )


def _account(url: str, path: str) -> str:
    """The account's name: the host's first label, or the path where the host is an address (an emulator)."""
    parts = urlsplit(url)
    if parts.query or "@" in parts.netloc:
        raise ConfigInvalid(
            f"{path}.accountUrl", "holds credentials", "take them out and use one of the Secret references"
        )
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ConfigInvalid(f"{path}.accountUrl", "is not a URL", "write https://ACCOUNT.blob.core.windows.net")
    return parts.path.strip("/") or parts.hostname.partition(".")[0]
