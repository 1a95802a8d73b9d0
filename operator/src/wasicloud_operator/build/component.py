"""Everything a WasmComponent becomes, in the order in which it is applied."""

from __future__ import annotations

from typing import Any

from wasicloud_host import config
from wasicloud_operator.build import (
    config_map,
    deployment,
    host_config,
    hpa,
    mounts,
    network_policy,
    pdb,
    service,
    service_account,
)
from wasicloud_operator.build.settings import HostSettings, Observed
from wasicloud_operator.domain.bindings import Bindings

Manifest = dict[str, Any]

KINDS = (
    ("v1", "ServiceAccount"),
    ("v1", "ConfigMap"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("v1", "Service"),
    ("apps/v1", "Deployment"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("policy/v1", "PodDisruptionBudget"),
)
"""Kinds of children, in the order of `desired`. One that `desired` leaves out is to be deleted if it is there and ours."""


def desired(bindings: Bindings, settings: HostSettings, observed: Observed | None = None) -> tuple[Manifest, ...]:
    """The children of ``bindings.component``; equal arguments give equal manifests. Check `bindings.check_cluster` before."""
    known = observed or Observed()
    rendered = render(bindings, settings, known)
    found = (
        service_account.build(bindings),
        config_map.build(bindings.component, rendered),
        network_policy.build(bindings, settings),
        service.build(bindings.component),
        deployment.build(bindings, settings, pod_digest(bindings, settings, known)),
        hpa.build(bindings.component),
        pdb.build(bindings.component),
    )
    return tuple(manifest for manifest in found if manifest is not None)


def render(bindings: Bindings, settings: HostSettings, observed: Observed) -> config.HostConfig:
    """The configuration of the host in a pod."""
    return host_config.render(
        bindings,
        mounts.PodPaths(bindings),
        http_listen=f"0.0.0.0:{deployment.HTTP_PORT}",
        management_listen=f"0.0.0.0:{deployment.MANAGEMENT_PORT}",
        drain_timeout_seconds=float(settings.drain_seconds),
        cache_directory=f"{mounts.CACHE}/compiled",
        digests=observed.digests,
    )


def pod_digest(bindings: Bindings, settings: HostSettings, observed: Observed) -> str:
    """Changes whenever pods have to be replaced: with the configuration, or with a ConfigMap that they mount.

    Not with the digests that pin images: those say what runs already, so that pods made later run the same.
    """
    mounted = {
        source.name: observed.config_maps.get(source.name, "")
        for member in bindings.members
        for source in member.component.spec.config_from
        if source.config_map_ref is not None
    }
    unpinned = render(bindings, settings, Observed())
    return host_config.digest({"host": host_config.config_digest(unpinned), "configMaps": mounted})
