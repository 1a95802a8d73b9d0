"""``wasicloud inspect``: what a component imports and exports, who made it, and which Links it needs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wasicloud_cli import artifacts, output
from wasicloud_cli.artifacts import Artifact
from wasicloud_host import composer
from wasicloud_operator.api import names
from wasicloud_operator.api.link import PROVIDED, package
from wasicloud_operator.domain import interfaces

_UNITS = ("B", "KiB", "MiB", "GiB")


def run(name: str, *, as_json: bool) -> int:
    """Inspect a file, or an image if no such file is there; raises `errors.Refused`."""
    path = Path(name.removeprefix("file:"))
    is_file = path.exists() or name.startswith(("file:", ".", "/")) or path.suffix == ".wasm"
    report = describe(artifacts.from_file(path) if is_file else artifacts.from_image(name))
    output.line(json.dumps(report, indent=2) if as_json else "\n".join(text(report)))
    return 0


def describe(artifact: Artifact) -> dict[str, Any]:
    """Everything known, as JSON; its keys are stable."""
    made = composer.producers(artifact.data)
    imports = [extern.name for extern in artifact.info.imports]
    exports = [extern.name for extern in artifact.info.exports]
    instances = [extern.name for extern in artifact.info.imports if extern.sort == "instance"]
    return {
        "name": artifact.origin,
        "size": artifact.info.size,
        "digest": f"sha256:{artifact.digest}",
        "toolchain": {"languages": made.languages, "processedBy": made.processed_by, "sdks": made.sdks},
        "servesHttp": any(interfaces.unversioned(name) == names.HTTP_EXPORT for name in exports),
        "imports": imports,
        "exports": exports,
        "links": links(instances),
    }


def links(imports: Sequence[str]) -> list[dict[str, str]]:
    """The Links that imports need, one for each ``interface``, with the kind of end each would have."""
    wanted = dict.fromkeys(interfaces.suggestion(name) for name in imports if interfaces.needs_link(name))
    return [{"interface": name, "to": "provider" if package(name) in PROVIDED else "target"} for name in wanted]


def text(report: Mapping[str, Any]) -> list[str]:
    """The same for people."""
    made = report["toolchain"]
    rows = [
        ("name", str(report["name"])),
        ("size", size(report["size"])),
        ("digest", report["digest"]),
        ("language", ", ".join(made["languages"]) or "it does not say"),
        ("made by", ", ".join((*made["processedBy"], *made["sdks"])) or "it does not say"),
        ("serves HTTP", "yes" if report["servesHttp"] else f"no: it does not export {names.HTTP_EXPORT}"),
    ]
    shown = [f"{label + ':':<13}{value}" for label, value in rows]
    for section in ("imports", "exports"):
        shown += ["", f"{section}:", *(f"  {name}" for name in report[section] or ["none"])]
    shown += ["", "Links it needs:"]
    shown += [f"  interface: {link['interface']}, with a {link['to']}" for link in report["links"]] or ["  none"]
    return shown


def size(count: float) -> str:
    """``2936012`` → ``2.8 MiB``."""
    for unit in _UNITS[:-1]:
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} {_UNITS[-1]}"
