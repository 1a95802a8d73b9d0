"""Registries that want a password: pull Secrets are used, and a wrong one is said."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

import kube
import servers
from conftest import EXAMPLES
from release import Release
from wasicloud_host.oci import credentials, push, reference, registry

USER, PASSWORD = "tester", "correct horse"
# bcrypt, which is all that the registry reads
HTPASSWD = f"{USER}:$2y$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2\n"


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory, operator: Release, artifacts: object) -> Iterator[str]:
    """The image of hello in a registry with a password."""
    folder = tmp_path_factory.mktemp("private")
    (folder / "htpasswd").write_text(HTPASSWD)
    shared = str(getattr(artifacts, "address", ""))
    with servers.registry(folder, AUTH_HTPASSWD_REALM="e2e", AUTH_HTPASSWD_PATH=str(folder / "htpasswd")) as address:
        local = f"127.0.0.1:{address.rpartition(':')[2]}"
        keyring = credentials.Keyring(((local, credentials.Login(USER, PASSWORD)),))
        push.push(
            (EXAMPLES / "hello" / "rust" / "hello.wasm").read_bytes(),
            "hello.wasm",
            reference.parse(f"{local}/hello:1"),
            registry.Access(keyring),
        )
        operator.install(f"{shared},{address}")
        yield f"{address}/hello:1"
        operator.install(shared)


def pull_secret(image: str, password: str) -> kube.Body:
    """A Secret as `kubectl create secret docker-registry` makes it."""
    auth = base64.b64encode(f"{USER}:{password}".encode()).decode()
    value = json.dumps({"auths": {image.partition("/")[0]: {"auth": auth}}})
    return {
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "registry"}, "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": value},
    }  # fmt: skip


def test_a_pull_secret_opens_the_registry(namespace: kube.Namespace, private: str) -> None:
    namespace.apply(
        pull_secret(private, PASSWORD), kube.component("hello", private, imagePullSecrets=[{"name": "registry"}])
    )
    namespace.ready("hello")


@pytest.mark.parametrize(("secret", "says"), [(None, "asks for a login"), ("wrong", "refuses the account 'tester'")])
def test_a_missing_or_wrong_password_is_said(
    namespace: kube.Namespace, private: str, secret: str | None, says: str
) -> None:
    secrets = [{"name": "registry"}] if secret else []
    if secret:
        namespace.apply(pull_secret(private, secret))
    namespace.apply(kube.component("hello", private, imagePullSecrets=secrets))
    message, seconds = namespace.says("wasmcomponent", "hello", says, 60)
    assert "wrong" not in message
    assert seconds <= kube.allowed(10)
