"""The HorizontalPodAutoscaler, where one is asked for."""

from __future__ import annotations

from typing import Any

from wasicloud_operator.api.component import WasmComponent
from wasicloud_operator.build import labels, naming


def build(component: WasmComponent) -> dict[str, Any] | None:
    """The autoscaler of the Deployment, or None."""
    wanted = component.spec.autoscaling
    if wanted is None:
        return None
    target = {"type": "Utilization", "averageUtilization": wanted.target_cpu_utilization_percentage}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": labels.metadata(component, naming.main(component.name)),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": naming.main(component.name)},
            "minReplicas": wanted.min_replicas,
            "maxReplicas": wanted.max_replicas,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        },
    }
