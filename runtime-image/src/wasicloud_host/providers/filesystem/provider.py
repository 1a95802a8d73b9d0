"""The filesystem provider: a folder with one subfolder for each interface."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from wasicloud_host.capabilities.naming import Place
from wasicloud_host.errors import BackendError
from wasicloud_host.providers.filesystem import names
from wasicloud_host.providers.filesystem.blobs import Blobs
from wasicloud_host.providers.filesystem.bucket import Bucket
from wasicloud_host.providers.filesystem.folder import Folder, Missing


class Filesystem:
    """See `provider.Provider`."""

    type = "filesystem"

    def __init__(self, name: str, root: Path) -> None:
        self.name = name
        self._root = root
        self._blobs = Blobs(root / "blobstore")
        self._sweep()

    def summary(self) -> str:
        """One line for people."""
        return f"files at {self._root}"

    def keyvalue(self, place: Place) -> Bucket:
        """A bucket."""
        path = self._root / "keyvalue" / names.encode(place.name.encode())
        return Bucket(path, place.prefix.encode())

    def blobstore(self) -> Blobs:
        """All containers."""
        return self._blobs

    def check(self) -> None:
        """Whether the folders are there and can be written."""
        for kind in ("keyvalue", "blobstore"):
            if not os.access(self._root / kind, os.R_OK | os.W_OK | os.X_OK):
                raise BackendError(f"the folder {self._root / kind} is missing or cannot be written", "unavailable")

    def _sweep(self) -> None:
        """Once, when the host starts: half-written files of processes that were killed."""
        for kind in ("keyvalue", "blobstore"):
            for path in (self._root / kind).iterdir():
                with suppress(OSError, Missing), Folder(path) as folder:
                    folder.sweep()

    def close(self) -> None:
        """Nothing is held open."""
