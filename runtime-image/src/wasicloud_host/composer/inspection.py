"""What a component is, before anything runs: its imports and exports with their shapes.

:func:`inspect` refuses what is no component at all, in one sentence with what to do about it; whether a component
can be *served* is decided in :mod:`.check`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from wasicloud_host import errors
from wasicloud_host.composer import binary, scopes, sections, types


@dataclass(frozen=True, slots=True)
class Extern:
    """One import or export: its full name, its sort (``instance``, ``func``, ``type`` …) and its shape."""

    name: str
    sort: str
    type: types.Item


@dataclass(frozen=True, slots=True)
class ComponentInfo:
    """A component's outside. ``asynchronous``: it uses the component model's async support somewhere."""

    size: int
    imports: tuple[Extern, ...]
    exports: tuple[Extern, ...]
    asynchronous: bool
    data: bytes = field(repr=False, compare=False)

    def imported(self, name: str) -> Extern | None:
        """The import with exactly this name."""
        return next((extern for extern in self.imports if extern.name == name), None)

    def exported(self, name: str) -> Extern | None:
        """The export with exactly this name."""
        return next((extern for extern in self.exports if extern.name == name), None)


def inspect(data: bytes, where: str = "") -> ComponentInfo:
    """Read ``data``, a component's bytes; ``where`` names it in errors.

    Raises :class:`errors.ComponentRefused` if ``data`` is not a whole component. Core modules inside it are skipped
    by their length, so the time depends on the size of its interfaces and not of its code.
    """
    try:
        _recognise(data)
        walk = sections.walk(scopes.World(data, binary.Budget()), len(binary.PREAMBLE), len(data))
        world = walk.scope.world
        imports = tuple(_externs(walk.imports, world))
        exports = tuple(_externs(walk.exports, world))
    except errors.ComponentRefused as refusal:
        raise errors.ComponentRefused(where or refusal.where, refusal.problem, refusal.remedy) from None
    return ComponentInfo(len(data), imports, exports, world.asynchronous, data)


def _externs(entities: dict[str, scopes.Entity], world: scopes.World) -> Iterator[Extern]:
    return (Extern(name, entity.sort, scopes.describe(entity, world)) for name, entity in entities.items())


def _recognise(data: bytes) -> None:
    """Refuse everything that is not a component by its first bytes."""
    if data.startswith(binary.PREAMBLE):
        return
    if data.startswith(binary.CORE_PREAMBLE):
        raise _core_module(data)
    problem, remedy = "is not WebAssembly", "name the .wasm file of a component"
    if not data:
        problem = "is empty"
    elif data.startswith(b"\0asm"[: len(data)]) and len(data) < len(binary.PREAMBLE):
        problem, remedy = "is cut short within its first 8 bytes", "copy or pull it again"
    elif data.startswith(b"\0asm"):
        version, layer = data[4] | data[5] << 8, data[6] | data[7] << 8
        problem = f"is WebAssembly of an unknown kind (version {version}, layer {layer})"
        remedy = "rebuild it with a toolchain that makes WASI 0.2 components"
    elif data.startswith(b"\x7fELF"):
        problem, remedy = "is precompiled code", "name the .wasm file it was compiled from: the host compiles it itself"
    elif data.lstrip()[:10].startswith((b"(component", b"(module")):
        problem, remedy = "is WebAssembly text", "turn it into binary with `wasm-tools parse FILE.wat -o FILE.wasm`"
    raise errors.ComponentRefused("", problem, remedy)


def _core_module(data: bytes) -> errors.ComponentRefused:
    """A core module: what it lacks decides which command turns it into a component."""
    if b"wasi_snapshot_preview1" in data[:65536]:
        remedy = (
            "turn it into one with `wasm-tools component new FILE.wasm --adapt "
            "wasi_snapshot_preview1=wasi_snapshot_preview1.reactor.wasm -o COMPONENT.wasm`"
        )
    else:
        remedy = (
            "turn it into one with `wasm-tools component embed WIT_FOLDER FILE.wasm -o FILE.wasm` (if its toolchain "
            "did not) and `wasm-tools component new FILE.wasm -o COMPONENT.wasm`"
        )
    return errors.ComponentRefused("", "is a core module, not a component", remedy)
