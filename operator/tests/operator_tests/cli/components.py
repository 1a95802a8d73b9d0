"""Components for tests: they import and export what a test needs and do nothing."""

from functools import cache
from pathlib import Path

import wasmtime

HANDLER = "wasi:http/incoming-handler@0.2.0"
STORE = "wasi:keyvalue/store@0.2.0-draft"


@cache
def made(imports: tuple[str, ...] = (), exports: tuple[str, ...] = (HANDLER,)) -> bytes:
    """A component of empty instances."""
    lines = [f'(import "{name}" (instance))' for name in imports]
    lines += ["(instance $nothing)"]
    lines += [f'(export "{name}" (instance $nothing))' for name in exports]
    return bytes(wasmtime.wat2wasm(f"(component {' '.join(lines)})"))


def counter(build: int = 0) -> bytes:
    """A real component that imports keyvalue and answers HTTP; another ``build`` has other bytes and does the same."""
    custom = bytes((0, 3, 1, ord("b"), build)) if build else b""
    return (Path(__file__).parents[4] / "examples" / "counter" / "counter.wasm").read_bytes() + custom


def hello() -> bytes:
    """A real component that answers HTTP and needs no Link."""
    return (Path(__file__).parents[4] / "examples" / "hello" / "rust" / "hello.wasm").read_bytes()
