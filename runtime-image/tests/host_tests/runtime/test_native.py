"""What is used of wasmtime without a promise: a new version that changes it must fail here, loudly."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

from wasmtime import _bindings

from wasicloud_host.runtime import native

SOURCES = Path(native.__file__).parent


def test_the_installed_wasmtime_is_the_one_the_crossing_was_written_for() -> None:
    assert native.mismatches() == []


def test_the_project_pins_that_wasmtime_exactly() -> None:
    project = next(parent for parent in SOURCES.parents if (parent / "pyproject.toml").exists())
    assert f'"wasmtime=={native.VERSION}"' in (project / "pyproject.toml").read_text()
    assert importlib.metadata.version("wasmtime") == native.VERSION


def test_every_c_function_in_use_has_its_signature_checked() -> None:
    used = set(re.findall(r'_(?:short|long)\(\s*"(\w+)"', (SOURCES / "native.py").read_text()))
    assert used == set(native.SIGNATURES)


def test_every_setting_in_use_exists_with_one_value() -> None:
    text = (SOURCES / "engine.py").read_text()
    settings = set(re.findall(r"_bindings\.(wasmtime_\w+)\(", text))
    pool = set(re.findall(r'^        "(\w+)": ', text, re.MULTILINE))
    assert settings
    assert pool
    settings |= {f"wasmtime_pooling_allocation_config_{name}_set" for name in pool}
    for name in settings:
        assert callable(getattr(_bindings, name)), name


def test_a_difference_is_named() -> None:
    """Run apart, because it breaks wasmtime-py on purpose."""
    script = """
import ctypes
from wasmtime import _bindings
_bindings._wasmtime_component_func_call.argtypes = [ctypes.c_void_p]
class Wider(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_uint64), ("more", ctypes.c_uint64), ("of", _bindings.wasmtime_component_valunion)]
_bindings.wasmtime_component_val = Wider
from wasicloud_host.runtime import native
native.VERSION = "1.2.3"
print(native.mismatches())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    for part in ("version", "instead of 1.2.3", "wasmtime_component_func_call", "size of a value", "payload"):
        assert part in done.stdout
