"""Objects going in and out, for the blobstore's tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from wasicloud_host.capabilities import blobstore

LAST = (1 << 64) - 1


@dataclass
class Bytes:
    """A `blobstore.Source` of bytes in memory."""

    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def chunks(self, length: int) -> Iterator[bytes]:
        for start in range(0, len(self.data), length):
            yield self.data[start : start + length]


class Broken(Bytes):
    """A source that fails when half of it was read."""

    def chunks(self, length: int) -> Iterator[bytes]:
        yield self.data[: len(self.data) // 2]
        raise RuntimeError("the source broke")


class Endless:
    """A source of ``size`` bytes that are made as they are asked for."""

    def __init__(self, size: int) -> None:
        self.size = size

    def chunks(self, length: int) -> Iterator[bytes]:
        piece = bytes(range(256)) * (length // 256 + 1)
        for start in range(0, self.size, length):
            yield piece[: min(length, self.size - start)]


def pattern(size: int) -> bytes:
    """So many bytes that are not all alike."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def drain(reader: blobstore.Reader, limit: int = 1 << 20) -> bytes:
    """Everything a reader gives."""
    with closing(reader):
        return b"".join(iter(lambda: reader.read(limit), b""))


def content(blobs: blobstore.Blobstore, place, name: str) -> bytes:
    """An object's bytes."""
    return drain(blobs.read(place, name, 0, LAST))


def names(blobs: blobstore.Blobstore, place) -> set[str]:
    """The names of all objects of a container."""
    return {name for page in blobstore.each_page(blobs, place) for name in page}
