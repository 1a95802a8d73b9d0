"""Every layout that tools write, and what is refused by name."""

from __future__ import annotations

import json

import pytest

from wasicloud_host import errors
from wasicloud_host.oci import manifest

DIGEST = "sha256:" + "12" * 32


def layer(media_type: str, title: str | None = None, digest: str = DIGEST) -> dict[str, object]:
    annotations = {"annotations": {manifest.TITLE: title}} if title else {}
    return {"mediaType": media_type, "digest": digest, "size": 8, **annotations}


def document(config: str, *layers: dict[str, object]) -> bytes:
    return json.dumps(
        {"schemaVersion": 2, "config": {"mediaType": config, "digest": DIGEST, "size": 2}, "layers": layers}
    ).encode()


@pytest.mark.parametrize(
    ("config", "layers"),
    [
        (manifest.CONFIG, [layer("application/wasm")]),
        ("application/vnd.wasm.config.v1+json", [layer("application/vnd.wasm.content.layer.v1+wasm")]),
        (
            "application/vnd.wasmcloud.actor.archive.config",
            [layer("application/vnd.module.wasm.content.layer.v1+wasm")],
        ),
        ("application/vnd.oci.empty.v1+json", [layer("application/vnd.oci.image.layer.v1.tar", "gopher.wasm")]),
        (
            "application/vnd.unknown.config.v1+json",
            [layer("application/wasm", "gopher.wasm"), layer("text/plain", "README")],
        ),
        (manifest.CONFIG, [layer("application/vnd.bytecodealliance.wasm.component.layer.v0+wasm")]),
    ],
)
def test_the_component_is_found_in_every_known_layout(config: str, layers: list[dict[str, object]]) -> None:
    assert manifest.read(document(config, *layers), "image x").digest == DIGEST


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not an OCI manifest"),
        (b"[]", "not an OCI manifest"),
        (b"{}", "not an OCI manifest"),
        (b'{"layers": [{}]}', "not an OCI manifest"),
        (b'{"layers": [7], "config": {}}', "not an OCI manifest"),
        (
            document("application/vnd.oci.image.config.v1+json", layer("application/vnd.oci.image.layer.v1.tar+gzip")),
            "is a container image",
        ),
        (document(manifest.CONFIG), "no WebAssembly layer"),
        (document(manifest.CONFIG, layer("text/plain")), "its layers: text/plain"),
        (document(manifest.CONFIG, layer("application/wasm"), layer("application/wasm")), "2 WebAssembly layers"),
        (document(manifest.CONFIG, layer("application/wasm", digest="sha512:00")), "not sha256"),
        (document(manifest.CONFIG, layer("application/wasm", digest="sha256:../../etc/passwd")), "not sha256"),
    ],
)
def test_what_holds_no_component_is_refused_with_what_to_do(data: bytes, says: str) -> None:
    with pytest.raises(errors.ArtifactRefused, match="wasicloud push") as refusal:
        manifest.read(data, "image x")
    assert says in str(refusal.value)


def test_an_index_leads_to_its_wasm_entry() -> None:
    entries = [
        {
            "mediaType": manifest.MANIFEST,
            "digest": "sha256:" + "00" * 32,
            "size": 1,
            "platform": {"architecture": "amd64", "os": "linux"},
        },
        {
            "mediaType": manifest.MANIFEST,
            "digest": DIGEST,
            "size": 1,
            "platform": {"architecture": "wasm", "os": "wasip2"},
        },
    ]
    found = manifest.read(json.dumps({"manifests": entries}).encode(), "image x")
    assert manifest.is_manifest(found)
    assert found.digest == DIGEST
    with pytest.raises(errors.ArtifactRefused, match="index of 2 images"):
        manifest.read(json.dumps({"manifests": entries[:1] * 2}).encode(), "image x")


def test_the_written_artifact_is_the_cncf_layout() -> None:
    description = manifest.Description(
        ("wasi:http/types@0.2.0",), ("wasi:http/incoming-handler@0.2.0",), "2026-01-01T00:00:00Z"
    )
    written = manifest.write(b"\0asm", "gopher.wasm", description, {"org.opencontainers.image.version": "1"})
    document, configuration = json.loads(written.manifest), json.loads(written.config)
    assert document["config"]["mediaType"] == "application/vnd.wasm.config.v0+json"
    assert document["config"]["digest"] == manifest.digest_of(written.config)
    assert [entry["mediaType"] for entry in document["layers"]] == ["application/wasm"]
    assert document["annotations"] == {"org.opencontainers.image.version": "1"}
    assert configuration["architecture"] == "wasm"
    assert configuration["os"] == "wasip2"
    assert configuration["layerDigests"] == [manifest.digest_of(b"\0asm")]
    assert configuration["component"] == {
        "imports": ["wasi:http/types@0.2.0"],
        "exports": ["wasi:http/incoming-handler@0.2.0"],
    }
    assert manifest.write(b"\0asm", "gopher.wasm", description, {"org.opencontainers.image.version": "1"}) == written
