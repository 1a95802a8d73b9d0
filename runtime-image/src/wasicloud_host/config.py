"""What a host is told to run: the contract between the operator (which renders it) and the host (which parses it).

Standard library only, so that the operator's image needs nothing of the host's. The frozen dataclasses are the schema: JSON
keys are their fields in camelCase, and a field that is not here is refused. No secret stands in it: credentials are
*paths of files* in a provider's ``options``.

``SCHEMA`` grows with every change that an older host would misread; a host refuses a newer schema than its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from wasicloud_host import config_codec as codec
from wasicloud_host.errors import ConfigInvalid

SCHEMA = 1

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Http:
    """The port for requests. ``listen`` is ``ADDRESS:PORT`` (port 0: any free one) or ``fd:N``, an inherited listening socket; times in seconds, sizes in bytes.

    ``accept_when_ready``: leave connections in the socket's queue until every provider has answered once, so that a host which shares
    the socket with the one it is to replace takes no request before it can serve it.
    """

    listen: str = "0.0.0.0:8080"
    request_timeout_seconds: float = field(default=30.0, metadata={"min": 0.001, "max": 86_400})
    max_concurrent_requests: int = field(default=64, metadata={"min": 1, "max": 65_536})
    max_body_bytes: int = field(default=100 << 20, metadata={"min": 0})
    access_log: bool = True
    accept_when_ready: bool = False


@dataclass(frozen=True, slots=True)
class Management:
    """The port for ``/healthz``, ``/readyz`` and ``/metrics``."""

    listen: str = "0.0.0.0:9090"


@dataclass(frozen=True, slots=True)
class Instances:
    """How instances of a component live: requests each serves before it is dropped, and its linear memory in bytes."""

    max_requests: int = field(default=1, metadata={"min": 1, "max": 1_000_000})
    memory_bytes: int = field(default=128 << 20, metadata={"min": 1 << 20, "max": 4 << 30})


@dataclass(frozen=True, slots=True)
class Egress:
    """Where outgoing HTTP may go: ``host``, ``host:port`` or ``*.domain[:port]``; empty means nowhere."""

    allowed_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BucketParameters:
    """What a Link says of one identifier; ``None`` leaves the Link's own answer."""

    prefix: str | None = None
    layout: str | None = field(default=None, metadata={"choices": ("strings", "hash")})
    name: str | None = None


@dataclass(frozen=True, slots=True)
class LinkParameters:
    """How a Link maps names: ``prefix`` before every key, ``buckets`` by identifier, ``layout`` of keyvalue on Redis."""

    prefix: str = ""
    buckets: Mapping[str, BucketParameters] = field(default_factory=lambda: _NOTHING)
    layout: str = field(default="strings", metadata={"choices": ("strings", "hash")})


@dataclass(frozen=True, slots=True)
class Link:
    """Binds ``interface`` (``wasi:keyvalue``, or ``package/interface`` with ``target``) to a provider or to a component.

    Exactly one of ``provider`` and ``target`` is set; both are names within this configuration.
    ``identifiers`` empty means every identifier.
    """

    name: str
    interface: str
    provider: str | None = None
    target: str | None = None
    identifiers: tuple[str, ...] = ()
    parameters: LinkParameters = LinkParameters()


@dataclass(frozen=True, slots=True)
class Component:
    """One component: its bytes (``artifact``, a path), the reference they came from, its configuration and its links.

    ``config`` wins over ``config_directories`` (one file a key: mounted ConfigMaps and Secrets), the first directory over the next.
    """

    name: str
    artifact: str
    image: str | None = None
    digest: str | None = None
    config: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    config_directories: tuple[str, ...] = ()
    instances: Instances = Instances()
    egress: Egress = Egress()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Provider:
    """A configured backend. ``type`` is a key of the providers' registry; ``options`` is that backend's own, parsed there.

    Options by type (credentials are files): ``redis``: url, username, passwordFile, tls {caFile}; ``azureBlob``: accountUrl,
    container {prefix}, one of connectionStringFile, accountKeyFile, sasTokenFile, workloadIdentity {clientId};
    ``filesystem``: path; ``memory``: none.
    """

    name: str
    type: str
    options: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class HostConfig:
    """Everything one host runs. ``components[0]`` serves HTTP, the others are reached by links with a ``target``."""

    name: str
    components: tuple[Component, ...]
    providers: tuple[Provider, ...] = ()
    http: Http = Http()
    management: Management = Management()
    workers: int = field(default=1, metadata={"min": 1, "max": 64})
    drain_timeout_seconds: float = field(default=30.0, metadata={"min": 0, "max": 3600})
    cache_directory: str | None = None
    schema: int = SCHEMA

    def __post_init__(self) -> None:
        """Check what one field alone cannot say."""
        if not self.components:
            raise ConfigInvalid("components", "is empty", "name at least the component that serves HTTP")
        providers = _unique(self.providers, "providers")
        components = _unique(self.components, "components")
        for component in self.components:
            _unique(component.links, f"components[{component.name}].links")
            for link in component.links:
                _check_link(link, f"components[{component.name}].links[{link.name}]", providers, components)


def _unique(items: tuple[Any, ...], where: str) -> frozenset[str]:
    names = [item.name for item in items]
    for name in names:
        if names.count(name) > 1:
            raise ConfigInvalid(where, f"names {name!r} twice", "give each its own name")
    return frozenset(names)


def _check_link(link: Link, where: str, providers: frozenset[str], components: frozenset[str]) -> None:
    if (link.provider is None) == (link.target is None):
        raise ConfigInvalid(where, "needs exactly one of provider and target", "remove one or add one")
    if link.provider is not None and link.provider not in providers:
        raise ConfigInvalid(
            f"{where}.provider", f"{link.provider!r} is not among the providers", "add it or correct the name"
        )
    if link.target is not None and link.target not in components:
        raise ConfigInvalid(
            f"{where}.target", f"{link.target!r} is not among the components", "add it or correct the name"
        )


def listening(config: HostConfig, address: str) -> HostConfig:
    """The same, listening elsewhere; ``fd:N`` is a listening socket that was inherited."""
    return replace(config, http=replace(config.http, listen=address))


def parse(text: str | bytes) -> HostConfig:
    """Read a configuration from JSON; raises `ConfigInvalid` with the path of what is wrong."""
    try:
        raw = json.loads(text)
    except ValueError as error:
        raise ConfigInvalid("", f"is not JSON ({error})", "render it again") from None
    schema = raw.get("schema") if isinstance(raw, dict) else None
    if not isinstance(schema, int) or schema > SCHEMA:
        raise ConfigInvalid(
            "schema", f"is {schema!r}, this host reads up to {SCHEMA}", "use a host image of the operator's version"
        )
    return codec.decode(HostConfig, raw)


def load(path: Path) -> HostConfig:
    """Read a configuration file; raises `ConfigInvalid`."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ConfigInvalid(
            str(path), f"cannot be read ({error.strerror})", "check the path and its permissions"
        ) from None
    return parse(text)


def dump(config: HostConfig) -> str:
    """Write a configuration as canonical JSON: sorted keys, defaults left out, so that equal values give equal bytes."""
    return (
        json.dumps({"schema": config.schema, **codec.encode(config)}, sort_keys=True, indent=2, ensure_ascii=False)
        + "\n"
    )
