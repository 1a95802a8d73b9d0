"""Pushing: a component becomes the CNCF Wasm OCI artifact; what the registry already has is not sent again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from urllib.parse import urljoin

from wasicloud_host import errors
from wasicloud_host.composer import inspection
from wasicloud_host.oci import manifest, reference, registry

_MAX_ANSWER_BYTES = 1 << 16


def push(
    component: bytes,
    title: str,
    wanted: reference.Reference,
    access: registry.Access,
    annotations: Mapping[str, str] | None = None,
) -> str:
    """Push ``component`` (``title``: its file's name) and return the manifest's digest. Raises `errors.Refused`."""
    if wanted.digest is not None:
        raise errors.ArtifactRefused(f"image {wanted}", "names a digest, which only a registry gives", "name a tag")
    info = inspection.inspect(component, title)
    created = dt.datetime.now(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    description = manifest.Description(_names(info.imports), _names(info.exports), created)
    written = manifest.write(component, title, description, annotations or {})
    repository = registry.Repository(wanted, access, "pull,push")
    for blob in (written.config, component):
        _upload(repository, blob)
    call = registry.Call(
        "PUT",
        repository.url(f"manifests/{wanted.version}"),
        body=written.manifest,
        content_type=manifest.MANIFEST,
        allowed=(201,),
    )
    repository.read(call, _MAX_ANSWER_BYTES)
    return manifest.digest_of(written.manifest)


def _names(externs: tuple[inspection.Extern, ...]) -> tuple[str, ...]:
    return tuple(sorted(extern.name for extern in externs))


def _upload(repository: registry.Repository, data: bytes) -> None:
    """Send one blob in one piece (distribution specification, "POST then PUT")."""
    digest = manifest.digest_of(data)
    check = registry.Call("HEAD", repository.url(f"blobs/{digest}"), allowed=(200, 404))
    if repository.has(check):
        return
    start = repository.url("blobs/uploads/")
    _, headers = repository.read(registry.Call("POST", start, allowed=(202,)), _MAX_ANSWER_BYTES)
    location = urljoin(start, headers.get("Location", ""))
    separator = "&" if "?" in location else "?"
    repository.read(
        registry.Call("PUT", f"{location}{separator}digest={digest}", body=data, allowed=(201,)), _MAX_ANSWER_BYTES
    )
