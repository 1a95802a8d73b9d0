"""References: the grammar, Docker Hub's short forms, and what is refused."""

from __future__ import annotations

import pytest

from wasicloud_host import errors
from wasicloud_host.oci import reference

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("registry.example/gopher:1.2", ("registry.example", "gopher", "1.2", None)),
        ("registry.example/team/gopher", ("registry.example", "team/gopher", "latest", None)),
        ("localhost:5000/gopher:1", ("localhost:5000", "gopher", "1", None)),
        ("localhost/gopher:1", ("localhost", "gopher", "1", None)),
        (f"registry.example/gopher@{DIGEST}", ("registry.example", "gopher", None, DIGEST)),
        (f"registry.example/gopher:1@{DIGEST}", ("registry.example", "gopher", "1", DIGEST)),
        ("[::1]:5000/gopher:1", ("[::1]:5000", "gopher", "1", None)),
        ("gopher:1", ("docker.io", "library/gopher", "1", None)),
        ("team/gopher", ("docker.io", "team/gopher", "latest", None)),
        ("index.docker.io/team/gopher:1", ("docker.io", "team/gopher", "1", None)),
    ],
)
def test_a_reference_is_read(text: str, expected: tuple[str, str, str | None, str | None]) -> None:
    found = reference.parse(text)
    assert (found.registry, found.repository, found.tag, found.digest) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not a repository's name"),
        ("registry.example/", "is not a repository's name"),
        ("registry.example/Gopher:1", "use lowercase letters"),
        ("registry.example/gopher:", "is not a tag"),
        ("registry.example/gopher:a b", "is not a tag"),
        ("registry.example/../gopher", "is not a repository's name"),
        ("registry.example/gopher@sha256:12", "64 hexadecimal digits"),
        ("registry.example/gopher@md5:" + "ab" * 16, "64 hexadecimal digits"),
        ("https://registry.example/gopher:1", "is not a registry's host"),
        ("user@registry.example/gopher", "is not a digest"),
        ("registry.example:port/gopher", "is not a registry's host"),
        ("registry.example/gopher:1\n", "is not a tag"),
        ("registry.example/" + "a" * 256, "is not a repository's name"),
    ],
)
def test_what_is_no_reference_is_refused_with_a_remedy(text: str, says: str) -> None:
    with pytest.raises(errors.ArtifactRefused) as refusal:
        reference.parse(text)
    assert says in str(refusal.value)
    assert refusal.value.remedy


def test_a_reference_is_written_as_it_was_read() -> None:
    for text in ("registry.example/a/b:1", f"registry.example/a@{DIGEST}", f"registry.example/a:1@{DIGEST}"):
        assert str(reference.parse(text)) == text


def test_pinning_keeps_the_tag_for_the_reader_and_asks_for_the_digest() -> None:
    pinned = reference.parse("registry.example/a:1").at(DIGEST)
    assert pinned.version == DIGEST
    assert str(pinned) == f"registry.example/a:1@{DIGEST}"
