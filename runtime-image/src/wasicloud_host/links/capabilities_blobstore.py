"""wasi:blobstore of `wit/bridge/capabilities.wit`: containers and objects of whatever provider a Link names."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing

from wasicloud_host.capabilities import blobstore
from wasicloud_host.links import encoding
from wasicloud_host.links.bindings import BLOBSTORE, Container
from wasicloud_host.links.encoding import NONE, OK, Failure
from wasicloud_host.links.host_function import HostFunction, measured
from wasicloud_host.links.session import Capabilities
from wasicloud_host.links.streams import Incoming, Sink

_LAST = (1 << 64) - 1


class Listing:
    """A walk over the names of a container, page by page."""

    def __init__(self, container: Container) -> None:
        self.backend = container.backend
        self._names: Iterator[str] = itertools.chain.from_iterable(
            blobstore.each_page(container.blobs, container.place)
        )
        self._next: str | None = None

    def take(self, count: int) -> list[str]:
        """The next names, at most ``count``; once, even if the backend repeats one on neighbouring pages."""
        names: list[str] = []
        while len(names) < count and not self.at_end():
            names.append(self._next or "")
            self._next = None
        return names

    def skip(self, count: int) -> int:
        """Pass over names; how many there were."""
        skipped = 0
        while skipped < count and not self.at_end():
            self._next = None
            skipped += 1
        return skipped

    def at_end(self) -> bool:
        """Whether every name was taken."""
        if self._next is None:
            self._next = next(self._names, None)
        return self._next is None

    def close(self) -> None:
        """Forget the walk."""
        self._names = iter(())
        self._next = None


def _named(target: Capabilities, name: bytes) -> Container:
    container = target.bindings.container(name.decode())
    if container is None:
        raise Failure(f"other:no Link serves the container {name.decode()!r}")
    target.backend = container.backend
    return container


def _open(target: Capabilities, handle: int) -> Container:
    container = target.handles.get(handle, Container)
    target.backend = container.backend
    return container


def create_container(target: Capabilities, name: bytes) -> bytes:
    """Make a container and open it."""
    container = _named(target, name)
    container.blobs.create_container(container.place)
    return b"o%d" % target.handles.add(container)


def get_container(target: Capabilities, name: bytes) -> bytes:
    """Open a container that exists."""
    container = _named(target, name)
    if not container.blobs.container_exists(container.place):
        raise blobstore.no_container(container.place)
    return b"o%d" % target.handles.add(container)


def delete_container(target: Capabilities, name: bytes) -> bytes:
    """Remove a container and what is in it."""
    container = _named(target, name)
    container.blobs.delete_container(container.place)
    return OK


def container_exists(target: Capabilities, name: bytes) -> bytes:
    """Whether a container is there."""
    container = _named(target, name)
    return OK if container.blobs.container_exists(container.place) else NONE


def container_info(target: Capabilities, handle: int) -> bytes:
    """A container's name and age."""
    container = _open(target, handle)
    created_at = container.blobs.container_created_at(container.place)
    return b"o" + encoding.join([container.place.identifier.encode(), b"%d" % created_at])


def get_data(target: Capabilities, handle: int, name: bytes, start: int, end: int) -> bytes:
    """Open an object's bytes as they are now."""
    container = _open(target, handle)
    reader = container.blobs.read(container.place, name.decode(), start, end)
    return b"o" + encoding.join([b"%d" % target.handles.add(Incoming(reader)), b"%d" % reader.size])


def sink(target: Capabilities) -> bytes:
    """A place for a new object's bytes."""
    return b"o%d" % target.handles.add(Sink())


def add_target(target: Capabilities, handle: int, container_handle: int, name: bytes) -> bytes:
    """Remember where a sink's bytes shall go; the container must exist."""
    container = _open(target, container_handle)
    if not container.blobs.container_exists(container.place):
        raise blobstore.no_container(container.place)
    key = (container.place.identifier, name.decode())
    target.handles.get(handle, Sink).targets[key] = (container, name.decode())
    return OK


def commit(target: Capabilities, handle: int) -> bytes:
    """Store what a sink holds under every target."""
    source = target.handles.get(handle, Sink)
    for container, name in source.targets.values():
        target.backend = container.backend
        container.blobs.write(container.place, name, source)
    return OK


