"""Containers and objects on Redis (see `objects` for how they lie there)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from wasicloud_host.capabilities import blobstore
from wasicloud_host.capabilities.blobstore import ObjectInfo
from wasicloud_host.capabilities.naming import Place
from wasicloud_host.capabilities.pages import Page
from wasicloud_host.errors import BackendError
from wasicloud_host.providers.redis import layouts, objects
from wasicloud_host.providers.redis.client import Client, Script
from wasicloud_host.providers.redis.objects import CHUNK, Meta

CHUNKS_AT_ONCE = 4
"""Chunks that travel together, each way."""

NAMES_AT_ONCE = 1000


class Blobs:
    """See `blobstore.Blobstore`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def create_container(self, place: Place) -> None:
        """See `blobstore.Containers`."""
        key = objects.container_key(place)
        command = (b"HSETNX", key, b"created-at", int(time.time()))
        if not self._client.run(key, command, repeatable=False):
            raise blobstore.container_exists(place)

    def delete_container(self, place: Place) -> None:
        """See `blobstore.Containers`."""
        if place.prefix:
            if self.container_exists(place):
                self.clear(place)
                self._script(objects.DELETE_EMPTY, place)
        else:
            self._empty(place, with_container=True)

    def container_exists(self, place: Place) -> bool:
        """See `blobstore.Containers`."""
        key = objects.container_key(place)
        return bool(self._client.run(key, (b"EXISTS", key)))

    def container_created_at(self, place: Place) -> int:
        """See `blobstore.Containers`."""
        key = objects.container_key(place)
        created_at = self._client.run(key, (b"HGET", key, b"created-at"))
        if created_at is None:
            raise blobstore.no_container(place)
        return int(created_at)

    def read(self, place: Place, name: str, start: int, end: int) -> ChunkReader:
        """See `blobstore.Objects`."""
        meta = self._meta(place, name)
        if meta is None:
            raise blobstore.no_object(place, name)
        return ChunkReader(self._client, meta, *blobstore.span(meta.size, start, end))

    def write(self, place: Place, name: str, source: blobstore.Source) -> None:
        """See `blobstore.Objects`: new chunks first, then the object changes in one step, then old chunks fade."""
        if not self.container_exists(place):
            raise blobstore.no_container(place)
        meta = self._upload(source)
        try:
            before = self._script(objects.PUT, place, _full(place, name), bytes(meta))
        except BackendError:
            if not self._happened(place, name, meta):
                raise
            return
        if before == 0:
            self._discard(meta.identity, len(meta.chunks))
            raise blobstore.no_container(place)
        self._fade(before)

    def info(self, place: Place, name: str) -> ObjectInfo | None:
        """See `blobstore.Objects`."""
        meta = self._meta(place, name)
        return None if meta is None else ObjectInfo(meta.size, meta.created_at)

    def delete(self, place: Place, names: Sequence[str]) -> None:
        """See `blobstore.Objects`."""
        self._delete(place, [_full(place, name) for name in names])

    def page(self, place: Place, cursor: str | None) -> Page[str]:
        """See `blobstore.Objects`; the cursor is Redis's."""
        position, names = self._scan(place, int(cursor or 0))
        while position and not names:
            position, names = self._scan(place, position)
        return Page([name[len(place.prefix) :] for name in names], str(position) if position else None)

    def clear(self, place: Place) -> None:
        """See `blobstore.Objects`."""
        if not place.prefix:
            if not self._empty(place, with_container=False):
                raise blobstore.no_container(place)
            return
        for names in blobstore.each_page(self, place):
            self.delete(place, names)

    def copy(self, source: tuple[Place, str], target: tuple[Place, str]) -> None:
        """See `blobstore.Transfers`: through this process, chunk by chunk."""
        with closing(self.read(*source, 0, (1 << 64) - 1)) as reader:
            if source != target:
                self.write(*target, _Again(reader))

    def move(self, source: tuple[Place, str], target: tuple[Place, str]) -> None:
        """See `blobstore.Transfers`: within a container only the name changes."""
        if source[0].name != target[0].name:
            self.copy(source, target)
            self.delete(source[0], [source[1]])
            return
        if not self.container_exists(source[0]):
            raise blobstore.no_container(source[0])
        before = self._script(objects.RENAME, source[0], _full(*source), _full(*target))
        if before == 0:
            raise blobstore.no_object(*source)
        self._fade(before)

    def _meta(self, place: Place, name: str) -> Meta | None:
        container, listed = objects.container_key(place), objects.objects_key(place)
        exists, meta = self._client.run_all(
            [(container, (b"EXISTS", container)), (listed, (b"HGET", listed, _full(place, name)))]
        )
        if not exists:
            raise blobstore.no_container(place)
        return None if meta is None else Meta.parse(meta)

    def _scan(self, place: Place, position: int) -> tuple[int, list[str]]:
        container, listed = objects.container_key(place), objects.objects_key(place)
        pattern = layouts.glob(place.prefix.encode()) + b"*"
        command = (b"HSCAN", listed, position, b"MATCH", pattern, b"COUNT", blobstore.PAGE)
        exists, (following, found) = self._client.run_all([(container, (b"EXISTS", container)), (listed, command)])
        if not exists:
            raise blobstore.no_container(place)
        return int(following), [name.decode() for name in dict.fromkeys(found[::2])]

    def _script(self, script: Script, place: Place, *arguments: bytes, more_keys: tuple[bytes, ...] = ()) -> Any:
        keys = (objects.container_key(place), objects.objects_key(place), *more_keys)
        return self._client.run_script(script, keys, *arguments)

    def _upload(self, source: blobstore.Source) -> Meta:
        """Store the bytes of an object that nobody sees yet."""
        identity = secrets.token_hex(16).encode()
        written = size = 0
        try:
            for batch in _batches(source.chunks(CHUNK), CHUNKS_AT_ONCE):
                self._write_chunks(identity, written, batch)
                written += len(batch)
                size += sum(map(len, batch))
            meta = Meta.new(identity, size)
            self._keep(meta)
        except BaseException:
            self._discard(identity, written)
            raise
        return meta

    def _happened(self, place: Place, name: str, meta: Meta) -> bool:
        """Whether a change whose answer was lost was made. While nobody can say, its chunks stay: they may be an object's."""
        listed = objects.objects_key(place)
        try:
            found = self._client.run(listed, (b"HGET", listed, _full(place, name)))
        except BackendError:
            return False
        if found != bytes(meta):
            self._discard(meta.identity, len(meta.chunks))
        return bool(found == bytes(meta))

    def _write_chunks(self, identity: bytes, first: int, pieces: Sequence[bytes]) -> None:
        commands = []
        for number, piece in enumerate(pieces, first):
            key = objects.chunk_key(identity, number)
            commands.append((key, (b"SET", key, piece, b"EX", objects.UPLOAD_SECONDS)))
        self._client.run_all(commands)

    def _keep(self, meta: Meta) -> None:
        """The chunks are an object's now."""
        keys = [meta.chunk_key(number) for number in meta.chunks]
        for batch in _batches(keys, NAMES_AT_ONCE):
            if 0 in self._client.run_all([(key, (b"PERSIST", key)) for key in batch]):
                raise BackendError("redis forgot a part of the object while it was written", "unavailable")

    def _discard(self, identity: bytes, count: int) -> None:
        """Chunks of a write that failed; if Redis is away they expire by themselves, but for the moment of the change."""
        keys = [objects.chunk_key(identity, number) for number in range(count)]
        try:
            for batch in _batches(keys, NAMES_AT_ONCE):
                self._client.run_all([(key, (b"DEL", key)) for key in batch])
        except BackendError:
            return

    def _fade(self, metas: Iterable[bytes]) -> None:
        """Let the chunks of these objects go when nobody can be reading them any more."""
        keys = (
            meta.chunk_key(number) for text in metas if text for meta in [Meta.parse(text)] for number in meta.chunks
        )
        for batch in _batches(keys, NAMES_AT_ONCE):
            self._client.run_all([(key, (b"EXPIRE", key, objects.GRACE_SECONDS)) for key in batch])

    def _delete(self, place: Place, names: Sequence[bytes]) -> None:
        for batch in _batches(names, NAMES_AT_ONCE) if names else [[]]:
            gone = self._script(objects.DELETE, place, *batch)
            if gone == 0:
                raise blobstore.no_container(place)
            self._fade(gone)

    def _empty(self, place: Place, *, with_container: bool) -> bool:
        """Take all objects away in one step; whether the container was there."""
        trash = objects.trash_key(place, secrets.token_hex(16).encode())
        done = self._script(
            objects.EMPTY,
            place,
            b"%d" % with_container,
            b"%d" % objects.GRACE_SECONDS,
            more_keys=(trash,),
        )
        position = 0
        while done == 2:
            following, found = self._client.run(trash, (b"HSCAN", trash, position, b"COUNT", NAMES_AT_ONCE))
            self._fade(found[1::2])
            position = int(following)
            if position == 0:
                self._client.run(trash, (b"DEL", trash))
                break
        return bool(done)


