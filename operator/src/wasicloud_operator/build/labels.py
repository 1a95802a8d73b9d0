"""Labels and owner references: one set for every child, and the selector that finds the pods."""

from __future__ import annotations

from typing import Any

from wasicloud_operator.api import names
from wasicloud_operator.api.component import WasmComponent

MANAGED_BY = "wasicloud"


def selector(component: WasmComponent) -> dict[str, str]:
    """What the Service, the Deployment and the policies select; never changes, since a Deployment's cannot."""
    return {names.COMPONENT_LABEL: component.name}


def common(component: WasmComponent) -> dict[str, str]:
    """Kubernetes' recommended labels, and the selector's."""
    return {
        "app.kubernetes.io/name": "wasicloud-host",
        "app.kubernetes.io/instance": component.name,
        "app.kubernetes.io/component": "host",
        "app.kubernetes.io/part-of": component.name,
        "app.kubernetes.io/managed-by": MANAGED_BY,
        **selector(component),
    }


def metadata(component: WasmComponent, name: str, annotations: dict[str, str] | None = None) -> dict[str, Any]:
    """Metadata of a child: garbage-collected with the component it was made for."""
    value: dict[str, Any] = {
        "name": name,
        "namespace": component.metadata.namespace,
        "labels": common(component),
        "ownerReferences": [
            {
                "apiVersion": names.API_VERSION,
                "kind": names.WASM_COMPONENT,
                "name": component.name,
                "uid": component.metadata.uid,
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
    }
    return {**value, "annotations": annotations} if annotations else value
