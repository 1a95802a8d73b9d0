"""The only part that knows wasmtime: engine, the way in and out of wasm, compiled code on disk, instances ahead of demand.

``load`` makes a `Program` of a composition, ``Program.pool`` hands out instances (README.md has the picture of a call).
"""

from wasicloud_host.runtime.imports import HostFunction, Session
from wasicloud_host.runtime.instances import Instance, Limits, Observer, Pool, Unobserved
from wasicloud_host.runtime.program import Functions, Program, load

__all__ = [
    "Functions",
    "HostFunction",
    "Instance",
    "Limits",
    "Observer",
    "Pool",
    "Program",
    "Session",
    "Unobserved",
    "load",
]
