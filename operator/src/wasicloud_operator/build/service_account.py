"""The ServiceAccount of the pods: an identity without any permission, and without a token in the pod."""

from __future__ import annotations

from typing import Any

from wasicloud_operator.build import deployment, labels, naming
from wasicloud_operator.domain.bindings import Bindings


def build(bindings: Bindings) -> dict[str, Any] | None:
    """The ServiceAccount, or None where the user names one."""
    component = bindings.component
    if component.spec.service_account_name:
        return None
    client = deployment.identity(bindings)
    annotations = {"azure.workload.identity/client-id": client} if client else None
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": labels.metadata(component, naming.private(component.name), annotations),
        "automountServiceAccountToken": False,
    }
