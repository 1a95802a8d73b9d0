"""A keyvalue bucket on Redis, in either layout."""

from __future__ import annotations

import time
from collections.abc import Sequence

from wasicloud_host.capabilities import counters, deadline, keyvalue
from wasicloud_host.capabilities.keyvalue import Snapshot
from wasicloud_host.capabilities.pages import Page
from wasicloud_host.errors import BackendError
from wasicloud_host.providers.redis.client import Client
from wasicloud_host.providers.redis.layouts import Hash, Layout

BATCH_BYTES = 4 << 20
"""Values of a batch that travel in one round trip, about."""

BATCH_KEYS = 1000


class Bucket:
    """See `keyvalue.KeyValue`. Counters are Redis's own, so that other programs can use them."""

    decimal_cursors = True

    def __init__(self, client: Client, layout: Layout) -> None:
        self._client = client
        self._layout = layout

    def get(self, key: bytes) -> bytes | None:
        """See `keyvalue.Store`."""
        value: bytes | None = self._client.run(*self._layout.get(key))
        return value

    def set(self, key: bytes, value: bytes) -> None:
        """See `keyvalue.Store`."""
        self._client.run(*self._layout.set(key, value))

    def delete(self, key: bytes) -> None:
        """See `keyvalue.Store`."""
        self._client.run(*self._layout.delete(key))

    def exists(self, key: bytes) -> bool:
        """See `keyvalue.Store`."""
        return bool(self._client.run(*self._layout.exists(key)))

    def keys(self, cursor: bytes | None) -> Page[bytes]:
        """See `keyvalue.Store`; the cursor is Redis's, times the number of nodes that are walked one after the other."""
        start = keyvalue.decimal_cursor(cursor)
        if isinstance(self._layout, Hash):
            return self._page(start, None)
        nodes = self._client.nodes()
        index, position = start % len(nodes), start // len(nodes)
        page = self._page(position, nodes[index])
        if page.cursor is not None:
            return Page(page.names, b"%d" % (int(page.cursor) * len(nodes) + index))
        if index + 1 < len(nodes):
            return Page(page.names, b"%d" % (index + 1)) if page.names else self.keys(b"%d" % (index + 1))
        return page

    def increment(self, key: bytes, delta: int, *, signed: bool) -> int:
        """See `keyvalue.Atomics`."""
        try:
            if delta not in counters.S64:
                return self._increment_wide(key, delta, signed=signed)
            if signed:
                return int(self._client.run(*self._layout.increment(key, delta), repeatable=False))
            name, field = self._layout.key(key)
            script = self._layout.increment_unsigned
            return int(self._client.run_script(script, (name,), field, b"%d" % delta, b"%d" % -delta))
        except BackendError as error:
            if error.outcome != "invalid":
                raise
            return self._increment_wide(key, delta, signed=signed)

    def snapshot(self, key: bytes) -> Snapshot:
        """See `keyvalue.Atomics`."""
        return Snapshot(self.get(key))

    def swap(self, key: bytes, seen: Snapshot, value: bytes) -> Snapshot | None:
        """See `keyvalue.Atomics`; compared by value, in one script."""
        name, field = self._layout.key(key)
        there = b"0" if seen.value is None else b"1"
        found = self._client.run_script(self._layout.swap, (name,), field, there, seen.value or b"", value)
        if found == 1:
            return None
        return Snapshot(found[0] if found else None)

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """See `keyvalue.Batch`."""
        values: list[bytes | None] = []
        for start in range(0, len(keys), BATCH_KEYS):
            values += self._client.run_all([self._layout.get(key) for key in keys[start : start + BATCH_KEYS]])
        return values

    def set_many(self, entries: Sequence[tuple[bytes, bytes]]) -> None:
        """See `keyvalue.Batch`."""
        batch = []
        size = 0
        for key, value in entries:
            batch.append(self._layout.set(key, value))
            size += len(value)
            if size >= BATCH_BYTES or len(batch) >= BATCH_KEYS:
                self._client.run_all(batch)
                batch, size = [], 0
        self._client.run_all(batch)

    def delete_many(self, keys: Sequence[bytes]) -> None:
        """See `keyvalue.Batch`."""
        for start in range(0, len(keys), BATCH_KEYS):
            self._client.run_all([self._layout.delete(key) for key in keys[start : start + BATCH_KEYS]])

    def _page(self, position: int, node: str | None) -> Page[bytes]:
        """The first page that has a name in it."""
        while True:
            if isinstance(self._layout, Hash):
                following, found = self._client.run(self._layout.name, self._layout.scan(position))
            else:
                following, found = self._client.run_on(node or "", self._layout.scan(position))
            position = int(following)
            names = self._layout.names(found)
            if names or position == 0:
                return Page(names, b"%d" % position if position else None)
            if time.monotonic() >= deadline.at():
                raise BackendError("the bucket's keys are too few among too many to be found in time", "timeout")

    def _increment_wide(self, key: bytes, delta: int, *, signed: bool) -> int:
        """Numbers beyond Redis's own: compare and swap until nobody came between; also tells what was wrong."""
        seen = self.snapshot(key)
        while True:
            result = counters.add(seen.value, delta, signed=signed)
            changed = self.swap(key, seen, b"%d" % result)
            if changed is None:
                return result
            seen = changed
