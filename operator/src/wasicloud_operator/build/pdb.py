"""The PodDisruptionBudget: of several pods, one at a time may be evicted. A single pod has none, or no node could be emptied."""

from __future__ import annotations

from typing import Any

from wasicloud_operator.api.component import WasmComponent
from wasicloud_operator.build import labels, naming


def build(component: WasmComponent) -> dict[str, Any] | None:
    """The budget, or None for a single pod."""
    scaling = component.spec.autoscaling
    fewest = scaling.min_replicas if scaling is not None else component.spec.replicas
    if fewest <= 1:
        return None
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": labels.metadata(component, naming.main(component.name)),
        "spec": {
            "maxUnavailable": 1,
            "selector": {"matchLabels": labels.selector(component)},
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }
