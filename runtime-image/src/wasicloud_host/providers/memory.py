"""Backend ``memory``: dictionaries of this process, lost with it. For trials and tests; the model of all other backends.

Buckets and containers are separate dictionaries by name; a Link's prefix stands before keys. One lock serves the whole
provider: every operation is a few dictionary accesses.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wasicloud_host.capabilities import blobstore, counters, keyvalue
from wasicloud_host.capabilities.blobstore import ObjectInfo
from wasicloud_host.capabilities.keyvalue import Snapshot
from wasicloud_host.capabilities.naming import Place
from wasicloud_host.capabilities.pages import Page
from wasicloud_host.providers import options as options_of
from wasicloud_host.providers.listings import sorted_page


@dataclass(frozen=True, slots=True)
class Options:
    """It has none."""


@dataclass(frozen=True, slots=True)
class _Object:
    data: bytes
    created_at: int


@dataclass(slots=True)
class _Container:
    created_at: int
    objects: dict[str, _Object] = field(default_factory=dict)


class Memory:
    """The provider."""

    type = "memory"

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._buckets: dict[str, dict[bytes, bytes]] = {}
        self._blobs = Blobs({}, self._lock)

    def summary(self) -> str:
        """One line for people."""
        return "memory of this process"

    def keyvalue(self, place: Place) -> Bucket:
        """A bucket."""
        with self._lock:
            return Bucket(self._buckets.setdefault(place.name, {}), place.prefix.encode(), self._lock)

    def blobstore(self) -> Blobs:
        """All containers."""
        return self._blobs

    def check(self) -> None:
        """Memory always answers."""

    def close(self) -> None:
        """Nothing to let go of."""


def make(name: str, options: Mapping[str, Any], path: str) -> Memory:
    """The provider of these options; raises `errors.ConfigInvalid`."""
    options_of.parse(Options, options, path)
    return Memory(name)


class Bucket:
    """A bucket of `Memory`."""

    decimal_cursors = False

    def __init__(self, values: dict[bytes, bytes], prefix: bytes, lock: threading.Lock) -> None:
        self._values = values
        self._prefix = prefix
        self._lock = lock

    def get(self, key: bytes) -> bytes | None:
        """See `keyvalue.Store`."""
        return self._values.get(self._prefix + key)

    def set(self, key: bytes, value: bytes) -> None:
        """See `keyvalue.Store`."""
        with self._lock:
            self._values[self._prefix + key] = value

    def delete(self, key: bytes) -> None:
        """See `keyvalue.Store`."""
        with self._lock:
            self._values.pop(self._prefix + key, None)

    def exists(self, key: bytes) -> bool:
        """See `keyvalue.Store`."""
        return self._prefix + key in self._values

    def keys(self, cursor: bytes | None) -> Page[bytes]:
        """See `keyvalue.Store`; the cursor is the last key of the page before."""
        with self._lock:
            return sorted_page(list(self._values), self._prefix, cursor, keyvalue.PAGE)

    def increment(self, key: bytes, delta: int, *, signed: bool) -> int:
        """See `keyvalue.Atomics`."""
        with self._lock:
            result = counters.add(self._values.get(self._prefix + key), delta, signed=signed)
            self._values[self._prefix + key] = b"%d" % result
            return result

    def snapshot(self, key: bytes) -> Snapshot:
        """See `keyvalue.Atomics`."""
        return Snapshot(self.get(key))

    def swap(self, key: bytes, seen: Snapshot, value: bytes) -> Snapshot | None:
        """See `keyvalue.Atomics`."""
        with self._lock:
            found = self._values.get(self._prefix + key)
            if found != seen.value:
                return Snapshot(found)
            self._values[self._prefix + key] = value
            return None

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """See `keyvalue.Batch`."""
        return [self.get(key) for key in keys]

    def set_many(self, entries: Sequence[tuple[bytes, bytes]]) -> None:
        """See `keyvalue.Batch`."""
        with self._lock:
            self._values.update((self._prefix + key, value) for key, value in entries)

    def delete_many(self, keys: Sequence[bytes]) -> None:
        """See `keyvalue.Batch`."""
        for key in keys:
            self.delete(key)


class Blobs:
    """The containers of `Memory`."""

    def __init__(self, containers: dict[str, _Container], lock: threading.Lock) -> None:
        self._containers = containers
        self._lock = lock

    def create_container(self, place: Place) -> None:
        """See `blobstore.Containers`."""
        with self._lock:
            if place.name in self._containers:
                raise blobstore.container_exists(place)
            self._containers[place.name] = _Container(int(time.time()))

    def delete_container(self, place: Place) -> None:
        """See `blobstore.Containers`."""
        with self._lock:
            container = self._containers.get(place.name)
            if container is None:
                return
            _clear(container, place.prefix)
            if not container.objects:
                del self._containers[place.name]

    def container_exists(self, place: Place) -> bool:
        """See `blobstore.Containers`."""
        return place.name in self._containers

    def container_created_at(self, place: Place) -> int:
        """See `blobstore.Containers`."""
        with self._lock:
            return self._container(place).created_at

    def read(self, place: Place, name: str, start: int, end: int) -> blobstore.BytesReader:
        """See `blobstore.Objects`."""
        with self._lock:
            found = self._object(place, name)
        offset, length = blobstore.span(len(found.data), start, end)
        return blobstore.BytesReader(found.data[offset : offset + length])

    def write(self, place: Place, name: str, source: blobstore.Source) -> None:
        """See `blobstore.Objects`."""
        data = b"".join(source.chunks(blobstore.CHUNK))
        with self._lock:
            self._container(place).objects[place.prefix + name] = _Object(data, int(time.time()))

    def info(self, place: Place, name: str) -> ObjectInfo | None:
        """See `blobstore.Objects`."""
        with self._lock:
            found = self._container(place).objects.get(place.prefix + name)
        return None if found is None else ObjectInfo(len(found.data), found.created_at)

    def delete(self, place: Place, names: Sequence[str]) -> None:
        """See `blobstore.Objects`."""
        with self._lock:
            objects = self._container(place).objects
            for name in names:
                objects.pop(place.prefix + name, None)

    def page(self, place: Place, cursor: str | None) -> Page[str]:
        """See `blobstore.Objects`; the cursor is the last name of the page before."""
        with self._lock:
            return sorted_page(list(self._container(place).objects), place.prefix, cursor, blobstore.PAGE)

    def clear(self, place: Place) -> None:
        """See `blobstore.Objects`."""
        with self._lock:
            _clear(self._container(place), place.prefix)

    def copy(self, source: tuple[Place, str], target: tuple[Place, str]) -> None:
        """See `blobstore.Transfers`."""
        with self._lock:
            found = self._object(*source)
            objects = self._container(target[0]).objects
            objects[target[0].prefix + target[1]] = _Object(found.data, int(time.time()))

    def move(self, source: tuple[Place, str], target: tuple[Place, str]) -> None:
        """See `blobstore.Transfers`."""
        with self._lock:
            found = self._object(*source)
            objects = self._container(target[0]).objects
            del self._container(source[0]).objects[source[0].prefix + source[1]]
            objects[target[0].prefix + target[1]] = found

    def _container(self, place: Place) -> _Container:
        container = self._containers.get(place.name)
        if container is None:
            raise blobstore.no_container(place)
        return container

    def _object(self, place: Place, name: str) -> _Object:
        found = self._container(place).objects.get(place.prefix + name)
        if found is None:
            raise blobstore.no_object(place, name)
        return found


def _clear(container: _Container, prefix: str) -> None:
    for name in [name for name in container.objects if name.startswith(prefix)]:
        del container.objects[name]