@dataclass(slots=True)
class ChunkReader:
    """A `blobstore.Reader` of ``size`` bytes of an object from ``position``."""

    client: Client
    meta: Meta
    position: int
    size: int
    _given: int = 0
    _chunk: bytes = b""
    _chunk_at: int = -1

    def read(self, limit: int) -> bytes:
        """See `blobstore.Reader`."""
        left = self.size - self._given
        if left <= 0:
            return b""
        number, offset = divmod(self.position, CHUNK)
        if number != self._chunk_at:
            self._chunk, self._chunk_at = self._fetch(number), number
        piece = self._chunk[offset : offset + min(limit, left)]
        self.position += len(piece)
        self._given += len(piece)
        return piece

    def close(self) -> None:
        """See `blobstore.Reader`."""
        self.size = 0
        self._chunk = b""

    def _fetch(self, number: int) -> bytes:
        key = self.meta.chunk_key(number)
        chunk: bytes | None = self.client.run(key, (b"GET", key))
        if chunk is None or len(chunk) != min(CHUNK, self.meta.size - number * CHUNK):
            raise BackendError("the object was replaced or deleted too long ago to read on", "unavailable")
        return chunk


@dataclass(frozen=True, slots=True)
class _Again:
    """A reader as a `blobstore.Source` that is read once."""

    reader: ChunkReader

    @property
    def size(self) -> int:
        """See `blobstore.Source`."""
        return self.reader.size

    def chunks(self, length: int) -> Iterator[bytes]:
        """See `blobstore.Source`; `CHUNK` long but for the last, as they lie."""
        return iter(lambda: self.reader.read(length), b"")


def _full(place: Place, name: str) -> bytes:
    return (place.prefix + name).encode()


def _batches(items: Iterable[bytes], length: int) -> Iterator[list[bytes]]:
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == length:
            yield batch
            batch = []
    if batch:
        yield batch
