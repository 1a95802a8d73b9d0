"""The init container: what it brings, and the message that it leaves for the operator."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from host_tests.oci import components
from wasicloud_host import config
from wasicloud_host.composer import inspection
from wasicloud_host.oci import fetch, push, reference, registry


@dataclass(frozen=True)
class Pod:
    """The files that an init container sees."""

    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "termination-log"

    @property
    def artifact(self) -> Path:
        return self.folder / "artifacts" / "app.wasm"

    def run(self, *items: config.Component, arguments: tuple[str, ...] = ()) -> int:
        file = self.folder / "config.json"
        file.write_text(config.dump(config.HostConfig("app", items)))
        return fetch.main(["--config", str(file), "--termination-log", str(self.log), *arguments])


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    return Pod(tmp_path)


def test_every_component_is_brought_and_its_digest_reported(pod: Pod, wanted: reference.Reference) -> None:
    digest = push.push(components.empty("app"), "app.wasm", wanted, registry.Access())
    mounted = pod.folder / "mounted.wasm"
    mounted.write_bytes(components.empty("mounted"))
    code = pod.run(
        config.Component("app", str(pod.artifact), image=str(wanted)), config.Component("second", str(mounted))
    )
    assert code == 0
    assert pod.artifact.read_bytes() == components.empty("app")
    assert json.loads(pod.log.read_text()) == {
        "components": [
            {"name": "app", "digest": digest, "imports": []},
            {"name": "second", "digest": None, "imports": []},
        ]
    }


def test_a_pinned_digest_decides_whatever_the_tag_says_now(pod: Pod, wanted: reference.Reference) -> None:
    digest = push.push(components.empty("old"), "app.wasm", wanted, registry.Access())
    push.push(components.empty("new"), "app.wasm", wanted, registry.Access())
    assert pod.run(config.Component("app", str(pod.artifact), image=str(wanted), digest=digest)) == 0
    assert pod.artifact.read_bytes() == components.empty("old")


def test_a_second_run_in_the_same_pod_takes_what_is_cached(pod: Pod, wanted: reference.Reference) -> None:
    push.push(components.empty("old"), "app.wasm", wanted, registry.Access())
    component = config.Component("app", str(pod.artifact), image=str(wanted))
    kept = ("--cache", str(pod.folder / "cache"))
    assert pod.run(component, arguments=kept) == 0
    push.push(components.empty("new"), "app.wasm", wanted, registry.Access())
    assert pod.run(component, arguments=kept) == 0
    assert pod.artifact.read_bytes() == components.empty("old")
    assert pod.run(component, arguments=(*kept, "--pull-policy", "Always")) == 0
    assert pod.artifact.read_bytes() == components.empty("new")


def test_a_failure_is_one_sentence_and_exit_code_2(
    pod: Pod, wanted: reference.Reference, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pod.run(config.Component("app", str(pod.artifact), image=str(wanted))) == 2
    message = pod.log.read_text()
    assert message == capsys.readouterr().err.strip()
    assert message.endswith("has no such artifact; correct spec.image, or push it first")
    assert "\n" not in message
    assert not pod.artifact.exists()


def test_a_component_that_is_not_mounted_is_named(pod: Pod) -> None:
    assert pod.run(config.Component("app", str(pod.folder / "none.wasm"))) == 2
    assert "none.wasm: cannot be read" in pod.log.read_text()


def test_a_termination_log_that_cannot_be_written_changes_nothing(pod: Pod, wanted: reference.Reference) -> None:
    push.push(components.empty("app"), "app.wasm", wanted, registry.Access())
    pod.log.mkdir()
    assert pod.run(config.Component("app", str(pod.artifact), image=str(wanted))) == 0


def test_a_message_that_kubelet_would_cut_leaves_out_imports_and_stays_json() -> None:
    info = inspection.inspect(components.empty("x"))
    extern = inspection.Extern("wasi:http/types@0.2.0" + "x" * 80, "instance", None)  # type: ignore[arg-type]
    many = inspection.ComponentInfo(info.size, (extern,) * 30, (), False, info.data)
    message = fetch.success([fetch.Fetched("a", "sha256:1", many), fetch.Fetched("b", "sha256:2", many)])
    assert len(message.encode()) <= 4096
    assert [len(entry["imports"]) for entry in json.loads(message)["components"]] == [30, 0]
