"""WasmComponent: a component that runs, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from wasicloud_host.errors import ConfigInvalid
from wasicloud_operator.api import body as bodies
from wasicloud_operator.api import names, refs, scalars

_NOTHING: Mapping[str, Any] = MappingProxyType({})

_HOST = scalars.matching(
    r"(\*\.)?[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9])?(:[0-9]{1,5})?",
    "is not a host",
    "write host, host:port or *.domain[:port], without scheme or path",
)


@dataclass(frozen=True, slots=True)
class NameRef:
    """Names another object in the same namespace."""

    name: str = field(metadata={"check": scalars.not_empty})


@dataclass(frozen=True, slots=True)
class ConfigSource:
    """One entry of ``configFrom``: exactly one of a ConfigMap and a Secret, mounted as files."""

    config_map_ref: NameRef | None = None
    secret_ref: NameRef | None = None

    @property
    def name(self) -> str:
        """Name of the ConfigMap or Secret."""
        ref = self.config_map_ref or self.secret_ref
        return ref.name if ref else ""


def _check_sources(sources: tuple[ConfigSource, ...], path: str) -> None:
    for index, source in enumerate(sources):
        if (source.config_map_ref is None) == (source.secret_ref is None):
            raise ConfigInvalid(
                f"{path}[{index}]", "needs exactly one of configMapRef and secretRef", "remove one or add one"
            )


@dataclass(frozen=True, slots=True)
class Autoscaling:
    """A HorizontalPodAutoscaler on CPU; ``replicas`` is then left to it."""

    max_replicas: int = field(metadata={"min": 1, "max": 10_000})
    min_replicas: int = field(default=1, metadata={"min": 1, "max": 10_000})
    target_cpu_utilization_percentage: int = field(
        default=80, metadata={"key": "targetCPUUtilizationPercentage", "min": 1, "max": 1000}
    )


def _check_autoscaling(value: Autoscaling, path: str) -> None:
    if value.min_replicas > value.max_replicas:
        raise ConfigInvalid(
            f"{path}.minReplicas",
            f"is {value.min_replicas}, above maxReplicas {value.max_replicas}",
            "lower it or raise maxReplicas",
        )


@dataclass(frozen=True, slots=True)
class Service:
    """The Service before the pods."""

    type: str = field(default="ClusterIP", metadata={"choices": ("ClusterIP", "NodePort", "LoadBalancer")})
    port: int = field(default=80, metadata={"min": 1, "max": 65_535})
    annotations: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Http:
    """Limits of a request. ``request_timeout`` in seconds, ``max_body_bytes`` in bytes."""

    request_timeout: float = field(default=30.0, metadata={"convert": scalars.duration, "min": 0.001, "max": 86_400})
    max_concurrent_requests: int = field(default=64, metadata={"min": 1, "max": 65_536})
    max_body_bytes: int = field(default=100 << 20, metadata={"convert": scalars.quantity})


@dataclass(frozen=True, slots=True)
class Instances:
    """Requests an instance serves before it is dropped; linear memory of one instance, in bytes."""

    max_requests: int = field(default=1, metadata={"min": 1, "max": 1_000_000})
    memory: int = field(default=128 << 20, metadata={"convert": scalars.quantity, "min": 1 << 20, "max": 4 << 30})


@dataclass(frozen=True, slots=True)
class Egress:
    """Hosts that outgoing HTTP may reach; none by default."""

    allowed_hosts: tuple[str, ...] = field(default=(), metadata={"check": scalars.each(_HOST)})


@dataclass(frozen=True, slots=True)
class WasmComponentSpec:
    """``spec`` of a WasmComponent; the fields' meaning is in ``crds/wasmcomponents.yaml``."""

    image: str = field(metadata={"check": scalars.not_empty})
    image_pull_secrets: tuple[NameRef, ...] = ()
    image_pull_policy: str = field(default="IfNotPresent", metadata={"choices": ("Always", "IfNotPresent", "Never")})
    replicas: int = field(default=1, metadata={"min": 0, "max": 10_000})
    autoscaling: Autoscaling | None = field(default=None, metadata={"check": _check_autoscaling})
    config: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    config_from: tuple[ConfigSource, ...] = field(default=(), metadata={"check": _check_sources})
    service: Service = Service()
    http: Http = Http()
    instances: Instances = Instances()
    egress: Egress = Egress()
    workers: int = field(default=1, metadata={"min": 1, "max": 64})
    resources: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    node_selector: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    tolerations: tuple[Any, ...] = ()
    affinity: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    topology_spread_constraints: tuple[Any, ...] = ()
    service_account_name: str = ""
    pod_annotations: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    pod_labels: Mapping[str, str] = field(default_factory=lambda: _NOTHING)

    @property
    def file(self) -> str | None:
        """The path in ``image: file:PATH``, or None for an image of a registry."""
        return self.image.removeprefix("file:") if self.image.startswith("file:") else None


@dataclass(frozen=True, slots=True)
class WasmComponent:
    """A WasmComponent as its author wrote it."""

    metadata: refs.Metadata
    spec: WasmComponentSpec

    @property
    def name(self) -> str:
        """The component's name."""
        return self.metadata.name


def from_body(body: Mapping[str, Any]) -> WasmComponent:
    """Read a WasmComponent strictly; raises `SpecInvalid`. ``image: file:`` is read too: only ``wasicloud dev`` can use it."""
    return WasmComponent(refs.metadata(body, as_label=True), bodies.spec(WasmComponentSpec, body, names.WASM_COMPONENT))
