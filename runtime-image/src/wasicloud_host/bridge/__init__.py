"""The compiled bridge: two WebAssembly components and their digest.

Built from runtime-image/bridge/ by its `build` script and committed, so that installing needs no Rust. Nothing else
belongs here. What they export and ask for: wit/bridge/README.md.
"""

import functools
import hashlib
import importlib.resources

__all__ = ["capabilities", "core", "digest"]


def _read(name: str) -> bytes:
    return importlib.resources.files(__name__).joinpath(name).read_bytes()


@functools.cache
def core() -> bytes:
    """The component of which each outer component holds one: io, clocks, randomness, HTTP types."""
    return _read("core.wasm")


@functools.cache
def capabilities() -> bytes:
    """The component of which there is one for each user component that needs it: cli, keyvalue, blobstore, …"""
    return _read("capabilities.wasm")


@functools.cache
def digest() -> str:
    """SHA-256 over both, in hexadecimal: part of the key under which compiled artifacts are kept."""
    together = hashlib.sha256()
    for part in (core(), capabilities()):
        together.update(len(part).to_bytes(8, "little"))
        together.update(part)
    return together.hexdigest()
