"""Bytes by digest in directories: ``blobs/sha256/HEX``, as an OCI image layout has them, and ``references/HEX`` for tags.

Directories are asked in order; the first is written for sure, the others if they can be. What is found is believed only if it is a
regular file with the right digest, so that a truncated, foreign or tampered file is a miss and is replaced. Writes are atomic:
several pods may share a directory.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from wasicloud_host.oci import manifest, reference


@dataclass(frozen=True, slots=True)
class Cache:
    """Layers of directories, the nearest first; none means that nothing is kept."""

    directories: tuple[Path, ...] = ()

    def get(self, digest: str) -> bytes | None:
        """The bytes with this digest, or ``None``; found in a farther layer, they are copied to the nearer ones."""
        for depth, directory in enumerate(self.directories):
            data = _read(_blob(directory, digest))
            if data is not None and manifest.digest_of(data) == digest:
                for nearer in self.directories[:depth]:
                    _write(_blob(nearer, digest), data)
                return data
        return None

    def put(self, digest: str, data: bytes) -> None:
        """Keep ``data``, whose digest the caller has verified."""
        for directory in self.directories:
            _write(_blob(directory, digest), data)

    def resolved(self, wanted: reference.Reference) -> str | None:
        """The manifest's digest that this tag had when it was last pulled."""
        for directory in self.directories:
            digest = (_read(_tag(directory, wanted)) or b"").decode("ascii", "replace")
            if reference.is_digest(digest):
                return digest
        return None

    def remember(self, wanted: reference.Reference, digest: str) -> None:
        """Keep what a tag resolved to."""
        for directory in self.directories:
            _write(_tag(directory, wanted), digest.encode())


def _blob(directory: Path, digest: str) -> Path:
    algorithm, _, value = digest.partition(":")
    return directory / "blobs" / algorithm / value


def _tag(directory: Path, wanted: reference.Reference) -> Path:
    return directory / "references" / hashlib.sha256(str(wanted).encode()).hexdigest()


def _read(path: Path) -> bytes | None:
    """The file's bytes; a link, a device or what cannot be read is nothing."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read()
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _write(path: Path, data: bytes) -> None:
    """Write beside and rename. A layer that cannot be written (read-only, full) only misses next time."""
    with contextlib.suppress(OSError):
        write_file(path, (data,))


def write_file(path: Path, chunks: Iterable[bytes]) -> None:
    """Make ``path`` hold ``chunks``, whole or not at all; readable by the host's user and group. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(descriptor)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
