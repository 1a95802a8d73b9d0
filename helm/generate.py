"""The chart's derived files: README.md, values.schema.json and templates/crds/. Run by ./generate."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import values

HELM = Path(__file__).parent
CHART = HELM / "wasi-cloud"
CRDS = HELM.parent / "crds"

_LABELS = """\
  labels:
    {{- include "wasi-cloud.labels" . | nindent 4 }}
  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}"""
_CRD = """\
{{{{- /* Generated from crds/{name} by helm/generate. */ -}}}}
{{{{- if .Values.crds.enabled }}}}
{head}
metadata:
{labels}
{rest}
{{{{- end }}}}
"""

_TYPES = {bool: "boolean", int: "integer", str: "string", list: "array", dict: "object"}


def main(arguments: list[str]) -> int:
    """Write what differs, or with ``--check`` name it and return 1."""
    check = arguments == ["--check"]
    documented = values.read(CHART / "values.yaml")
    wanted = {CHART / "README.md": readme(documented), CHART / "values.schema.json": schema(documented), **dict(crds())}
    stale = [file for file, text in wanted.items() if not file.exists() or file.read_text(encoding="utf-8") != text]
    orphans = [file for file in (CHART / "templates" / "crds").glob("*.yaml") if file not in wanted]
    for file in stale + orphans:
        sys.stdout.write(f"{'differs' if check else 'written'}: {file.relative_to(HELM.parent)}\n")
    if check:
        return 1 if stale or orphans else 0
    for file in stale:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(wanted[file], encoding="utf-8")
    for file in orphans:
        file.unlink()
    return 0


def readme(documented: list[values.Value]) -> str:
    """README.template.md with a table for each section in place of ``{{ values }}``."""
    template = (CHART / "README.template.md").read_text(encoding="utf-8")
    tables = []
    for section, members in groupby(documented, key=lambda value: value.section):
        rows = "".join(
            f"| `{'.'.join(value.path)}` | {_cell(value.description)} | `{_cell(json.dumps(value.default))}` |\n"
            for value in members
        )
        tables.append(f"### {section}\n\n| value | what it says | default |\n|---|---|---|\n{rows}")
    return template.replace("{{ values }}\n", "\n".join(tables))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def schema(documented: list[values.Value]) -> str:
    """A JSON schema that refuses unknown values, so that a typing error is found by `helm install`."""
    root: dict[str, Any] = {"$schema": "http://json-schema.org/draft-07/schema#", **_object()}
    # Helm gives a chart that is a dependency these two.
    root["properties"]["global"] = {"type": "object", "description": "Values of the parent chart."}
    for value in documented:
        node = root
        for key in value.path[:-1]:
            node = node["properties"].setdefault(key, _object())
        node["properties"][value.path[-1]] = {
            "description": value.description,
            "type": _TYPES[type(value.default)],
            "default": value.default,
            **value.schema,
        }
    return json.dumps(root, indent=2, ensure_ascii=False) + "\n"


def _object() -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": {}}


def crds() -> Iterator[tuple[Path, str]]:
    """The templates: the files of crds/ behind `crds.enabled`, kept on uninstall by `crds.keep`, with the chart's labels."""
    for source in sorted(CRDS.glob("*.yaml")):
        text = source.read_text(encoding="utf-8").replace("{{", '{{ "{{" }}')
        head, metadata, rest = text.partition("\nmetadata:\n")
        if not metadata or "\nmetadata:\n" in rest:
            raise SystemExit(f"{source.name}: one top-level metadata is expected")
        template = _CRD.format(
            name=source.name, head=head.removeprefix("---").lstrip(), labels=_LABELS, rest=rest.rstrip()
        )
        yield CHART / "templates" / "crds" / source.name, template


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
