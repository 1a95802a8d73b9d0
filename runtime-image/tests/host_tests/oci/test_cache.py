"""The cache believes nothing that is not what it says, and never leaves half a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from wasicloud_host.oci import cache, manifest, reference

DATA = b"the bytes"
DIGEST = manifest.digest_of(DATA)


def blob(folder: Path) -> Path:
    return folder / "blobs" / "sha256" / DIGEST.removeprefix("sha256:")


def test_what_was_put_is_found_by_its_digest(folder: Path) -> None:
    kept = cache.Cache((folder,))
    assert kept.get(DIGEST) is None
    kept.put(DIGEST, DATA)
    assert kept.get(DIGEST) == DATA
    assert blob(folder).stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("damage", ["truncated", "replaced", "empty", "directory", "link", "pipe"])
def test_a_foreign_or_broken_file_is_a_miss_and_is_replaced(folder: Path, tmp_path: Path, damage: str) -> None:
    kept = cache.Cache((folder,))
    path = blob(folder)
    path.parent.mkdir(parents=True)
    outside = tmp_path / "outside"
    outside.write_bytes(DATA)
    {
        "truncated": lambda: path.write_bytes(DATA[:-1]),
        "replaced": lambda: path.write_bytes(b"other"),
        "empty": path.touch,
        "directory": path.mkdir,
        "link": lambda: path.symlink_to(outside),
        "pipe": lambda: os.mkfifo(path),
    }[damage]()
    assert kept.get(DIGEST) is None
    kept.put(DIGEST, DATA)
    if damage != "directory":  # a directory in the way stays, the pull goes on without the cache
        assert kept.get(DIGEST) == DATA
        assert not path.is_symlink()
    assert outside.read_bytes() == DATA


def test_the_nearer_layer_is_filled_from_the_farther(tmp_path: Path) -> None:
    near, far = tmp_path / "near", tmp_path / "far"
    cache.Cache((far,)).put(DIGEST, DATA)
    assert cache.Cache((near, far)).get(DIGEST) == DATA
    assert cache.Cache((near,)).get(DIGEST) == DATA


def test_a_layer_that_cannot_be_written_does_not_fail_the_pull(tmp_path: Path, folder: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    kept = cache.Cache((folder, in_the_way))
    kept.put(DIGEST, DATA)
    assert kept.get(DIGEST) == DATA


def test_a_tag_is_remembered_and_a_damaged_memory_forgotten(folder: Path) -> None:
    kept = cache.Cache((folder,))
    wanted = reference.parse("registry.example/a:1")
    kept.remember(wanted, DIGEST)
    assert kept.resolved(wanted) == DIGEST
    assert kept.resolved(reference.parse("registry.example/a:2")) is None
    next((folder / "references").iterdir()).write_text("nonsense")
    assert kept.resolved(wanted) is None


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(folder: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise OSError("disk full")

    path = folder / "artifact"
    cache.write_file(path, (b"old",))
    with pytest.raises(OSError, match="disk full"):
        cache.write_file(path, broken())
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in folder.iterdir()] == ["artifact"]
