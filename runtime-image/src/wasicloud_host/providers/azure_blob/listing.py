"""Names of a container's blobs, a page at a time."""

from __future__ import annotations

import time
import typing
from typing import Any

from azure.storage.blob import ContainerClient

from wasicloud_host.capabilities import deadline
from wasicloud_host.capabilities.naming import Place
from wasicloud_host.capabilities.pages import Page
from wasicloud_host.errors import BackendError
from wasicloud_host.providers.azure_blob import names
from wasicloud_host.providers.azure_blob.service import limits


def page(container: ContainerClient, place: Place, cursor: str | None, limit: int) -> Page[str]:
    """The first page from ``cursor`` that has a name in it: Azure gives empty ones. Raises the SDK's errors."""
    while True:
        listed = container.list_blob_names(
            name_starts_with=names.prefix(place) or None, results_per_page=limit, **limits()
        )
        pages: Any = listed.by_page(continuation_token=cursor)
        found = [names.name(place, typing.cast("str", name)) for name in next(pages, ())]
        cursor = pages.continuation_token or None
        if found or cursor is None:
            return Page(found, cursor)
        if time.monotonic() >= deadline.at():
            raise BackendError("the container could not be listed in time", "timeout")
