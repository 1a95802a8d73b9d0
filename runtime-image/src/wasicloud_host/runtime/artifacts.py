"""Compiled components on disk, so that only the first start of a version compiles.

Compiled code is machine code that this process will run: it is loaded only from a directory that nobody else can write.
The cache makes one of its own inside the configured directory (which may be world-writable, as an emptyDir is): owned by
this user, mode 0700, never followed through a symbolic link. A file counts if it is a regular file of ours with no other
name, and its SHA-256 is the one in the trailer that was written with it. wasmtime itself refuses other versions, other
engine settings and processors without the features that were compiled for; the key holds version and settings as well.

Writers make a temporary file and rename it. A lock on the directory lets one process compile while the others wait for
its result. The least recently used files go when the sum exceeds ``LIMIT``.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from wasicloud_host import errors

logger = logging.getLogger(__name__)

LIMIT = 1 << 30
"""Bytes that all artifacts of a directory may take."""

_MAGIC = b"wasicloud-artifact-1"
_TRAILER = len(_MAGIC) + 32
_SUFFIX = ".cwasm"
_STALE = 3600.0

T = TypeVar("T")


def key(*parts: bytes | str) -> str:
    """A name for what was compiled from ``parts``; different parts give different names."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.hexdigest()


class Cache:
    """The artifacts of one user in ``directory``."""

    def __init__(self, directory: Path, limit: int = LIMIT) -> None:
        """Raises `errors.ConfigInvalid` if ``directory`` cannot hold a private directory."""
        self.directory = directory / f"artifacts-{os.geteuid()}"
        self._limit = limit
        try:
            directory.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                self.directory.mkdir(mode=0o700)
            self._open().close()
        except OSError as error:
            raise errors.ConfigInvalid(
                "cacheDirectory", f"{self.directory} cannot be used ({error.strerror})", _REMEDY
            ) from None

    def load(self, name: str, read: Callable[[str], T]) -> T | None:
        """What ``read`` makes of the artifact, given a path for it; None if there is none that can be trusted."""
        with self._open() as directory, _opened(directory.fd, name + _SUFFIX) as file:
            if file is None:
                return None
            try:
                self._check(file)
                loaded = read(f"/proc/self/fd/{file}")
            except (_Untrusted, ValueError) as error:
                logger.warning("Ignored the compiled component %s: %s", name, error)
                with contextlib.suppress(OSError):
                    os.unlink(name + _SUFFIX, dir_fd=directory.fd)
                return None
            with contextlib.suppress(OSError):
                os.utime(file)
            return loaded

    def store(self, name: str, artifact: bytes) -> None:
        """Keep an artifact; a failure to write is logged, for the cache is not needed to run."""
        try:
            with self._open() as directory:
                self._write(directory.fd, name, artifact)
                self._evict(name + _SUFFIX)
        except OSError as error:
            logger.warning("Could not keep the compiled component: %s", error.strerror)

    @contextlib.contextmanager
    def compiling(self) -> Iterator[None]:
        """Held by the one process that compiles for this directory."""
        with self._open() as directory:
            fcntl.flock(directory.fd, fcntl.LOCK_EX)
            yield

    def _open(self) -> _Directory:
        directory = _Directory(os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC))
        found = os.fstat(directory.fd)
        if found.st_uid != os.geteuid() or found.st_mode & 0o022:
            directory.close()
            raise errors.ConfigInvalid("cacheDirectory", f"others may write {self.directory}", _REMEDY)
        return directory

    def _check(self, file: int) -> None:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
            raise _Untrusted("others may have written it")
        if found.st_nlink != 1:
            raise _Untrusted("it has another name elsewhere")
        size = found.st_size - _TRAILER
        trailer = os.pread(file, _TRAILER, size) if size > 0 else b""
        if not trailer.startswith(_MAGIC):
            raise _Untrusted("it is not complete")
        if _digest(file, size) != trailer[len(_MAGIC) :]:
            raise _Untrusted("it was damaged")

    def _write(self, directory: int, name: str, artifact: bytes) -> None:
        handle, temporary = tempfile.mkstemp(dir=self.directory, suffix=".new")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(artifact)
                file.write(_MAGIC + hashlib.sha256(artifact).digest())
            os.replace(Path(temporary).name, name + _SUFFIX, src_dir_fd=directory, dst_dir_fd=directory)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _evict(self, keep: str) -> None:
        entries = []
        for path in self.directory.iterdir():
            with contextlib.suppress(FileNotFoundError):
                found = path.stat()
                if path.suffix == ".new" and time.time() - found.st_mtime > _STALE:
                    path.unlink()
                elif path.suffix == _SUFFIX:
                    entries.append((found.st_mtime, found.st_size, path))
        total = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if total <= self._limit:
                return
            if path.name != keep:
                path.unlink(missing_ok=True)
                total -= size


_REMEDY = "name a directory that this user may write, on a file system with owners"


class _Untrusted(Exception):
    """An artifact that must not be loaded; says why."""


class _Directory:
    """An open directory."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def __enter__(self) -> _Directory:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        os.close(self.fd)


@contextlib.contextmanager
def _opened(directory: int, name: str) -> Iterator[int | None]:
    try:
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
    except FileNotFoundError:
        yield None
        return
    except OSError:  # a symbolic link, a device
        yield None
        return
    try:
        yield file
    finally:
        os.close(file)


def _digest(file: int, size: int) -> bytes:
    digest = hashlib.sha256()
    at = 0
    while at < size:
        block = os.pread(file, min(1 << 20, size - at), at)
        if not block:
            break
        digest.update(block)
        at += len(block)
    return digest.digest()
