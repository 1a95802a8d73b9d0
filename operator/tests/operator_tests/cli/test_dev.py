"""`wasicloud dev` runs hosts, replaces them when a file changes, replaces those that die, and leaves nothing behind.

The hosts here keep the host's contract and run no wasm; the same promises with the real host are in `test_dev_real_host`.
"""

import contextlib
import os
import signal
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from operator_tests.cli import components
from operator_tests.cli.dev_process import DevProcess, answer
from wasicloud_cli import __main__ as command

MANIFEST = """\
apiVersion: wasicloud.dev/v1alpha1
kind: WasmComponent
metadata: {name: gopher}
spec:
  image: file:gopher.wasm
  config: {greeting: hello}
---
apiVersion: wasicloud.dev/v1alpha1
kind: CapabilityProvider
metadata: {name: one}
spec:
  redis: {url: redis://127.0.0.1:1, passwordSecretRef: {name: auth, key: password}}
---
apiVersion: wasicloud.dev/v1alpha1
kind: CapabilityProvider
metadata: {name: two}
spec:
  memory: {}
---
apiVersion: v1
kind: Secret
metadata: {name: auth}
stringData: {password: hunter2}
---
apiVersion: wasicloud.dev/v1alpha1
kind: Link
metadata: {name: kv}
spec: {component: gopher, interface: wasi:keyvalue, provider: one}
"""


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "tmp").mkdir()
    (tmp_path / "gopher.wasm").write_bytes(components.counter())
    file = tmp_path / "app.yaml"
    file.write_text(MANIFEST)
    return file


@pytest.fixture
def dev(manifest: Path) -> Iterator[DevProcess]:
    with DevProcess(str(manifest)) as process:
        yield process


def served_by(url: str) -> str:
    return str(answer(url)["config"]["components"][0]["links"][0]["provider"])


def is_closed(url: str) -> bool:
    try:
        answer(url)
    except OSError:
        return True
    return False


