"""What the operator's installation decides about every pod it makes; WasmComponents decide the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

_RESOURCES: Mapping[str, Any] = MappingProxyType(
    {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "1Gi"}}
)


@dataclass(frozen=True, slots=True)
class HostSettings:
    """The host image and how its pods behave.

    ``drain_seconds``: how long requests may take to finish when a pod goes; ``pre_stop_seconds``: how long a going pod still accepts,
    until every Service has heard of it. ``plain_http``: registries (HOST:PORT) without TLS. ``ca_config_map``: a ConfigMap in the
    components' namespaces whose key ``ca.crt`` is one more authority for registries. ``cache_claim``: a PersistentVolumeClaim in the
    components' namespaces that pods share as cache of artifacts; none: each pod has its own.
    """

    image: str
    image_pull_policy: str = "IfNotPresent"
    image_pull_secrets: tuple[str, ...] = ()
    resources: Mapping[str, Any] = field(default_factory=lambda: _RESOURCES)
    drain_seconds: int = 30
    pre_stop_seconds: int = 3
    plain_http: tuple[str, ...] = ()
    ca_config_map: str = ""
    cache_claim: str = ""
    network_policies: bool = True
    cluster_domain: str = "cluster.local"


@dataclass(frozen=True, slots=True)
class Observed:
    """What a cluster knows and manifests do not say.

    ``digests`` pins images by component name (``sha256:…``); ``config_maps`` are digests of the content of ConfigMaps named in
    ``configFrom``, by name, so that an edit of one rolls the pods.
    """

    digests: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    config_maps: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
