"""Listings for backends that can only list everything: pages in the order of names. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from wasicloud_host.capabilities.pages import Name, Page


def sorted_page(names: Iterable[Name], prefix: Name, cursor: Name | None, limit: int) -> Page[Name]:
    """The least ``limit`` names with ``prefix`` after ``cursor``, without the prefix; the cursor is the last of them."""
    rest = (
        name[len(prefix) :]
        for name in names
        if name.startswith(prefix) and (cursor is None or name[len(prefix) :] > cursor)
    )
    page: list[Name] = heapq.nsmallest(limit, rest)
    return Page(page, page[-1] if len(page) == limit else None)
