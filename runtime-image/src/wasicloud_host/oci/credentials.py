"""Credentials of registries, as Docker's ``config.json`` and Kubernetes' image pull Secrets hold them.

A Secret of type ``kubernetes.io/dockerconfigjson`` is mounted as a folder with the file ``.dockerconfigjson``; the most
specific entry that matches a repository is used, as kubelet does. No value here is ever part of a message.
"""

from __future__ import annotations

import base64
import binascii
import fnmatch
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wasicloud_host import errors
from wasicloud_host.oci import reference

_NAMES = (".dockerconfigjson", ".dockercfg", "config.json")


@dataclass(frozen=True, slots=True)
class Login:
    """One account. ``identity_token`` is an OAuth 2 refresh token that stands in for the password."""

    username: str
    password: str = field(repr=False)
    identity_token: str = field(default="", repr=False)
    source: str = ""

    def basic(self) -> str:
        """The value of an ``Authorization`` header of the Basic scheme (RFC 7617)."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Keyring:
    """The accounts by registry, each key ``HOST[:PORT][/PATH]`` where the host may hold ``*``."""

    entries: tuple[tuple[str, Login], ...] = ()

    def find(self, wanted: reference.Reference) -> Login | None:
        """The account for a repository: the longest key that matches; the first of equals."""
        matching = [(key, login) for key, login in self.entries if _matches(key, wanted)]
        return max(matching, key=lambda entry: len(entry[0]), default=("", None))[1]


def load(paths: Iterable[Path]) -> Keyring:
    """Read files, or folders that hold one (mounted Secrets, ``~/.docker``). A missing one is no account, not an error."""
    entries: list[tuple[str, Login]] = []
    for path in paths:
        for file in [path / name for name in _NAMES] if path.is_dir() else [path]:
            if file.is_file():
                entries.extend(_entries(file))
    return Keyring(tuple(entries))


def _entries(file: Path) -> Iterable[tuple[str, Login]]:
    try:
        document = json.loads(file.read_bytes())
    except (OSError, ValueError):
        raise errors.ArtifactRefused(
            f"credentials {file.parent.name}/{file.name}",
            "is not readable JSON",
            "recreate the Secret with `kubectl create secret docker-registry`",
        ) from None
    auths = document.get("auths", {} if "credsStore" in document else document) if isinstance(document, dict) else None
    if not isinstance(auths, dict):
        raise errors.ArtifactRefused(
            f"credentials {file.parent.name}/{file.name}",
            "has no object `auths`",
            "recreate the Secret with `kubectl create secret docker-registry`",
        )
    for key, value in auths.items():
        login = _login(value, file) if isinstance(value, dict) else None
        if login is not None:
            yield _normal(key), login


def _login(value: Mapping[str, Any], file: Path) -> Login | None:
    username, password = str(value.get("username", "")), str(value.get("password", ""))
    token = str(value.get("identitytoken", ""))
    if not username and value.get("auth"):
        try:
            username, _, password = base64.b64decode(str(value["auth"]), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise errors.ArtifactRefused(
                f"credentials {file.parent.name}/{file.name}",
                "has an `auth` that is not base64 of USER:PASSWORD",
                "recreate the Secret with `kubectl create secret docker-registry`",
            ) from None
    return Login(username, password, token, file.parent.name) if username or token else None


def _normal(key: str) -> str:
    """A key without scheme, API version and trailing slash; Docker Hub's long name is its short one."""
    key = key.partition("://")[2] or key
    key = key.rstrip("/").removesuffix("/v1").removesuffix("/v2")
    return key.replace("index.docker.io", reference.DEFAULT_REGISTRY, 1) if key.startswith("index.docker.io") else key


def _matches(key: str, wanted: reference.Reference) -> bool:
    host, _, path = key.partition("/")
    if not fnmatch.fnmatchcase(wanted.registry.lower(), host.lower()) or host.count(".") != wanted.registry.count("."):
        return False
    return not path or wanted.repository == path or wanted.repository.startswith(path + "/")