def eventually(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def test_the_table_names_components_urls_and_links(dev: DevProcess) -> None:
    assert served_by(dev.url()) == "one"
    assert "kv    gopher     wasi:keyvalue  all          one  redis at redis://127.0.0.1:1" in dev.text
    assert dev.stop() == 0


def test_secrets_are_files_of_this_user_alone_and_in_nothing_else(dev: DevProcess, tmp_path: Path) -> None:
    seen = answer(dev.url())
    file = Path(seen["config"]["providers"][0]["options"]["passwordFile"])
    assert file.read_text() == "hunter2"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (workspace,) = (tmp_path / "tmp").glob("wasicloud-dev-*")
    assert stat.S_IMODE(workspace.stat().st_mode) == 0o700
    assert "hunter2" not in str(seen)
    assert "hunter2" not in dev.text
    assert dev.stop() == 0


def test_a_secret_is_rotated_without_a_new_host(dev: DevProcess, manifest: Path) -> None:
    url = dev.url()
    before = answer(url)
    file = Path(before["config"]["providers"][0]["options"]["passwordFile"])
    manifest.write_text(MANIFEST.replace("hunter2", "swordfish"))
    eventually(lambda: file.read_text() == "swordfish", "the file of the Secret")
    assert answer(url)["pid"] == before["pid"]


def test_an_edited_link_moves_requests_and_none_fails(dev: DevProcess, manifest: Path) -> None:
    url = dev.url()
    failed: list[BaseException] = []
    providers: list[str] = []
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            try:
                providers.append(served_by(url))
            except (OSError, ValueError) as error:
                failed.append(error)

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for turn in range(3):
            wanted = ("two", "one")[turn % 2]
            manifest.write_text(MANIFEST.replace("provider: one", f"provider: {wanted}"))
            eventually(lambda wanted=wanted: providers[-1:] == [wanted], f"requests served by {wanted}")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failed == []
    assert len(providers) > 20


def test_a_mistake_in_an_edit_is_said_and_what_ran_goes_on(dev: DevProcess, manifest: Path) -> None:
    url = dev.url()
    before = answer(url)["pid"]
    manifest.write_text(MANIFEST.replace("provider: one", "provider: none"))
    dev.says("Link kv names CapabilityProvider none, which does not exist; create it or correct spec.provider")
    dev.says("what ran before goes on running")
    assert answer(url)["pid"] == before
    manifest.write_text(MANIFEST.replace("provider: one", "provider: two"))
    eventually(lambda: served_by(url) == "two", "the corrected Link")


def test_a_new_host_that_refuses_leaves_the_old_one_serving(dev: DevProcess, manifest: Path) -> None:
    url = dev.url()
    before = answer(url)["pid"]
    manifest.write_text(MANIFEST.replace("greeting: hello", "fail: '2'"))
    dev.says("ended with code 2; the host before it goes on serving: components[0]: cannot run; change it")
    assert answer(url)["pid"] == before


def test_a_new_host_that_is_not_ready_leaves_the_old_one_serving(dev: DevProcess, manifest: Path) -> None:
    url = dev.url()
    before = answer(url)["pid"]
    manifest.write_text(MANIFEST.replace("greeting: hello", "never-ready: provider two does not answer"))
    dev.says("the new host is not ready (provider two does not answer); the one before it goes on serving")
    assert answer(url)["pid"] == before
    manifest.write_text(MANIFEST.replace("greeting: hello", "greeting: again"))
    eventually(lambda: answer(url)["config"]["components"][0]["config"] == {"greeting": "again"}, "the next edit")


def test_a_rebuilt_component_gets_a_new_host(dev: DevProcess, manifest: Path) -> None:
    url = dev.url()
    before = answer(url)["pid"]
    (manifest.parent / "gopher.wasm").write_bytes(components.counter(build=1))
    eventually(lambda: answer(url)["pid"] != before, "a new host")


def test_components_come_and_go_with_the_manifest(dev: DevProcess, manifest: Path) -> None:
    first = dev.url()
    pid = answer(first)["pid"]
    blobby = MANIFEST.split("---", maxsplit=1)[0].replace("gopher}", "blobby}").replace("gopher.wasm", "blobby.wasm")
    (manifest.parent / "blobby.wasm").write_bytes(components.hello())
    manifest.write_text(MANIFEST + "---\n" + blobby)
    second = dev.url("blobby")
    assert answer(second)["config"]["name"] == "blobby"
    manifest.write_text(MANIFEST)
    dev.says("blobby: is not in the manifests any more")
    eventually(lambda: is_closed(second), "the end of its port")
    assert answer(first)["pid"] == pid


def test_a_host_that_dies_is_reported_and_replaced(dev: DevProcess) -> None:
    url = dev.url()
    before = answer(url)["pid"]
    with pytest.raises((OSError, ValueError)):
        answer(f"{url}/crash")
    dev.says("the host ended with code 7; a new one starts in")
    assert answer(url)["pid"] != before  # the socket stayed open: this waited in its queue


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left_behind(dev: DevProcess, number: int, tmp_path: Path) -> None:
    pid = answer(dev.url())["pid"]
    code = dev.stop(number)
    eventually(lambda: not psutil.pid_exists(pid), f"the end of host {pid}")
    if number != signal.SIGKILL:
        assert code == 0
        assert list((tmp_path / "tmp").iterdir()) == []


def test_what_a_killed_command_left_is_removed_by_the_next(manifest: Path, tmp_path: Path) -> None:
    with DevProcess(str(manifest)) as killed, DevProcess(str(manifest)) as other:
        killed.url()
        other.url()
        left = set((tmp_path / "tmp").iterdir())
        killed.stop(signal.SIGKILL)
        with DevProcess(str(manifest)) as process:
            process.url()
            assert len(left - set((tmp_path / "tmp").iterdir())) == 1  # and that of the one that runs is still there
            assert process.stop() == 0


def test_a_host_that_refuses_at_the_start_ends_the_command(manifest: Path) -> None:
    manifest.write_text(MANIFEST.replace("greeting: hello", "fail: '2'"))
    with DevProcess(str(manifest)) as process:
        process.says("refused: the host of gopher refused to start; components[0]: cannot run; change it")
        assert process.process.wait(60) != 0


def test_a_host_that_is_not_ready_is_shown_with_its_reason(manifest: Path) -> None:
    manifest.write_text(MANIFEST.replace("greeting: hello", "never-ready: provider one does not answer"))
    with DevProcess(str(manifest)) as process:
        process.says("not ready: provider one does not answer")
        assert process.stop() == 0


def test_a_port_in_use_is_one_sentence(manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert command.main(["dev", str(manifest), "--port", str(port)]) == 2
    assert capsys.readouterr().err == (
        f"port {port}: is in use by another program; choose others with --port, or end that program\n"
    )


def test_no_watch_ignores_edits(manifest: Path) -> None:
    with DevProcess(str(manifest), "--no-watch") as process:
        url = process.url()
        before = answer(url)["pid"]
        manifest.write_text(MANIFEST.replace("provider: one", "provider: two"))
        os.utime(manifest)
        time.sleep(1)
        assert answer(url)["pid"] == before


def test_it_ends_when_nobody_reads_any_more(manifest: Path) -> None:
    with DevProcess(str(manifest)) as process:
        url = process.url()
        pid = answer(url)["pid"]
        process.stop_reading()
        with contextlib.suppress(OSError):  # the answers' log lines find nobody
            for _ in range(100):
                answer(url)
        assert process.process.wait(60) == 0
        assert not psutil.pid_exists(pid)
