"""A keyvalue bucket in a folder. Writers of one key exclude each other by a lock; readers never wait."""

from __future__ import annotations

from pathlib import Path

from wasicloud_host.capabilities import counters, keyvalue
from wasicloud_host.capabilities.keyvalue import OneByOne, Snapshot
from wasicloud_host.capabilities.pages import Page
from wasicloud_host.providers.filesystem.folder import Folder, Missing, told
from wasicloud_host.providers.listings import sorted_page


class Bucket(OneByOne):
    """See `keyvalue.KeyValue`. The folder is made by the first write."""

    decimal_cursors = False

    def __init__(self, path: Path, prefix: bytes) -> None:
        self._path = path
        self._prefix = prefix

    def get(self, key: bytes) -> bytes | None:
        """See `keyvalue.Store`."""
        try:
            with told(self._path), Folder(self._path) as folder:
                return folder.read(self._prefix + key)
        except Missing:
            return None

    def set(self, key: bytes, value: bytes) -> None:
        """See `keyvalue.Store`."""
        name = self._prefix + key
        with (
            told(self._path),
            Folder(self._path, make=True) as folder,
            folder.written_aside(name, [value]) as aside,
            folder.locked(name),
        ):
            folder.put(aside, name)

    def delete(self, key: bytes) -> None:
        """See `keyvalue.Store`."""
        name = self._prefix + key
        try:
            with told(self._path), Folder(self._path) as folder, folder.locked(name):
                folder.remove(name)
        except Missing:
            return

    def exists(self, key: bytes) -> bool:
        """See `keyvalue.Store`."""
        try:
            with told(self._path), Folder(self._path) as folder:
                return folder.status(self._prefix + key) is not None
        except Missing:
            return False

    def keys(self, cursor: bytes | None) -> Page[bytes]:
        """See `keyvalue.Store`; the cursor is the last key of the page before."""
        try:
            with told(self._path), Folder(self._path) as folder:
                return sorted_page(folder.names(), self._prefix, cursor, keyvalue.PAGE)
        except Missing:
            return Page([], None)

    def increment(self, key: bytes, delta: int, *, signed: bool) -> int:
        """See `keyvalue.Atomics`."""
        name = self._prefix + key
        with told(self._path), Folder(self._path, make=True) as folder, folder.locked(name):
            result = counters.add(folder.read(name), delta, signed=signed)
            folder.replace(name, [b"%d" % result])
            return result

    def snapshot(self, key: bytes) -> Snapshot:
        """See `keyvalue.Atomics`."""
        return Snapshot(self.get(key))

    def swap(self, key: bytes, seen: Snapshot, value: bytes) -> Snapshot | None:
        """See `keyvalue.Atomics`; compared by value."""
        name = self._prefix + key
        with told(self._path), Folder(self._path, make=True) as folder, folder.locked(name):
            found = folder.read(name)
            if found != seen.value:
                return Snapshot(found)
            folder.replace(name, [value])
            return None
