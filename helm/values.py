"""Reads a chart's values.yaml as documentation: every value with its comment, default and marks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_KEY = re.compile(r"^(?P<indent> *)(?P<key>[A-Za-z][A-Za-z0-9]*):")
_SECTION, _PROPERTY, _SCHEMA = "+docs:section=", "+docs:property", "+schema:"


@dataclass(frozen=True, slots=True)
class Value:
    """One documented value: ``path`` from the root, ``schema`` what its comment adds to what the default implies."""

    path: tuple[str, ...]
    description: str
    default: Any
    section: str
    schema: dict[str, Any] = field(default_factory=dict)


def read(file: Path) -> list[Value]:
    """All documented values in the order of the file; a leaf without a comment is an error, as nobody could use it."""
    text = file.read_text(encoding="utf-8")
    found = list(_walk(text.splitlines(), yaml.safe_load(text)))
    silent = [".".join(value.path) for value in found if not value.description]
    if silent:
        raise SystemExit(f"{file.name}: without a comment: {', '.join(silent)}")
    return found


def _walk(lines: list[str], tree: dict[str, Any]) -> Iterator[Value]:
    section, comments = "", list[str]()
    path: list[tuple[int, str]] = []
    inside: int | None = None  # the indentation of a value that is one whole: its keys are not values of the chart
    for line in lines:
        stripped = line.strip()
        match = _KEY.match(line)
        indent = len(line) - len(line.lstrip())
        if inside is not None and stripped and indent <= inside:
            inside = None
        if inside is not None:
            continue
        if stripped.startswith("#"):
            comments.append(stripped[1:].strip())
        elif match:
            path = [*(entry for entry in path if entry[0] < indent), (indent, match["key"])]
            keys = tuple(key for _, key in path)
            default = _lookup(tree, keys)
            section = next((text[len(_SECTION) :] for text in comments if text.startswith(_SECTION)), section)
            if _PROPERTY in comments or not (isinstance(default, dict) and default):
                yield Value(keys, _description(comments), default, section, _schema(comments))
                inside = indent
            comments = []
        elif not stripped:
            section = next((text[len(_SECTION) :] for text in comments if text.startswith(_SECTION)), section)
            comments = []


def _lookup(tree: dict[str, Any], keys: tuple[str, ...]) -> Any:
    value: Any = tree
    for key in keys:
        value = value[key]
    return value


def _description(comments: list[str]) -> str:
    return " ".join(text for text in comments if not text.startswith("+"))


def _schema(comments: list[str]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for text in comments:
        if text.startswith(_SCHEMA):
            merged |= json.loads(text[len(_SCHEMA) :])
    return merged
