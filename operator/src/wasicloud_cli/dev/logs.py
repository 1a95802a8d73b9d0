"""The hosts' JSON lines, made readable for a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_QUIET = frozenset({"time", "level", "message", "component", "host", "logger", "pid"})
_COLOURS: Mapping[str, str] = MappingProxyType(
    {"warning": "33", "error": "31", "critical": "31", "trace": "2", "debug": "2"}
)
_CLOCK = slice(11, 19)  # of an RFC 3339 time


def readable(title: str, line: str, *, colour: bool = False) -> str:
    """``12:00:01 counter GET / 200 0.9 ms``; a line that is not JSON stays as it is, after its host's title."""
    record = _record(line)
    if record is None:
        return f"{title} {line}"
    level = str(record.get("level", "info")).lower()
    text = _request(record) if "method" in record and "status" in record else _other(record)
    name = str(record.get("component") or title)
    parts = (str(record.get("time", ""))[_CLOCK], name, "" if level == "info" else level.upper(), text)
    shown = " ".join(part for part in parts if part)
    return f"\x1b[{_COLOURS[level]}m{shown}\x1b[0m" if colour and level in _COLOURS else shown


def _record(line: str) -> Mapping[str, Any] | None:
    try:
        record = json.loads(line) if line.startswith("{") else None
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _request(record: Mapping[str, Any]) -> str:
    """A request as people say it; its id only where something went wrong."""
    duration = record.get("durationSeconds")
    took = f" {duration * 1000:.1f} ms" if isinstance(duration, int | float) else ""
    outcome = record.get("outcome", "ok")
    trouble = "" if outcome == "ok" else f" {outcome} requestId={record.get('requestId')}"
    return f"{record['method']} {record.get('path', '')} {record['status']}{took}{trouble}"


def _other(record: Mapping[str, Any]) -> str:
    rest = (f"{key}={_value(value)}" for key, value in record.items() if key not in _QUIET)
    return " ".join((str(record.get("message", "")), *rest))


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return json.dumps(text, ensure_ascii=False) if " " in text else text
