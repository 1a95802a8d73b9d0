"""A page of a listing: what every listing here returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Name = TypeVar("Name", bytes, str)


@dataclass(frozen=True, slots=True)
class Page(Generic[Name]):
    """Some names of a listing, in no promised order, and where to go on.

    ``cursor`` is opaque and ``None`` at the end. A page before the end may be short but is never empty. A name that is
    there during the whole walk is listed at least once; a name that comes or goes meanwhile may be listed or not.
    """

    names: Sequence[Name]
    cursor: Name | None
