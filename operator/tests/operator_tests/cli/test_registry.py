"""What `wasicloud push` stores in a registry, `wasicloud inspect` and `wasicloud dev` take from there. The registry is a real one."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from operator_tests.cli import components
from operator_tests.cli.dev_process import DevProcess, answer
from wasicloud_cli import __main__ as command


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    if shutil.which("docker-registry") is None:
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing("needs the Debian package docker-registry")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    configuration = tmp_path / "registry.yml"
    storage = {"filesystem": {"rootdirectory": str(tmp_path / "registry")}}
    configuration.write_text(
        json.dumps({"version": 0.1, "log": {"level": "error"}, "storage": storage, "http": {"addr": address}})
    )
    process = subprocess.Popen(
        ["docker-registry", "serve", str(configuration)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(address)
        yield address
    finally:
        process.terminate()
        process.wait()


def wait_for(address: str) -> None:
    host, _, port = address.partition(":")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError("docker-registry did not come up")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))


def test_a_pushed_component_is_inspected_and_runs(
    registry: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "gopher.wasm"
    file.write_bytes(components.hello())
    image = f"{registry}/demo/gopher:1"
    assert command.main(["push", str(file), image]) == 0
    pinned = capsys.readouterr().out.strip()
    assert pinned.startswith(f"{registry}/demo/gopher")
    assert "@sha256:" in pinned
    assert command.main(["inspect", pinned, "--output", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["size"] == file.stat().st_size
    manifest = tmp_path / "app.yaml"
    manifest.write_text(
        f"apiVersion: wasicloud.dev/v1alpha1\nkind: WasmComponent\nmetadata: {{name: gopher}}\nspec: {{image: '{image}'}}\n"
    )
    with DevProcess(str(manifest)) as dev:
        assert answer(dev.url())["config"]["components"][0]["image"] == image
        assert dev.stop() == 0


def test_an_image_that_is_not_there_is_named_at_its_line(
    registry: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = tmp_path / "app.yaml"
    manifest.write_text(
        "apiVersion: wasicloud.dev/v1alpha1\nkind: WasmComponent\nmetadata: {name: gopher}\n"
        f"spec:\n  image: {registry}/demo/nothing:1\n"
    )
    assert command.main(["dev", str(manifest), "--port", "0"]) == 2
    said = capsys.readouterr().err
    assert f"{manifest}:5 spec.image: image {registry}/demo/nothing:1" in said
    assert said.count("\n") == 1


def test_a_registry_that_is_away_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "gopher.wasm"
    file.write_bytes(components.hello())
    assert command.main(["push", str(file), "127.0.0.1:1/demo/gopher:1"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
