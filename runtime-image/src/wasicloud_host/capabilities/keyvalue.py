"""The keyvalue capability: what a bucket can do. One Protocol per group of operations.

Keys are UTF-8 text as bytes, any length the backend takes, the empty key and NUL included; values are any bytes. Who wrote
reads what they wrote (or something newer). Every method may be called from many threads at once, answers within the
provider's timeout and the request's deadline, and raises `errors.BackendError`.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from wasicloud_host.capabilities import counters
from wasicloud_host.capabilities.pages import Page
from wasicloud_host.errors import BackendError

PAGE = 256
"""How many keys a page holds, about."""


class Store(Protocol):
    """One bucket."""

    @property
    def decimal_cursors(self) -> bool:
        """Whether the cursors of `keys` are decimal u64 already; else `numbered_page` makes such."""

    def get(self, key: bytes) -> bytes | None:
        """The value, or ``None`` if the key is missing; an empty value is not a missing one."""

    def set(self, key: bytes, value: bytes) -> None:
        """Create or replace; readers see the old value or the new one."""

    def delete(self, key: bytes) -> None:
        """Remove the key; a missing one is fine."""

    def exists(self, key: bytes) -> bool:
        """Whether the key is there."""

    def keys(self, cursor: bytes | None) -> Page[bytes]:
        """About `PAGE` keys from ``cursor`` (``None``: from the start). A cursor that no page gave is an error or an end, never a loop."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a key held at one moment; ``version`` is the backend's own mark of it, nobody else looks inside."""

    value: bytes | None
    version: Any = None


class Atomics(Protocol):
    """Changes that no other writer can come between, in this process or another."""

    def increment(self, key: bytes, delta: int, *, signed: bool) -> int:
        """Add to a counter (see `counters`), from 0 if the key is missing; the new value. An error changes nothing."""

    def snapshot(self, key: bytes) -> Snapshot:
        """What the key holds now."""

    def swap(self, key: bytes, seen: Snapshot, value: bytes) -> Snapshot | None:
        """Store ``value`` if the key still is as ``seen`` (missing included) and return ``None``; else what it holds now."""


class Batch(Protocol):
    """Many keys in few round trips; no order and no rollback between them."""

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """A value or ``None`` for every key, in order, once per occurrence."""

    def set_many(self, entries: Sequence[tuple[bytes, bytes]]) -> None:
        """Set each; of a key that occurs twice the last value stays."""

    def delete_many(self, keys: Sequence[bytes]) -> None:
        """Delete each; missing ones are fine."""


class KeyValue(Store, Atomics, Batch, Protocol):
    """All of it: what a provider returns for a bucket."""


class OneByOne:
    """`Batch` for a store that has no batches of its own: inherit it."""

    def get_many(self: Store, keys: Sequence[bytes]) -> list[bytes | None]:
        """One `get` for each key."""
        return [self.get(key) for key in keys]

    def set_many(self: Store, entries: Sequence[tuple[bytes, bytes]]) -> None:
        """One `set` for each entry."""
        for key, value in entries:
            self.set(key, value)

    def delete_many(self: Store, keys: Sequence[bytes]) -> None:
        """One `delete` for each key."""
        for key in keys:
            self.delete(key)


def compare_and_swap(atomics: Atomics, key: bytes, old: int, new: int) -> bool:
    """Replace the counter ``old`` by ``new``; ``False`` if it differs or is missing. Raises `BackendError` if it is no counter."""
    seen = atomics.snapshot(key)
    while seen.value is not None and counters.parse(seen.value) == old:
        changed = atomics.swap(key, seen, b"%d" % new)
        if changed is None:
            return True
        seen = changed
    return False


def walk(store: Store) -> Iterator[bytes]:
    """Every key, repeats included."""
    cursor = None
    while True:
        page = store.keys(cursor)
        yield from page.names
        cursor = page.cursor
        if cursor is None:
            return


def numbered_page(store: Store, cursor: bytes | None) -> Page[bytes]:
    """A page whose cursor is a decimal u64, of a store whose own cursors are text: keys in the order of a hash of them.

    It needs no memory of earlier pages, so a cursor may come back in another request or to another replica, and deletions
    in between skip nothing; the price is a walk of the whole bucket for each page.
    """
    least = decimal_cursor(cursor)
    page: list[tuple[int, bytes]] = heapq.nsmallest(
        PAGE, {(mark, key) for key in walk(store) if (mark := _mark(key)) >= least}
    )
    if len(page) < PAGE:
        return Page([key for _, key in page], None)
    last = page[-1][0]
    kept = [key for mark, key in page if mark < last]  # keys that share the last mark begin the next page
    return Page(kept or [key for _, key in page], b"%d" % (last if kept else last + 1))


def decimal_cursor(cursor: bytes | None) -> int:
    """The number in a cursor, 0 for none; raises `BackendError` if it is no u64."""
    if cursor is None:
        return 0
    if not (cursor.isdigit() and len(cursor) <= 20 and int(cursor) in counters.U64):
        raise BackendError("the cursor is not one that a page gave", "invalid")
    return int(cursor)


def _mark(key: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big")
