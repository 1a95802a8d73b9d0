"""``wasicloud push``: a component's file becomes an image in a registry."""

from __future__ import annotations

from pathlib import Path

from wasicloud_cli import artifacts, output
from wasicloud_host.oci import push, reference


def run(file: Path, image: str) -> int:
    """Push with this user's Docker logins and print the reference with its digest; raises `errors.Refused`."""
    artifact = artifacts.from_file(file)
    wanted = reference.parse(image)
    digest = push.push(artifact.data, file.name, wanted, artifacts.access())
    output.line(str(wanted.at(digest)))
    return 0
