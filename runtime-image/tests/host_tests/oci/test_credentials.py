"""Which account is used for which repository, and that no password shows anywhere."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from wasicloud_host import errors
from wasicloud_host.oci import credentials, reference


def basic(user: str, password: str = "secret") -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def ring(folder: Path, auths: object, name: str = ".dockerconfigjson") -> credentials.Keyring:
    (folder / name).write_text(json.dumps(auths))
    return credentials.load([folder])


def user(keyring: credentials.Keyring, image: str) -> str | None:
    login = keyring.find(reference.parse(image))
    return login.username if login else None


def test_a_mounted_pull_secret_and_a_docker_configuration_are_read(tmp_path: Path) -> None:
    for name in (".dockerconfigjson", "config.json"):
        folder = tmp_path / name
        folder.mkdir()
        assert user(ring(folder, {"auths": {"registry.example": basic("ann")}}, name), "registry.example/a") == "ann"


def test_the_old_format_has_the_accounts_at_the_top(tmp_path: Path) -> None:
    assert user(ring(tmp_path, {"registry.example": basic("ann")}, ".dockercfg"), "registry.example/a") == "ann"


def test_the_most_specific_entry_wins(tmp_path: Path) -> None:
    keyring = ring(
        tmp_path,
        {"auths": {"r.example": basic("all"), "r.example/team": basic("team"), "r.example/team/app": basic("app")}},
    )
    assert [user(keyring, f"r.example/{name}") for name in ("x", "team/y", "team/app", "team/app/z", "teams")] == [
        "all", "team", "app", "app", "all",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "image", "matches"),
    [
        ("https://registry.example/v2/", "registry.example/a", True),
        ("https://index.docker.io/v1/", "team/a", True),
        ("*.registry.example", "eu.registry.example/a", True),
        ("*.registry.example", "a.b.registry.example/a", False),
        ("*.registry.example", "registry.example/a", False),
        ("registry.example", "registry.example:5000/a", False),
        ("registry.example:5000", "registry.example:5000/a", True),
        ("registry.example", "registry.example.evil.example/a", False),
    ],
)
def test_an_account_goes_only_to_the_registry_it_is_for(tmp_path: Path, key: str, image: str, matches: bool) -> None:
    assert (user(ring(tmp_path, {"auths": {key: basic("ann")}}), image) == "ann") is matches


def test_the_first_secret_of_the_list_wins_among_equals(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        ring(folder, {"auths": {"registry.example": basic(folder.name)}})
    assert user(credentials.load(folders), "registry.example/a") == "one"


def test_a_secret_that_is_not_there_is_no_account(tmp_path: Path) -> None:
    assert credentials.load([tmp_path / "none", tmp_path]).entries == ()


@pytest.mark.parametrize("text", ["{", "[]", '{"auths": []}', '{"auths": {"r.example": {"auth": "%%"}}}'])
def test_a_broken_secret_is_refused_by_name_and_without_its_content(tmp_path: Path, text: str) -> None:
    (tmp_path / ".dockerconfigjson").write_text(text)
    with pytest.raises(errors.ArtifactRefused, match="kubectl create secret docker-registry") as refusal:
        credentials.load([tmp_path])
    assert tmp_path.name in str(refusal.value)
    assert "%%" not in str(refusal.value)


def test_no_password_shows_in_a_representation(tmp_path: Path) -> None:
    keyring = ring(tmp_path, {"auths": {"r.example": basic("ann", "hunter2") | {"identitytoken": "token7"}}})
    assert "hunter2" not in repr(keyring)
    assert "token7" not in repr(keyring)
