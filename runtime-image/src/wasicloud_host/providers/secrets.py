"""Credentials in files: read when they are needed, because they change while the host runs. Nothing here shows their content."""

from __future__ import annotations

from pathlib import Path

from wasicloud_host.errors import BackendError, ConfigInvalid


class SecretFile:
    """A file that holds one credential; a newline at its end is not part of it."""

    def __init__(self, path: str, where: str) -> None:
        """``where`` is the option's place in the configuration; raises `ConfigInvalid` if the file cannot be read or is empty."""
        self._path = Path(path)
        try:
            empty = not self.read()
        except BackendError as error:
            raise ConfigInvalid(where, str(error), "mount the Secret's key there or correct the path") from None
        if empty:
            raise ConfigInvalid(where, f"{path} is empty", "put the credential into the Secret's key")

    def read(self) -> str:
        """The credential as it is now; raises `BackendError`."""
        try:
            return self._path.read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise BackendError(f"{self._path} cannot be read ({error.strerror})", "denied") from None
        except UnicodeDecodeError:
            raise BackendError(f"{self._path} is not text", "denied") from None

    def mark(self) -> tuple[int, int]:
        """Something that differs after every change of the file; (0, 0) while there is none."""
        try:
            status = self._path.stat()
        except OSError:
            return (0, 0)
        return (status.st_mtime_ns, status.st_ino)

    def __repr__(self) -> str:
        return f"SecretFile({str(self._path)!r})"
