"""Streams that a handle can stand for, and those of them that need no network: stdio, objects going out and in."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from typing import IO

from wasicloud_host.capabilities.blobstore import Reader
from wasicloud_host.links.bindings import Container
from wasicloud_host.links.encoding import Failure
from wasicloud_host.links.observation import Log

SPOOL_MEMORY = 16 << 20
"""Bytes of a new object that are kept in memory; what is longer goes to a file without a name."""

LINE_LIMIT = 64 << 10


class Stream:
    """What a handle can read or write; each kind says which by overriding it."""

    def read(self, limit: int) -> bytes | None:
        """Up to ``limit`` bytes, ``b""`` at the end, ``None`` if it would have to wait for the network. Raises `Failure`, `BackendError`."""
        raise Failure("other:the handle cannot be read")

    def write(self, data: bytes) -> bool:
        """Take all of it, or ``False`` if there is no room before the network moves. Raises `Failure`, `BackendError`."""
        raise Failure("other:the handle cannot be written")

    def close(self) -> None:
        """Let go of it; more than once is fine."""


class Stdio(Stream):
    """A sink for the component's stdout or stderr: whole lines become log lines."""

    def __init__(self, log: Log, line: dict[str, str]) -> None:
        self._log = log
        self._line = line
        self._partial = b""

    def write(self, data: bytes) -> bool:
        """Take it; it never waits."""
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            self._emit(line)
        if len(self._partial) >= LINE_LIMIT:
            self.flush()
        return True

    def flush(self) -> None:
        """Log an unfinished line."""
        if self._partial:
            self._emit(self._partial)
            self._partial = b""

    def belongs_to(self, request: str) -> None:
        """Lines from now on are of this request."""
        self._line["request"] = request

    def close(self) -> None:
        """Log what is left."""
        self.flush()

    def _emit(self, line: bytes) -> None:
        self._log({**self._line, "message": line.rstrip(b"\r").decode("utf-8", "replace")})


class Incoming(Stream):
    """An object's bytes on their way to the component."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def read(self, limit: int) -> bytes | None:
        """See `Stream`; it always waits for the backend."""
        return self._reader.read(limit)

    def close(self) -> None:
        """Let go of the object."""
        self._reader.close()


class Sink(Stream):
    """A new object's bytes: a `blobstore.Source` that can grow, and where it shall be stored."""

    def __init__(self) -> None:
        self.size = 0
        self.targets: dict[tuple[str, str], tuple[Container, str]] = {}
        self._pieces: list[bytes] = []
        self._file: IO[bytes] | None = None  # instead of the pieces, once they are too many

    def write(self, data: bytes) -> bool:
        """See `Stream`; a disk never makes it wait."""
        try:
            if self._file is None and self.size + len(data) > SPOOL_MEMORY:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with its handle
                self._file.writelines(self._pieces)
                self._pieces.clear()
            if self._file is None:
                self._pieces.append(data)
            else:
                self._file.seek(self.size)
                self._file.write(data)
        except OSError as error:
            raise Failure(f"other:the host has no room for the object ({error.strerror})") from None
        self.size += len(data)
        return True

    def chunks(self, length: int) -> Iterator[bytes]:
        """See `blobstore.Source`."""
        if self._file is None:
            yield from regrouped(self._pieces, length)
            return
        position = 0
        while position < self.size:
            self._file.seek(position)
            piece = self._file.read(length)
            position += len(piece)
            yield piece

    def fill(self, reader: Reader, length: int) -> None:
        """Take everything a reader gives."""
        while piece := reader.read(length):
            self.write(piece)

    def close(self) -> None:
        """Discard it."""
        self._pieces.clear()
        if self._file is not None:
            self._file.close()


def regrouped(pieces: Sequence[bytes], length: int) -> Iterator[bytes]:
    """The same bytes in pieces of ``length``, the last one shorter; each is copied once."""
    waiting: list[bytes | memoryview] = []
    have = 0
    for piece in pieces:
        rest = memoryview(piece)
        while have + len(rest) >= length:
            waiting.append(rest[: length - have])
            rest = rest[length - have :]
            yield b"".join(waiting)
            waiting.clear()
            have = 0
        if rest:
            waiting.append(rest)
            have += len(rest)
    if waiting:
        yield b"".join(waiting)
