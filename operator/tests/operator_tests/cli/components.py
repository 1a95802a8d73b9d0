"""Components for tests: they import and export what a test needs and do nothing."""

from functools import cache

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
