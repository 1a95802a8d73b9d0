"""Pulling: a reference becomes a component's bytes, every byte of them verified against a digest."""

from __future__ import annotations

from dataclasses import dataclass, field

from wasicloud_host import errors
from wasicloud_host.oci import cache, manifest, reference, registry

MAX_MANIFEST_BYTES = 4 << 20
MAX_COMPONENT_BYTES = 256 << 20
_WASM = b"\0asm"


@dataclass(frozen=True, slots=True)
class Options:
    """``policy`` is a container's imagePullPolicy: what is cached for a *tag* is used by IfNotPresent and Never; a digest
    never changes, so that it is used by every policy. ``max_bytes`` bounds the component.
    """

    policy: str = "IfNotPresent"
    max_bytes: int = MAX_COMPONENT_BYTES


@dataclass(frozen=True, slots=True)
class Pulled:
    """A component and what it was: ``digest`` is its manifest's, which pins the reference."""

    reference: reference.Reference
    digest: str
    data: bytes = field(repr=False)


def pull(
    wanted: reference.Reference, access: registry.Access, kept: cache.Cache, options: Options | None = None
) -> Pulled:
    """Pull one component; raises `errors.ArtifactRefused`."""
    session = _Session(wanted, access, kept, options or Options())
    digest, layer = session.layer()
    data = session.component(layer)
    if not data.startswith(_WASM):
        raise errors.ArtifactRefused(
            f"image {wanted}", "holds no WebAssembly", "push a component's .wasm file with `wasicloud push`"
        )
    return Pulled(wanted.at(digest), digest, data)


class _Session:
    """One pull: asks the cache first, the registry for what is missing (which then need not be reachable for the rest)."""

    def __init__(
        self, wanted: reference.Reference, access: registry.Access, kept: cache.Cache, options: Options
    ) -> None:
        self._wanted = wanted
        self._access = access
        self._cache = kept
        self._options = options
        self._where = f"image {wanted}"
        self._opened: registry.Repository | None = None

    def layer(self) -> tuple[str, manifest.Blob]:
        """The pinned digest, and the layer to fetch, through an index if there is one."""
        digest, data = self._manifest(self._wanted.digest or self._remembered())
        found = manifest.read(data, self._where)
        if manifest.is_manifest(found):
            found = manifest.read(self._manifest(found.digest)[1], self._where)
        if manifest.is_manifest(found):
            raise errors.ArtifactRefused(self._where, "is an index of indexes", "name one manifest by its digest")
        return digest, found

    def component(self, layer: manifest.Blob) -> bytes:
        """The component's bytes, verified."""
        if layer.size > self._options.max_bytes:
            raise errors.ArtifactRefused(
                self._where,
                f"is {layer.size} bytes, more than the {self._options.max_bytes} that are allowed",
                "push a smaller component",
            )
        cached = self._cache.get(layer.digest)
        if cached is not None:
            return cached
        repository = self._repository()
        data, _ = repository.read(registry.Call("GET", repository.url(f"blobs/{layer.digest}")), layer.size)
        self._verify(data, layer.digest)
        self._cache.put(layer.digest, data)
        return data

    def _remembered(self) -> str | None:
        return None if self._options.policy == "Always" else self._cache.resolved(self._wanted)

    def _manifest(self, digest: str | None) -> tuple[str, bytes]:
        cached = self._cache.get(digest) if digest else None
        if cached is not None and digest is not None:
            return digest, cached
        repository = self._repository()
        call = registry.Call("GET", repository.url(f"manifests/{digest or self._wanted.version}"), manifest.ACCEPT)
        data, headers = repository.read(call, MAX_MANIFEST_BYTES)
        claimed = digest or headers.get("Docker-Content-Digest", "")
        actual = manifest.digest_of(data)
        if claimed.startswith("sha256:") or digest:
            self._verify(data, claimed)
        self._cache.put(actual, data)
        if digest is None:
            self._cache.remember(self._wanted, actual)
        return actual, data

    def _verify(self, data: bytes, digest: str) -> None:
        actual = manifest.digest_of(data)
        if actual != digest:
            raise errors.ArtifactRefused(
                self._where,
                f"has bytes of digest {actual[:19]}… where {digest[:19]}… was promised",
                "check the registry, or what stands between; push it again",
            )

    def _repository(self) -> registry.Repository:
        if self._options.policy == "Never":
            raise errors.ArtifactRefused(
                self._where, "is not cached and imagePullPolicy is Never", "set imagePullPolicy to IfNotPresent"
            )
        if self._opened is None:
            self._opened = registry.Repository(self._wanted, self._access)
        return self._opened
