"""A component's configuration: values of its manifest, and directories that hold one file for each key.

Directories are mounted ConfigMaps and Secrets: they change while the host runs, so they are looked at again when a second
has passed. Their own rule is kept: names that begin with ``..`` are the mount's, not the user's.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

FRESH_SECONDS = 1.0


class Configuration:
    """Keys and values as bytes; values of ``config`` win over directories, the first directory over the next."""

    def __init__(self, values: Mapping[str, str], directories: Sequence[str] = ()) -> None:
        self._own = {key.encode(): value.encode() for key, value in values.items()}
        self._directories = [Path(directory) for directory in directories]
        self._lock = threading.Lock()
        self._seen: object = None
        self._all: Mapping[bytes, bytes] = self._own
        self._fresh_until = 0.0 if self._directories else float("inf")

    def all(self) -> Mapping[bytes, bytes]:
        """Every key with its value. Raises `OSError` if a directory cannot be read."""
        if time.monotonic() < self._fresh_until:
            return self._all
        with self._lock:
            seen = [_marks(directory) for directory in self._directories]
            if seen != self._seen:
                self._all = self._read()
                self._seen = seen
            self._fresh_until = time.monotonic() + FRESH_SECONDS
            return self._all

    def _read(self) -> Mapping[bytes, bytes]:
        merged: dict[bytes, bytes] = {}
        for directory in reversed(self._directories):
            for name in _names(directory):
                with suppress(FileNotFoundError):  # it went while the mount was changing
                    merged[os.fsencode(name)] = (directory / name).read_bytes()
        return {**merged, **self._own}


def _names(directory: Path) -> list[str]:
    return sorted(entry.name for entry in os.scandir(directory) if not entry.name.startswith("..") and entry.is_file())


def _marks(directory: Path) -> list[tuple[str, int, int]]:
    """What changes when a file of the directory does."""
    marks = []
    for name in _names(directory):
        with suppress(FileNotFoundError):
            status = (directory / name).stat()
            marks.append((name, status.st_mtime_ns, status.st_ino))
    return marks
