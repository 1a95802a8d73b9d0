"""The Deployment of hosts: an init container brings and compiles the components, the host serves them.

A change rolls it without an outage: a new pod counts only when it is ready (its component compiled, its providers answering), and
an old one goes on accepting for a moment, then finishes its requests. It keeps to Pod Security ``restricted``.
"""

from __future__ import annotations

from typing import Any

from wasicloud_operator.api import names
from wasicloud_operator.api import provider as providers
from wasicloud_operator.api.component import WasmComponent
from wasicloud_operator.build import labels, mounts, naming
from wasicloud_operator.build.settings import HostSettings
from wasicloud_operator.domain.bindings import Bindings

HTTP_PORT = 8080
MANAGEMENT_PORT = 9090

_USER = 65532
_SLACK_SECONDS = 5  # between the end of a drain and SIGKILL
_CONTAINER_SECURITY = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def build(bindings: Bindings, settings: HostSettings, config_digest: str) -> dict[str, Any]:
    """The Deployment; ``config_digest`` changes whenever its pods have to be replaced."""
    component = bindings.component
    spec: dict[str, Any] = {
        "selector": {"matchLabels": labels.selector(component)},
        "revisionHistoryLimit": 3,
        "progressDeadlineSeconds": 300,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "25%"}},
        "template": {
            "metadata": {
                "labels": {**component.spec.pod_labels, **_identity_labels(bindings), **labels.common(component)},
                "annotations": {**component.spec.pod_annotations, names.CONFIG_DIGEST_ANNOTATION: config_digest},
            },
            "spec": _pod(bindings, settings),
        },
    }
    if component.spec.autoscaling is None:  # else the autoscaler owns the number
        spec["replicas"] = component.spec.replicas
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": labels.metadata(component, naming.main(component.name)),
        "spec": spec,
    }


def _pod(bindings: Bindings, settings: HostSettings) -> dict[str, Any]:
    component = bindings.component
    pod: dict[str, Any] = {
        "serviceAccountName": component.spec.service_account_name or naming.private(component.name),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": settings.pre_stop_seconds + settings.drain_seconds + _SLACK_SECONDS,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "initContainers": [_fetch(bindings, settings)],
        "containers": [_host(bindings, settings)],
        "volumes": mounts.volumes(bindings, settings),
        "topologySpreadConstraints": _spread(component),
    }
    optional: dict[str, Any] = {
        "imagePullSecrets": [{"name": name} for name in settings.image_pull_secrets],
        "nodeSelector": dict(component.spec.node_selector),
        "tolerations": list(component.spec.tolerations),
        "affinity": dict(component.spec.affinity),
    }
    return {**pod, **{key: value for key, value in optional.items() if value}}


def _fetch(bindings: Bindings, settings: HostSettings) -> dict[str, Any]:
    """Pulls, checks and compiles; its last words are what the operator tells the user."""
    arguments = ["fetch", "--config", f"{mounts.CONFIG}/{mounts.CONFIG_FILE}", "--cache", mounts.CACHE]
    if settings.cache_claim:
        arguments += ["--cache", mounts.SHARED_CACHE]
    arguments += ["--pull-policy", bindings.component.spec.image_pull_policy]
    for name in mounts.pull_secrets(bindings):
        arguments += ["--credentials", f"{mounts.PULL_SECRETS}/{name}"]
    if settings.ca_config_map:
        arguments += ["--ca-file", f"{mounts.REGISTRY_CA}/ca.crt"]
    for registry in settings.plain_http:
        arguments += ["--plain-http", registry]
    return {
        "name": "fetch",
        "image": settings.image,
        "imagePullPolicy": settings.image_pull_policy,
        "args": arguments,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "resources": _resources(bindings.component, settings),
        "securityContext": _CONTAINER_SECURITY,
        "volumeMounts": mounts.of_init(bindings, settings),
    }


def _host(bindings: Bindings, settings: HostSettings) -> dict[str, Any]:
    return {
        "name": "host",
        "image": settings.image,
        "imagePullPolicy": settings.image_pull_policy,
        "args": ["--config", f"{mounts.CONFIG}/{mounts.CONFIG_FILE}"],
        "ports": [
            {"name": "http", "containerPort": HTTP_PORT, "protocol": "TCP"},
            {"name": "management", "containerPort": MANAGEMENT_PORT, "protocol": "TCP"},
        ],
        # it compiles here if the init container's work is not to be had, so the start may take minutes
        "startupProbe": _probe("/healthz", period=1, failures=300),
        "readinessProbe": _probe("/readyz", period=1, failures=2),
        "livenessProbe": _probe("/healthz", period=10, failures=3),
        "lifecycle": {"preStop": {"exec": {"command": _pause(settings.pre_stop_seconds)}}},
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "resources": _resources(bindings.component, settings),
        "securityContext": _CONTAINER_SECURITY,
        "volumeMounts": mounts.of_host(bindings),
    }


def _probe(path: str, *, period: int, failures: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": path, "port": "management"},
        "periodSeconds": period,
        "timeoutSeconds": 3,
        "failureThreshold": failures,
    }


def _pause(seconds: int) -> list[str]:
    """Services hear of a going pod after it is told to go: it accepts until they have."""
    return ["python", "-c", f"import time; time.sleep({seconds})"]


def _resources(component: WasmComponent, settings: HostSettings) -> dict[str, Any]:
    return dict(component.spec.resources or settings.resources)


def _spread(component: WasmComponent) -> list[Any]:
    if component.spec.topology_spread_constraints:
        return list(component.spec.topology_spread_constraints)
    return [
        {
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": labels.selector(component)},
        }
    ]


def _identity_labels(bindings: Bindings) -> dict[str, str]:
    """Microsoft Entra Workload ID gives its token to pods with this label."""
    return {"azure.workload.identity/use": "true"} if identity(bindings) else {}


def identity(bindings: Bindings) -> str | None:
    """The client id of the first provider that uses workload identity."""
    for provider in bindings.providers:
        backend = provider.spec.backend
        if isinstance(backend, providers.AzureBlob) and backend.workload_identity is not None:
            return backend.workload_identity.client_id
    return None
