"""Whether a component can be served, and by what; if not, one sentence that says why and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from wasicloud_host import errors
from wasicloud_host.composer import binary, inspection, names, shapes, types
from wasicloud_host.composer.bridge import CAPABILITIES, Bridge, Candidate

_REBUILD_02 = "build it for WASI 0.2: WIT packages `wasi:*@0.2.x` and no async functions, streams or futures"


@dataclass(frozen=True, slots=True)
class Supply:
    """Who serves an import: ``core``, ``capabilities`` (the node's own) or the number of another node; and which export.

    ``replaced`` are functions that come from another export of the same source (see ``bridge.Candidate``).
    """

    source: str | int
    export: str
    replaced: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(slots=True)
class Served:
    """A node's imports with who serves each, and the identity of every resource it imports.

    ``named`` are the types that the component's world names outside of any interface; they are imports, too.
    """

    supplies: dict[str, Supply] = field(default_factory=dict)
    named: dict[str, types.ValueType | types.Resource] = field(default_factory=dict)
    bound: dict[types.Resource, shapes.Token] = field(default_factory=dict)


def runnable(info: inspection.ComponentInfo, where: str) -> None:
    """Refuse what the engine cannot run whatever is linked to it: WASI 0.3 and async components."""
    newer = next((e.name for e in (*info.imports, *info.exports) if names.is_wasi_03(e.name)), None)
    if newer is not None:
        verb = "imports" if info.imported(newer) else "exports"
        raise errors.ComponentRefused(where, f"is built for WASI 0.3 (it {verb} {binary.quote(newer)})", _REBUILD_02)
    if info.asynchronous:
        raise errors.ComponentRefused(
            where, "uses async functions, streams or futures of the component model", _REBUILD_02
        )


def serve(info: inspection.ComponentInfo, where: str, bridge: Bridge, wired: Mapping[str, Candidate]) -> Served:
    """Find who serves each import of ``info``, which is called ``where`` in errors.

    ``wired`` are the imports that other nodes serve. Raises :class:`errors.ComponentRefused`.
    """
    served = Served()
    for extern in info.imports:
        if isinstance(extern.type, types.Interface):
            served.supplies[extern.name] = _supply(extern.name, extern.type, where, bridge, wired, served)
        elif isinstance(extern.type, str | types.Compound | types.Handle) or (
            isinstance(extern.type, types.Resource) and extern.type.owner in served.supplies
        ):
            served.named[extern.name] = extern.type
        else:
            raise errors.ComponentRefused(
                where,
                f"imports the {extern.sort} {binary.quote(extern.name)} outside of any interface",
                "move it into an interface of the WIT package and import that",
            )
    return served


def _supply(
    name: str, wanted: types.Interface, where: str, bridge: Bridge, wired: Mapping[str, Candidate], served: Served
) -> Supply:
    candidates = [wired[name]] if name in wired else bridge.candidates(name, wanted)
    if not candidates:
        raise _unknown(name, where, bridge)
    first: shapes.Mismatch | None = None
    for candidate in candidates:
        offer = candidate.offer
        if candidate.source == CAPABILITIES:  # one instance for each node: resources of two of them are never the same
            offer = replace(offer, source=f"{CAPABILITIES} of {where}")
        mismatch = shapes.satisfy(name, wanted, offer, served.bound)
        if mismatch is None:
            replaced = {item: by for item, by in candidate.replaced.items() if wanted.get(item) is not None}
            return Supply(candidate.source, offer.name, replaced)
        first = first or mismatch
    assert first is not None  # noqa: S101 - there was a candidate, and it did not fit
    raise _misfit(wanted, name, where, candidates[0].offer, first)


def _unknown(name: str, where: str, bridge: Bridge) -> errors.ComponentRefused:
    quoted = binary.quote(name)
    parts = names.parse(name)
    package = parts.package if parts else ""
    if names.family(name) == names.family(names.INCOMING_HANDLER):
        return errors.ComponentRefused(
            where,
            f"imports {quoted}, which another component must serve",
            "add a Link with `interface: wasi:http/incoming-handler` and the other component as `target`",
        )
    versions = names.other_versions(name, bridge.served())
    if versions:
        remedy = f"rebuild it against {_or(versions)}"
        return errors.ComponentRefused(where, f"imports {quoted}, a version that is not served", remedy)
    if package.startswith("wasi:"):
        known = sorted({p.package for p in map(names.parse, bridge.served()) if p})
        remedy = f"remove the import; this host serves {', '.join(known)}"
    else:
        remedy = f"add a Link with `interface: {binary.quote(package) or quoted}` and a component that exports it as `target`"
    return errors.ComponentRefused(where, f"imports {quoted}, which nothing serves", remedy)


def _misfit(
    wanted: types.Interface, name: str, where: str, offer: shapes.Offer, mismatch: shapes.Mismatch
) -> errors.ComponentRefused:
    by = binary.quote(offer.label)
    item, quoted = binary.quote(mismatch.item), binary.quote(name)
    remedy = f"rebuild it against the WIT of {binary.quote(offer.name)} as {by} serves it"
    if isinstance(mismatch.wanted, types.Resource) and mismatch.wanted.owner != name:
        owner = binary.quote(mismatch.wanted.owner)
        problem = f"imports {quoted}, whose {item} must be the one of {owner}, but {by} uses another"
        remedy = "both components need that resource from the same component"
        return errors.ComponentRefused(where, problem, remedy)
    if mismatch.offered is None:
        return errors.ComponentRefused(where, f"imports {item} of {quoted}, which {by} does not have", remedy)
    ours = types.render(mismatch.offered, offer.interface.resource_names())
    theirs = types.render(mismatch.wanted, wanted.resource_names())
    detail = f" ({binary.quote(theirs)}, not {binary.quote(ours)})" if ours != theirs else ""
    problem = f"imports {quoted} with a shape of {item} that {by} does not serve{detail}"
    return errors.ComponentRefused(where, problem, remedy)


def entry_export(info: inspection.ComponentInfo, where: str) -> str:
    """The export through which ``info`` answers HTTP; raises :class:`errors.ComponentRefused` if there is none."""
    name = names.find(names.INCOMING_HANDLER, (e.name for e in info.exports if e.sort == "instance"))
    if name is not None:
        return name
    exports = [binary.quote(e.name) for e in info.exports]
    said = f"it exports {', '.join(exports[:8])}{' …' if len(exports) > 8 else ''}" if exports else "it exports nothing"
    others = names.other_versions(names.INCOMING_HANDLER, (e.name for e in info.exports))
    remedy = "add `export wasi:http/incoming-handler@0.2.0;` to its world and rebuild it"
    if others:
        remedy = "rebuild it against wasi:http@0.2.x"
    elif any(name.startswith("wasi:cli/run@") for name in exports):
        remedy = "it is a command; build the HTTP variant, whose world exports wasi:http/incoming-handler@0.2.0"
    problem = f"does not export wasi:http/incoming-handler@0.2.x, which answers HTTP requests ({said})"
    raise errors.ComponentRefused(where, problem, remedy)


def _or(choices: list[str]) -> str:
    return choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])} or {choices[-1]}"
