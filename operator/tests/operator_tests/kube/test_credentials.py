"""Credentials as the official loader finds them: kubeconfigs with tokens, and tokens that are renewed."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from kubernetes.config import ConfigException

from wasicloud_operator.kube import credentials


def kubeconfig(folder: Path, user: dict[str, Any]) -> str:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    path = folder / "kubeconfig"
    path.write_text(json.dumps(document))
    return str(path)


def test_a_token_becomes_the_authorization_header(tmp_path: Path) -> None:
    found = credentials.load(kubeconfig(tmp_path, {"token": "secret"}))
    header = asyncio.run(found.header())
    assert header is not None
    assert header.lower() == "bearer secret"
    assert found.server == "https://127.0.0.1:1"


def test_kopf_is_given_the_same_access(tmp_path: Path) -> None:
    fields = asyncio.run(credentials.load(kubeconfig(tmp_path, {"token": "secret"})).fields())
    assert (fields["server"], fields["token"]) == ("https://127.0.0.1:1", "secret")


def test_a_plug_in_is_asked_again_when_a_token_was_refused(tmp_path: Path) -> None:
    token = tmp_path / "token"
    script = (
        "import json,pathlib,sys;"
        "status={'token': pathlib.Path(sys.argv[1]).read_text(), 'expirationTimestamp': '2020-01-01T00:00:00Z'};"
        "print(json.dumps({'apiVersion':'client.authentication.k8s.io/v1','kind':'ExecCredential','status':status}))"
    )
    token.write_text("first")
    plug_in = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": sys.executable,
        "args": ["-c", script, str(token)],
        "interactiveMode": "Never",
    }

    async def test() -> None:
        found = credentials.load(kubeconfig(tmp_path, {"exec": plug_in}))
        assert str(await found.header()).lower() == "bearer first"
        token.write_text("second")
        assert str(await found.header(renew=True)).lower() == "bearer second"

    asyncio.run(test())


def test_a_kubeconfig_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigException):
        credentials.load(str(tmp_path / "missing"))
