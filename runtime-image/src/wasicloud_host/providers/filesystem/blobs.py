"""Containers and objects in folders. An open object keeps its file, whatever takes its name later: that is the snapshot."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from wasicloud_host.capabilities import blobstore
from wasicloud_host.capabilities.blobstore import ObjectInfo
from wasicloud_host.capabilities.naming import Place
from wasicloud_host.capabilities.pages import Page
from wasicloud_host.providers.filesystem import names
from wasicloud_host.providers.filesystem.folder import Folder, Missing, told
from wasicloud_host.providers.listings import sorted_page

_CREATED = ".created"


class FileReader:
    """A `blobstore.Reader` of a part of an open file."""

    def __init__(self, descriptor: int, start: int, end: int) -> None:
        self._descriptor = descriptor
        self._position, self.size = blobstore.span(os.fstat(descriptor).st_size, start, end)
        self._left = self.size

    def read(self, limit: int) -> bytes:
        """See `blobstore.Reader`."""
        if self._descriptor < 0:
            return b""
        piece = os.pread(self._descriptor, min(limit, self._left), self._position)
        self._position += len(piece)
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        """See `blobstore.Reader`."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class Blobs:
    """See `blobstore.Blobstore`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def create_container(self, place: Place) -> None:
        """See `blobstore.Containers`: made aside with its date in it, then renamed, which works for one only."""
        aside = self._root / f".new-{secrets.token_hex(8)}"
        with told(self._root):
            aside.mkdir()
            (aside / _CREATED).write_text(str(int(time.time())))
            try:
                aside.rename(self._path(place))
            except OSError as error:
                shutil.rmtree(aside)
                if self._path(place).is_dir():
                    raise blobstore.container_exists(place) from None
                raise error from None

    def delete_container(self, place: Place) -> None:
        """See `blobstore.Containers`: renamed aside at once, then emptied."""
        path = self._path(place)
        with told(self._root):
            if not path.is_dir():
                return
            if place.prefix:
                self.clear(place)
                if any(not file.name.startswith(".") for file in path.iterdir()):
                    return
            aside = self._root / f".old-{secrets.token_hex(8)}"
            try:
                path.rename(aside)
            except FileNotFoundError:
                return
            shutil.rmtree(aside)

    def container_exists(self, place: Place) -> bool:
        """See `blobstore.Containers`."""
        with told(self._root):
            return self._path(place).is_dir()

    def container_created_at(self, place: Place) -> int:
        """See `blobstore.Containers`; a folder that somebody else made tells when it last changed."""
        with self._folder(place):
            path = self._path(place)
            try:
                return int((path / _CREATED).read_text())
            except (FileNotFoundError, ValueError):
                return int(path.stat().st_mtime)

    def read(self, place: Place, name: str, start: int, end: int) -> FileReader:
        """See `blobstore.Objects`."""
        with self._folder(place) as folder:
            try:
                descriptor = folder.open(_name(place, name))
            except FileNotFoundError:
                raise blobstore.no_object(place, name) from None
            return FileReader(descriptor, start, end)

    def write(self, place: Place, name: str, source: blobstore.Source) -> None:
        """See `blobstore.Objects`."""
        with self._folder(place) as folder:
            folder.replace(_name(place, name), source.chunks(blobstore.CHUNK))

    def info(self, place: Place, name: str) -> ObjectInfo | None:
        """See `blobstore.Objects`."""
        with self._folder(place) as folder:
            found = folder.status(_name(place, name))
        return None if found is None else ObjectInfo(found.st_size, int(found.st_mtime))

    def delete(self, place: Place, names: Sequence[str]) -> None:
        """See `blobstore.Objects`."""
        with self._folder(place) as folder:
            for name in names:
                folder.remove(_name(place, name))

    def page(self, place: Place, cursor: str | None) -> Page[str]:
        """See `blobstore.Objects`; the cursor is the last name of the page before."""
        with self._folder(place) as folder:
            found = (name.decode("utf-8", "replace") for name in folder.names())
            return sorted_page(found, place.prefix, cursor, blobstore.PAGE)

    def clear(self, place: Place) -> None:
        """See `blobstore.Objects`."""
        prefix = place.prefix.encode()
        with self._folder(place) as folder:
            for name in list(folder.names()):
                if name.startswith(prefix):
                    folder.remove(name)

    def copy(self, source: tuple[Place, str], target: tuple[Place, str]) -> None:
        """See `blobstore.Transfers`."""
        with self._folder(target[0]) as folder:
            reader = self.read(*source, 0, (1 << 64) - 1)
            try:
                pieces = iter(lambda: reader.read(blobstore.CHUNK), b"")
                folder.replace(_name(*target), pieces)
            finally:
                reader.close()

    def move(self, source: tuple[Place, str], target: tuple[Place, str]) -> None:
        """See `blobstore.Transfers`: one rename."""
        with self._folder(source[0]) as from_folder, self._folder(target[0]) as to_folder:
            try:
                from_folder.move(_name(*source), to_folder, _name(*target))
            except FileNotFoundError:
                raise blobstore.no_object(*source) from None

    def _path(self, place: Place) -> Path:
        return self._root / names.encode(place.name.encode())

    @contextmanager
    def _folder(self, place: Place) -> Iterator[Folder]:
        try:
            with told(self._root), Folder(self._path(place)) as folder:
                yield folder
        except Missing:
            raise blobstore.no_container(place) from None


def _name(place: Place, name: str) -> bytes:
    return (place.prefix + name).encode()
