"""`wasicloud new` writes a project whose WIT is whole, whose manifest is good, and which builds."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from wasicloud_cli import __main__ as command
from wasicloud_cli import manifests, scaffold
from wasicloud_operator.api.refs import ObjectKey

ROOT = Path(__file__).parents[4]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("language", scaffold.LANGUAGES)
def test_a_project_has_whole_wit_and_a_good_manifest(language: str, tmp_path: Path) -> None:
    assert command.main(["new", language, "my-gopher"]) == 0
    project = tmp_path / "my-gopher"
    found = manifests.load([project / "manifest.yaml"])
    assert found.components[ObjectKey("default", "my-gopher")].spec.file == "my-gopher.wasm"
    tools = shutil.which("wasm-tools", path=f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}")
    assert tools is not None
    checked = subprocess.run(
        [tools, "component", "wit", str(project / "wit")], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert "export wasi:http/incoming-handler@0.2." in checked.stdout
    for file in project.rglob("*"):
        assert "__" not in file.name
        assert file.is_dir() or "__NAME__" not in file.read_text()


def test_the_next_step_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["new", "rust", "gopher"]) == 0
    assert capsys.readouterr().out == "gopher holds a component in rust. Next: cd gopher && make run\n"


@pytest.mark.parametrize("name", ["Gopher", "1st", "a_b", "a-1", "a/b", "", "a" * 53])
def test_a_name_that_cannot_be_one_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["new", "rust", name]) == 2
    assert "cannot be a component's name; use words" in capsys.readouterr().err


def test_what_is_there_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "gopher").mkdir()
    assert command.main(["new", "rust", "gopher"]) == 2
    assert "is there already; choose another name or remove it" in capsys.readouterr().err
    assert list((tmp_path / "gopher").iterdir()) == []


def test_projects_carry_the_wit_of_this_project() -> None:
    for copy in (scaffold.TEMPLATES / "wit").glob("*.wit"):
        assert copy.read_text() == (ROOT / "wit" / "deps" / copy.stem / "package.wit").read_text(), copy.name
