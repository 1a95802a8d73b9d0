"""What a registry stores for a component: reading a manifest of any known layout, and writing ours.

Written: the CNCF Wasm OCI artifact (config ``application/vnd.wasm.config.v0+json``, one layer ``application/wasm``). Read:
that, ``oras``'s and ``wkg``'s layouts, wasmCloud's and the Bytecode Alliance's older media types, and an index that names one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wasicloud_host import errors
from wasicloud_host.oci import reference

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.wasm.config.v0+json"
LAYER = "application/wasm"
TITLE = "org.opencontainers.image.title"

ACCEPT = ", ".join(
    (
        MANIFEST,
        INDEX,
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    )
)

_LAYERS = frozenset(
    {
        LAYER,
        "application/vnd.wasm.content.layer.v1+wasm",
        "application/vnd.module.wasm.content.layer.v1+wasm",
        "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm",
        "application/vnd.wasm.component.v1+wasm",
    }
)
_CONTAINER_CONFIGS = frozenset(
    {"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"}
)
_PUSH = "push the component's .wasm file with `wasicloud push`"


@dataclass(frozen=True, slots=True)
class Blob:
    """A descriptor: bytes by their digest. ``size`` in bytes, as the manifest claims it."""

    digest: str
    size: int
    media_type: str


def digest_of(data: bytes) -> str:
    """The digest by which a registry knows ``data``."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def read(data: bytes, where: str) -> Blob:
    """The component's layer, or the manifest that an index leads to (`is_manifest`). Raises `errors.ArtifactRefused`."""
    try:
        document = json.loads(data)
        if "manifests" in document:
            return _from_index(document["manifests"], where)
        return _layer(document, where)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise errors.ArtifactRefused(where, "has a manifest that is not an OCI manifest", _PUSH) from None


def is_manifest(blob: Blob) -> bool:
    """Whether ``blob`` is a manifest to read in turn, not a component."""
    return blob.media_type in ACCEPT.split(", ")


def _layer(document: Mapping[str, Any], where: str) -> Blob:
    layers = document["layers"]
    known = [layer for layer in layers if layer["mediaType"] in _LAYERS]
    named = [layer for layer in layers if str((layer.get("annotations") or {}).get(TITLE, "")).endswith(".wasm")]
    chosen = known or named
    if len(chosen) == 1:
        return _blob(chosen[0], where)
    if chosen:
        raise errors.ArtifactRefused(where, f"holds {len(chosen)} WebAssembly layers where one is expected", _PUSH)
    if document.get("config", {}).get("mediaType") in _CONTAINER_CONFIGS:
        raise errors.ArtifactRefused(where, "is a container image, not a WebAssembly artifact", _PUSH)
    types = ", ".join(sorted({str(layer["mediaType"]) for layer in layers})) or "none"
    raise errors.ArtifactRefused(where, f"has no WebAssembly layer (its layers: {types[:200]})", _PUSH)


def _from_index(manifests: list[Mapping[str, Any]], where: str) -> Blob:
    wasm = [entry for entry in manifests if (entry.get("platform") or {}).get("architecture") == "wasm"]
    chosen = wasm or manifests
    if len(chosen) != 1:
        raise errors.ArtifactRefused(
            where,
            f"is an index of {len(manifests)} images of which {len(wasm)} are for the platform wasm",
            "name one by its digest",
        )
    return _blob(chosen[0], where)


def _blob(entry: Mapping[str, Any], where: str) -> Blob:
    digest, size = entry["digest"], entry["size"]
    if not isinstance(digest, str) or not reference.is_digest(digest) or not isinstance(size, int) or size < 0:
        raise errors.ArtifactRefused(where, "has a manifest whose digests are not sha256", _PUSH)
    return Blob(digest, size, str(entry["mediaType"]))


@dataclass(frozen=True, slots=True)
class Written:
    """An artifact ready to be pushed: the manifest's bytes and the config's; the layer is the component itself."""

    manifest: bytes
    config: bytes


@dataclass(frozen=True, slots=True)
class Description:
    """What a config says of a component: interface names, and ``created`` (RFC 3339)."""

    imports: tuple[str, ...]
    exports: tuple[str, ...]
    created: str


def write(component: bytes, title: str, description: Description, annotations: Mapping[str, str]) -> Written:
    """The artifact for ``component``: equal arguments give equal bytes. ``title`` is the file's name."""
    layer = digest_of(component)
    config = _json(
        {
            "created": description.created,
            "architecture": "wasm",
            "os": "wasip2",
            "layerDigests": [layer],
            "component": {"imports": list(description.imports), "exports": list(description.exports)},
        }
    )
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "digest": digest_of(config), "size": len(config)},
        "layers": [{"mediaType": LAYER, "digest": layer, "size": len(component), "annotations": {TITLE: title}}],
    }
    if annotations:
        manifest["annotations"] = dict(sorted(annotations.items()))
    return Written(_json(manifest), config)


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
