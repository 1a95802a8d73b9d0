"""One folder of files: read, replaced whole, listed and locked, without ever following a link out of it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from wasicloud_host.capabilities import deadline
from wasicloud_host.errors import BackendError
from wasicloud_host.providers.filesystem import names

LOCK_SECONDS = 5.0
ASIDE = ".tmp-"
STALE_SECONDS = 24 * 3600.0
"""After so long nobody goes on writing a file aside: no request takes longer."""

_LOCKS = 16
_KEPT_NAMES = ".names"


class Missing(Exception):
    """The folder does not exist."""


class Folder:
    """An open folder. Use it as a context manager: it holds a descriptor."""

    def __init__(self, path: Path, *, make: bool = False) -> None:
        """Raises `Missing`, unless it may be made."""
        if make:
            path.mkdir(exist_ok=True)
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            raise Missing(str(path)) from None

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def open(self, name: bytes) -> int:
        """A descriptor to read a file; raises `FileNotFoundError`."""
        return self._open(names.encode(name), os.O_RDONLY)

    def read(self, name: bytes) -> bytes | None:
        """A file's content, or ``None``."""
        try:
            descriptor = self.open(name)
        except FileNotFoundError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            return file.read()

    def status(self, name: bytes) -> os.stat_result | None:
        """What is known of a file, or ``None``."""
        try:
            found = os.stat(names.encode(name), dir_fd=self._descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None
        return found if stat.S_ISREG(found.st_mode) else None

    @contextmanager
    def written_aside(self, name: bytes, pieces: Iterable[bytes]) -> Iterator[str]:
        """A complete, synced file under a temporary name, for `put`; gone afterwards if it was not put."""
        self._keep_name(name)
        aside = f"{ASIDE}{secrets.token_hex(8)}"
        try:
            descriptor = self._open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            with os.fdopen(descriptor, "wb") as file:
                for piece in pieces:
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            yield aside
        finally:
            with suppress(FileNotFoundError):
                os.unlink(aside, dir_fd=self._descriptor)

    def put(self, aside: str, name: bytes) -> None:
        """Give a file that was written aside its name, in place of the one that has it."""
        os.rename(aside, names.encode(name), src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)
        os.fsync(self._descriptor)

    def replace(self, name: bytes, pieces: Iterable[bytes]) -> None:
        """Write a file whole."""
        with self.written_aside(name, pieces) as aside:
            self.put(aside, name)

    def move(self, name: bytes, target: Folder, target_name: bytes) -> None:
        """Give a file another name and folder; raises `FileNotFoundError`."""
        target._keep_name(target_name)
        os.rename(
            names.encode(name),
            names.encode(target_name),
            src_dir_fd=self._descriptor,
            dst_dir_fd=target._descriptor,
        )
        os.fsync(target._descriptor)
        os.fsync(self._descriptor)

    def sweep(self) -> None:
        """Remove files that were written aside by who did not come back."""
        for file_name in os.listdir(self._descriptor):  # noqa: PTH208 - pathlib takes no descriptor
            if file_name.startswith(ASIDE):
                with suppress(FileNotFoundError):
                    age = time.time() - os.stat(file_name, dir_fd=self._descriptor).st_mtime
                    if age > STALE_SECONDS:
                        os.unlink(file_name, dir_fd=self._descriptor)

    def remove(self, name: bytes) -> None:
        """Remove a file; a missing one is fine."""
        with suppress(FileNotFoundError):
            os.unlink(names.encode(name), dir_fd=self._descriptor)
            os.fsync(self._descriptor)

    def names(self) -> Iterator[bytes]:
        """The names of all files."""
        for file_name in os.listdir(self._descriptor):  # noqa: PTH208 - pathlib takes no descriptor
            if file_name.startswith("."):
                continue
            if not names.is_hashed(file_name):
                yield names.decode(file_name)
            elif (name := self._kept_name(file_name)) is not None:
                yield name

    @contextmanager
    def locked(self, name: bytes) -> Iterator[None]:
        """Nobody else, in this process or another, is inside for this name; raises `BackendError` after a while."""
        number = hashlib.blake2b(name, digest_size=1).digest()[0] % _LOCKS
        descriptor = self._open(f".lock-{number}", os.O_RDWR | os.O_CREAT)
        try:
            until = time.monotonic() + deadline.within(LOCK_SECONDS)
            pause = 0.0005
            while not _lock(descriptor):
                if time.monotonic() > until:
                    raise BackendError("another writer holds the file too long", "timeout")
                time.sleep(pause)
                pause = min(pause * 2, 0.02)
            yield
        finally:
            os.close(descriptor)  # and with it the lock

    def _open(self, file_name: str, flags: int) -> int:
        return os.open(file_name, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o600, dir_fd=self._descriptor)

    def _keep_name(self, name: bytes) -> None:
        file_name = names.encode(name)
        if not names.is_hashed(file_name) or self._kept_name(file_name) is not None:
            return
        with suppress(FileExistsError):
            os.mkdir(_KEPT_NAMES, 0o700, dir_fd=self._descriptor)
        aside = f"{_KEPT_NAMES}/.tmp-{secrets.token_hex(8)}"
        with os.fdopen(self._open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
            file.write(name)
            file.flush()
            os.fsync(file.fileno())
        kept = f"{_KEPT_NAMES}/{file_name}"
        os.rename(aside, kept, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)

    def _kept_name(self, file_name: str) -> bytes | None:
        try:
            with os.fdopen(self._open(f"{_KEPT_NAMES}/{file_name}", os.O_RDONLY), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Inside, what the file system refuses becomes `BackendError`."""
    try:
        yield
    except OSError as error:
        outcome = "denied" if isinstance(error, PermissionError) else "unavailable"
        raise BackendError(f"the file system at {path}: {error.strerror or error}", outcome) from None
