"""A component's bytes, from a file beside the manifest or from a registry, and what they say of themselves."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from wasicloud_host import composer, errors
from wasicloud_host.oci import cache, credentials, pull, reference, registry


@dataclass(frozen=True, slots=True)
class Artifact:
    """``origin`` is the file or image as the user wrote it; ``digest`` (sha256, hexadecimal) names the bytes."""

    origin: str
    data: bytes = field(repr=False)
    info: composer.ComponentInfo = field(repr=False)
    digest: str


def from_file(path: Path) -> Artifact:
    """Read a .wasm file; raises `errors.Refused`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise errors.ArtifactRefused(
            str(path), f"cannot be read ({error.strerror})", "build the component or correct the path"
        ) from None
    return _artifact(str(path), data)


def from_image(image: str, policy: str = "IfNotPresent") -> Artifact:
    """Pull an image with this user's Docker logins, or take it from this user's cache; raises `errors.Refused`."""
    kept = cache.Cache((cache_directory() / "images",))
    pulled = pull.pull(reference.parse(image), access(), kept, pull.Options(policy=policy))
    return _artifact(image, pulled.data)


def access() -> registry.Access:
    """How this user reaches registries: the logins of ``docker login``."""
    return registry.Access(credentials.load([Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")]))


def cache_directory() -> Path:
    """Where pulled images and compiled components are kept between runs: this user's cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wasicloud"


def _artifact(origin: str, data: bytes) -> Artifact:
    return Artifact(origin, data, composer.inspect(data, origin), hashlib.sha256(data).hexdigest())
