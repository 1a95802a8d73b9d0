"""Backend ``filesystem``: a folder, on any POSIX file system with `flock`, shared by as many processes as mount it.

``keyvalue/BUCKET/KEY`` and ``blobstore/CONTAINER/OBJECT``, each value and object a file of its own with a name that
`names` makes safe. Files are replaced whole (written aside, synced, renamed) and opened relative to their folder without
following links, so that no name leads outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wasicloud_host.errors import ConfigInvalid
from wasicloud_host.providers import options as options_of
from wasicloud_host.providers.filesystem import provider


@dataclass(frozen=True, slots=True)
class Options:
    """``path`` is the folder; it is made if it is missing."""

    path: str


def make(name: str, options: Mapping[str, Any], path: str) -> provider.Filesystem:
    """The provider of these options; raises `errors.ConfigInvalid`."""
    root = Path(options_of.parse(Options, options, path).path)
    try:
        for kind in ("keyvalue", "blobstore"):
            (root / kind).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigInvalid(
            f"{path}.path", f"{root} cannot be used ({error.strerror})", "name a folder that the host may write"
        ) from None
    return provider.Filesystem(name, root.resolve())
