"""The Service before the pods: the component's address inside the cluster."""

from __future__ import annotations

from typing import Any

from wasicloud_operator.api.component import WasmComponent
from wasicloud_operator.build import labels, naming


def build(component: WasmComponent) -> dict[str, Any]:
    """The Service."""
    spec = component.spec.service
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": labels.metadata(component, naming.main(component.name), dict(spec.annotations)),
        "spec": {
            "type": spec.type,
            "selector": labels.selector(component),
            "ports": [
                {"name": "http", "port": spec.port, "targetPort": "http", "protocol": "TCP", "appProtocol": "http"}
            ],
        },
    }
