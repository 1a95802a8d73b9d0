"""Every failure that a user can cause shows in their own object as one sentence with a remedy, and soon."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

import kube
import servers
from conftest import Artifacts

SOON = 10.0
SERVERS_ADDRESS = servers.host_address()


@dataclass(frozen=True)
class Case:
    """A mistake, and the word by which its sentence is known. ``{registry}`` in an image is the registry."""

    image: str
    says: str
    pull_secret: str = ""


CASES = {
    "no such artifact": Case("{registry}/missing:1", "no such artifact"),
    "no such digest": Case("{registry}/counter@sha256:" + "0" * 64, "no such artifact"),
    "not WebAssembly": Case("{registry}/notes:1", "no WebAssembly"),
    "a core module": Case("{registry}/core:1", "core module"),
    "no registry there": Case(f"{SERVERS_ADDRESS}:1/counter:1", "cannot be reached"),
    "no link": Case("{registry}/counter:1", "wasi:keyvalue"),
}


@pytest.fixture(scope="module")
def mistakes(artifacts: Artifacts, tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    """Artifacts that are no components, pushed by another tool."""
    folder: Path = tmp_path_factory.mktemp("mistakes")
    (folder / "notes.txt").write_text("no component")
    (folder / "core.wasm").write_bytes(b"\0asm\1\0\0\0")
    port = artifacts.address.rpartition(":")[2]
    oras("push", "--plain-http", f"127.0.0.1:{port}/notes:1", "notes.txt:text/plain", folder=folder)
    oras("push", "--plain-http", f"127.0.0.1:{port}/core:1", "core.wasm:application/wasm", folder=folder)
    return artifacts


def oras(*arguments: str, folder: Path) -> None:
    subprocess.run(["oras", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_is_said_in_one_sentence_within_ten_seconds(
    namespace: kube.Namespace, mistakes: Artifacts, name: str, figures: dict[str, str]
) -> None:
    case = CASES[name]
    namespace.apply(kube.component("app", case.image.format(registry=mistakes.address)))
    message, seconds = namespace.says("wasmcomponent", "app", case.says, 60)
    figures[f"mistake: {name}"] = f"{seconds:.1f} s: {message}"
    assert "\n" not in message
    assert len(message) <= 400
    assert seconds <= kube.allowed(SOON)
    assert message in namespace.run("describe", "wasmcomponent", "app").replace("\n" + " " * 4, " ") or message[
        :60
    ] in namespace.run("describe", "wasmcomponent", "app")


def test_a_component_pushed_by_another_tool_runs(namespace: kube.Namespace, artifacts: Artifacts) -> None:
    folder = servers.ROOT / "examples" / "hello" / "rust"
    port = artifacts.address.rpartition(":")[2]
    for tag, layer in (
        ("plain", "hello.wasm"),
        ("older", "hello.wasm:application/vnd.module.wasm.content.layer.v1+wasm"),
    ):
        oras("push", "--plain-http", f"127.0.0.1:{port}/other-{tag}:1", layer, folder=folder)
        namespace.apply(kube.component(f"app-{tag}", f"{artifacts.address}/other-{tag}:1"))
    namespace.ready("app-plain", "app-older")


MISTAKES = {
    "two backends": (kube.provider("p", redis={"url": "redis://h"}, memory={}), "exactly one"),
    "no backend": (kube.provider("p"), "exactly one"),
    "credentials in the url": (kube.provider("p", redis={"url": "redis://user:secret@h"}), "credentials"),
    "provider and target": (
        {
            **kube.link("l", "c", "p"),
            "spec": {"component": "c", "interface": "wasi:keyvalue", "provider": "p", "target": "t"},
        },
        "exactly one",
    ),
    "negative replicas": (kube.component("c", "registry.example/a:1", replicas=-1), "replicas"),
    "an unknown field": (kube.component("c", "registry.example/a:1", replica=2), "replica"),
    "an unknown policy": (kube.component("c", "registry.example/a:1", imagePullPolicy="Sometimes"), "imagePullPolicy"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_bad_manifest_is_refused_by_the_api_server_with_a_sentence_that_helps(
    namespace: kube.Namespace, name: str
) -> None:
    body, says = MISTAKES[name]
    assert says in namespace.refuse(body)
