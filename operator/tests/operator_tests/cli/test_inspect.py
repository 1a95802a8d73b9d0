"""`wasicloud inspect` says what a component is and which Links it needs."""

import json
from pathlib import Path

import pytest

from operator_tests.cli import components
from wasicloud_cli import __main__ as command


@pytest.fixture
def gopher(tmp_path: Path) -> Path:
    imports = (components.STORE, "wasi:keyvalue/atomics@0.2.0-draft", "wasi:io/poll@0.2.0", "acme:app/thing@1.0.0")
    file = tmp_path / "gopher.wasm"
    file.write_bytes(components.made(imports))
    return file


def test_a_program_reads_json(gopher: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["inspect", str(gopher), "--output", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["servesHttp"] is True
    assert report["size"] == gopher.stat().st_size
    assert report["exports"] == [components.HANDLER]
    assert components.STORE in report["imports"]
    assert report["links"] == [
        {"interface": "wasi:keyvalue", "to": "provider"},
        {"interface": "acme:app/thing", "to": "target"},
    ]


def test_a_person_reads_sentences(gopher: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["inspect", str(gopher)]) == 0
    text = capsys.readouterr().out
    assert "serves HTTP: yes" in text
    assert "  interface: wasi:keyvalue, with a provider" in text


@pytest.mark.parametrize(
    ("content", "said"), [(b"hello", "is not WebAssembly"), (b"\0asm\1\0\0\0", "core"), (None, "No such file")]
)
def test_what_is_no_component_is_one_sentence(
    content: bytes | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.wasm"
    if content is not None:
        file.write_bytes(content)
    assert command.main(["inspect", str(file)]) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""


@pytest.mark.parametrize("image", ["Not An Image", "registry.example/UPPER:1"])
def test_a_reference_that_is_none_is_one_sentence(image: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["inspect", image]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("verb", ["dev", "inspect", "push"])
def test_help_shows_examples(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main([verb, "--help"])
    assert ended.value.code == 0
    assert f"wasicloud {verb} " in capsys.readouterr().out.partition("examples:")[2]
