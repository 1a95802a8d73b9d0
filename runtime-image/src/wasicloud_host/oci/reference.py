"""References of artifacts: ``REGISTRY/REPOSITORY[:TAG][@DIGEST]``, by the grammar of the OCI Distribution Specification."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from wasicloud_host import errors

DEFAULT_REGISTRY = "docker.io"
DEFAULT_TAG = "latest"

_HOST = re.compile(
    r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?"
)
_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MAX_REPOSITORY = 255


@dataclass(frozen=True, slots=True)
class Reference:
    """Where an artifact is. At least one of ``tag`` and ``digest`` is set; with both, the digest decides."""

    registry: str
    repository: str
    tag: str | None
    digest: str | None

    @property
    def version(self) -> str:
        """What the registry is asked for."""
        return self.digest or self.tag or DEFAULT_TAG

    def at(self, digest: str) -> Reference:
        """The same artifact, pinned."""
        return replace(self, digest=digest)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.registry}/{self.repository}{tag}" + (f"@{self.digest}" if self.digest else "")


def is_digest(text: str) -> bool:
    """Whether ``text`` is a digest this package verifies (sha256)."""
    return _DIGEST.fullmatch(text) is not None


def parse(text: str) -> Reference:
    """Read a reference; a name without a registry is Docker Hub's. Raises `errors.ArtifactRefused`."""
    rest, at, digest = text.partition("@")
    if at and not is_digest(digest):
        raise _refused(text, f"{digest!r} is not a digest", "write @sha256: and 64 hexadecimal digits")
    registry, rest = _split_registry(rest)
    repository, colon, tag = rest.rpartition(":")
    if not colon:
        repository, tag = rest, ("" if digest else DEFAULT_TAG)
    elif not _TAG.fullmatch(tag):
        raise _refused(text, f"{tag!r} is not a tag", "use letters, digits, '.', '_' and '-', at most 128 characters")
    if not _HOST.fullmatch(registry):
        raise _refused(text, f"{registry!r} is not a registry's host", "write REGISTRY[:PORT]/NAME:TAG")
    if not _REPOSITORY.fullmatch(repository) or len(repository) > _MAX_REPOSITORY:
        raise _refused(
            text, f"{repository!r} is not a repository's name", "use lowercase letters, digits, '.', '_', '-' and '/'"
        )
    return Reference(registry, repository, tag or None, digest or None)


def _split_registry(name: str) -> tuple[str, str]:
    """The first part is a registry if it looks like a host; Docker Hub's one-part names live under ``library``."""
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost" or first != first.lower()):
        return (DEFAULT_REGISTRY if first == "index.docker.io" else first), rest
    return DEFAULT_REGISTRY, name if slash else f"library/{name}"


def _refused(text: str, problem: str, remedy: str) -> errors.ArtifactRefused:
    return errors.ArtifactRefused(f"image {text!r}", problem, remedy)
