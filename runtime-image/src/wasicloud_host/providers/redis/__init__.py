"""Backend ``redis``: Redis 6 or newer and what speaks its protocol, alone or as a cluster, by redis-py and hiredis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wasicloud_host.providers.redis import provider, settings


def make(name: str, options: Mapping[str, Any], path: str) -> provider.Redis:
    """The provider of these options; raises `errors.ConfigInvalid`. Nothing is connected yet."""
    return provider.Redis(name, settings.parse(options, path))
