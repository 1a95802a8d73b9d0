"""One behaviour in every language: of the committed components, and of those that `make examples` built here."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from operator_tests.examples import visit

_HELLO = {"rust": "Rust", "go": "Go", "js": "JavaScript", "ts": "TypeScript", "python": "Python"}
_COMMITTED = {
    "hello": {"rust": visit.EXAMPLES / "hello/rust/hello.wasm"},
    "gopher": {"rust": visit.EXAMPLES / "gopher/rust/gopher.wasm"},
}


def _components(example: str) -> dict[str, Path]:
    built = {path.parts[-3]: path for path in sorted(visit.EXAMPLES.glob(f"{example}/*/build/{example}.wasm"))}
    return {**built, **_COMMITTED[example]}


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""], stdout=subprocess.DEVNULL
    )
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(30)


def _manifest(folder: Path, component: Path, provider: dict[str, object]) -> Path:
    version = {"apiVersion": "wasicloud.dev/v1alpha1"}
    link = {"component": "gopher", "interface": "wasi:keyvalue", "provider": "names"}
    objects = [
        {**version, "kind": "WasmComponent", "metadata": {"name": "gopher"}, "spec": {"image": f"file:{component}"}},
        {**version, "kind": "CapabilityProvider", "metadata": {"name": "names"}, "spec": provider},
        {**version, "kind": "Link", "metadata": {"name": "gopher-names"}, "spec": link},
    ]
    path = folder / "manifest.yaml"
    path.write_text("\n---\n".join(json.dumps(each) for each in objects))
    return path


def _check(url: str) -> None:
    found = subprocess.run(
        [visit.EXAMPLES / "gopher" / "check", url], capture_output=True, text=True, check=False, timeout=120
    )
    assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.parametrize("language", _components("hello"))
def test_hello_answers_its_line(tmp_path, language):
    component = _components("hello")[language]
    manifest = tmp_path / "manifest.yaml"
    text = (visit.EXAMPLES / "hello" / language / "manifest.yaml").read_text()
    manifest.write_text(
        text.replace("file:hello.wasm", f"file:{component}").replace("file:build/hello.wasm", f"file:{component}")
    )
    with visit.running(manifest) as dev:
        answer = visit.ask(visit.ready(dev, f"hello-{language}"))
        dev.stop()
    assert (answer.status, answer.text) == (200, f"Hello from {_HELLO[language]}!\n")


@pytest.mark.parametrize("language", _components("gopher"))
def test_gopher_behaves_the_same(tmp_path, language):
    with visit.running(_manifest(tmp_path, _components("gopher")[language], {"memory": {}})) as dev:
        _check(visit.ready(dev, "gopher"))
        dev.stop()


def test_gopher_behaves_the_same_on_files(tmp_path):
    provider = {"filesystem": {"path": str(tmp_path / "data")}}
    with visit.running(_manifest(tmp_path, _COMMITTED["gopher"]["rust"], provider)) as dev:
        _check(visit.ready(dev, "gopher"))
        dev.stop()


def test_gopher_behaves_the_same_on_redis_and_greets_whom_redis_cli_wrote(tmp_path, redis_url):
    manifest = _manifest(tmp_path, _COMMITTED["gopher"]["rust"], {"redis": {"url": redis_url}})
    manifest.write_text(
        manifest.read_text().replace('"provider": "names"', '"provider": "names", "parameters": {"layout": "hash"}')
    )
    command = ["redis-cli", "-u", redis_url, "HSET", "user:ricochet", "accept-language", "en-US", "animal", "dog"]
    with visit.running(manifest) as dev:
        url = visit.ready(dev, "gopher")
        deadline = time.monotonic() + 30
        while subprocess.run(command, capture_output=True, check=False).returncode != 0:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert visit.ask(f"{url}/ricochet").text == "Hello ricochet, greetings to your dog!\n"
        _check(url)
        dev.stop()
