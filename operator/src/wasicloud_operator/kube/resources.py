"""Kinds and their paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from wasicloud_operator.api import names
from wasicloud_operator.build import labels

_MANAGED = f"app.kubernetes.io/managed-by={labels.MANAGED_BY}"


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind as the API server serves it; the selectors narrow what is watched of it.

    Nothing is decided before everything essential is known. ``bookmarks``: whether a watch of it is never silent for long.
    ``page``: how many are listed at once.
    """

    api_version: str
    plural: str
    labels: str = ""
    fields: str = ""
    essential: bool = True
    bookmarks: bool = True
    page: int = 500

    def path(self, namespace: str = "", name: str = "", sub: str = "") -> str:
        """``/apis/GROUP/VERSION/namespaces/NAMESPACE/PLURAL/NAME/SUB``."""
        root = "/api/v1" if self.api_version == "v1" else f"/apis/{self.api_version}"
        parts = [root, *(["namespaces", namespace] if namespace else []), self.plural, name, sub]
        return "/".join(part for part in parts if part)


RESOURCES: Mapping[str, Resource] = MappingProxyType(
    {
        **{kind: Resource(names.API_VERSION, plural) for kind, plural in names.PLURALS.items()},
        # children are watched without a selector: one at a child's name that is not ours has to be seen
        "ServiceAccount": Resource("v1", "serviceaccounts"),
        "ConfigMap": Resource("v1", "configmaps", page=100),  # one may have a megabyte
        "NetworkPolicy": Resource("networking.k8s.io/v1", "networkpolicies"),
        "Service": Resource("v1", "services"),
        "Deployment": Resource("apps/v1", "deployments"),
        "HorizontalPodAutoscaler": Resource("autoscaling/v2", "horizontalpodautoscalers"),
        "PodDisruptionBudget": Resource("policy/v1", "poddisruptionbudgets"),
        "Pod": Resource("v1", "pods", labels=_MANAGED),
        # the only place where kubelet says which volume a pod waits for
        "Event": Resource(
            "v1", "events", fields="reason=FailedMount,involvedObject.kind=Pod", essential=False, bookmarks=False
        ),
    }
)
