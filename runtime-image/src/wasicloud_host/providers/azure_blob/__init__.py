"""Backend ``azureBlob``: Azure Blob Storage, by azure-storage-blob. Buckets and containers are Azure containers, see `names`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wasicloud_host.providers.azure_blob import provider, settings


def make(name: str, options: Mapping[str, Any], path: str) -> provider.AzureBlob:
    """The provider of these options; raises `errors.ConfigInvalid`. Nothing is connected yet."""
    return provider.AzureBlob(name, settings.parse(options, path))
