"""A registry of each kind for the whole run; repositories differ by test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tests.oci import identities, registries
from wasicloud_host.oci import reference


@pytest.fixture(scope="session")
def plain_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with registries.running(tmp_path_factory.mktemp("plain")) as address:
        yield address


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> identities.Identity:
    return identities.make(tmp_path_factory.mktemp("identity"))


@pytest.fixture(scope="session")
def locked_registry(tmp_path_factory: pytest.TempPathFactory, identity: identities.Identity) -> Iterator[str]:
    """TLS and a password."""
    folder = tmp_path_factory.mktemp("locked")
    passwords = folder / "htpasswd"
    passwords.write_text(registries.HTPASSWD)
    settings = {
        "AUTH_HTPASSWD_REALM": "tests",
        "AUTH_HTPASSWD_PATH": str(passwords),
        "HTTP_TLS_CERTIFICATE": str(identity.certificate_file),
        "HTTP_TLS_KEY": str(identity.key_file),
    }
    with registries.running(folder, **settings) as address:
        yield address


@pytest.fixture
def repository(request: pytest.FixtureRequest) -> str:
    """A repository's name that no other test has."""
    return (
        "tests/"
        + request.node.name.split("[")[0].replace("__", "_").lower()[:80]
        + f"-{abs(hash(request.node.name)) % 10_000}"
    )


@pytest.fixture
def wanted(plain_registry: str, repository: str) -> reference.Reference:
    return reference.parse(f"{plain_registry}/{repository}:1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return registries.unused(tmp_path)