def list_open(target: Capabilities, handle: int) -> bytes:
    """Begin to list a container; the first page is asked for now, so that a missing container is told here."""
    listing = Listing(_open(target, handle))
    listing.at_end()
    return b"o%d" % target.handles.add(listing)


def list_read(target: Capabilities, handle: int, count: int) -> bytes:
    """The next names of a listing."""
    listing = target.handles.get(handle, Listing)
    target.backend = listing.backend
    names = listing.take(count)
    return b"o" + encoding.join([b"%d" % listing.at_end(), *(name.encode() for name in names)])


def list_skip(target: Capabilities, handle: int, count: int) -> bytes:
    """Pass over names of a listing."""
    listing = target.handles.get(handle, Listing)
    target.backend = listing.backend
    skipped = listing.skip(count)
    return b"o" + encoding.join([b"%d" % skipped, b"%d" % listing.at_end()])


def delete(target: Capabilities, handle: int, names: bytes) -> bytes:
    """Remove objects."""
    container = _open(target, handle)
    container.blobs.delete(container.place, [name.decode() for name in encoding.split(names)])
    return OK


def has(target: Capabilities, handle: int, name: bytes) -> bytes:
    """Whether an object is there."""
    container = _open(target, handle)
    return NONE if container.blobs.info(container.place, name.decode()) is None else OK


def info(target: Capabilities, handle: int, name: bytes) -> bytes:
    """What is known of an object."""
    container = _open(target, handle)
    found = container.blobs.info(container.place, name.decode())
    if found is None:
        raise blobstore.no_object(container.place, name.decode())
    fields = [name, container.place.identifier.encode(), b"%d" % found.created_at, b"%d" % found.size]
    return b"o" + encoding.join(fields)


def clear(target: Capabilities, handle: int) -> bytes:
    """Remove all objects of a container."""
    container = _open(target, handle)
    container.blobs.clear(container.place)
    return OK


def copy(target: Capabilities, from_container: bytes, from_name: bytes, to_container: bytes, to_name: bytes) -> bytes:
    """Copy an object, also from one provider to another."""
    to = _named(target, to_container)
    source = _named(target, from_container)
    if source.blobs is to.blobs:
        source.blobs.copy((source.place, from_name.decode()), (to.place, to_name.decode()))
    else:
        _carry(source, from_name.decode(), to, to_name.decode())
    return OK


def move(target: Capabilities, from_container: bytes, from_name: bytes, to_container: bytes, to_name: bytes) -> bytes:
    """Move an object, also from one provider to another."""
    to = _named(target, to_container)
    source = _named(target, from_container)
    if source.blobs is to.blobs:
        source.blobs.move((source.place, from_name.decode()), (to.place, to_name.decode()))
    else:
        _carry(source, from_name.decode(), to, to_name.decode())
        source.blobs.delete(source.place, [from_name.decode()])
    return OK


def _carry(source: Container, name: str, to: Container, to_name: str) -> None:
    with (
        closing(source.blobs.read(source.place, name, 0, _LAST)) as reader,
        closing(Sink()) as spool,
    ):
        spool.fill(reader, blobstore.CHUNK)
        to.blobs.write(to.place, to_name, spool)


FUNCTIONS: tuple[HostFunction, ...] = tuple(
    measured(name, params, BLOBSTORE, function)
    for name, params, function in (
        ("blob-create-container", "string", create_container),
        ("blob-get-container", "string", get_container),
        ("blob-delete-container", "string", delete_container),
        ("blob-container-exists", "string", container_exists),
        ("blob-container-info", "u32", container_info),
        ("blob-get-data", "u32 string u64 u64", get_data),
        ("blob-sink", "", sink),
        ("blob-target", "u32 u32 string", add_target),
        ("blob-commit", "u32", commit),
        ("blob-list-open", "u32", list_open),
        ("blob-list-read", "u32 u64", list_read),
        ("blob-list-skip", "u32 u64", list_skip),
        ("blob-delete", "u32 string", delete),
        ("blob-has", "u32 string", has),
        ("blob-info", "u32 string", info),
        ("blob-clear", "u32", clear),
        ("blob-copy", "string string string string", copy),
        ("blob-move", "string string string string", move),
    )
)
