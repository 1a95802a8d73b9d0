"""The ConfigMap that holds the host's configuration. No secret is in it: the configuration names files."""

from __future__ import annotations

from typing import Any

from wasicloud_host import config
from wasicloud_operator.api.component import WasmComponent
from wasicloud_operator.build import labels, mounts, naming


def build(component: WasmComponent, rendered: config.HostConfig) -> dict[str, Any]:
    """The ConfigMap."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": labels.metadata(component, naming.private(component.name)),
        "data": {mounts.CONFIG_FILE: config.dump(rendered)},
    }
