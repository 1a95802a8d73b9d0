"""The hosts' JSON lines, made readable for a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_MESSAGE = ("message", "msg", "event")
_TIME = ("time", "timestamp", "ts")
_QUIET = frozenset({*_MESSAGE, *_TIME, "level", "component", "host", "logger", "pid", "worker"})
_COLOURS: Mapping[str, str] = MappingProxyType(
    {"warning": "33", "error": "31", "critical": "31", "trace": "2", "debug": "2"}
)


def readable(title: str, line: str, *, colour: bool = False) -> str:
    """``12:00:01 counter  GET / 200 …``; a line that is not JSON stays as it is, after its host's title."""
    try:
        record = json.loads(line) if line.startswith("{") else None
    except ValueError:
        record = None
    if not isinstance(record, dict):
        return f"{title}  {line}"
    level = str(record.get("level", "info")).lower()
    name = str(record.get("component") or title)
    text = _access(record) or _first(record, _MESSAGE)
    rest = " ".join(
        f"{key}={_value(value)}" for key, value in record.items() if key not in _QUIET | _access_keys(record)
    )
    shown = " ".join(part for part in (_clock(record), name, _level(level), text, rest) if part)
    return f"\x1b[{_COLOURS[level]}m{shown}\x1b[0m" if colour and level in _COLOURS else shown


def _access(record: Mapping[str, Any]) -> str:
    """A served request reads as people say it: method, path, status, duration."""
    if "method" not in record or "status" not in record:
        return ""
    duration = record.get("duration_ms", record.get("duration_seconds"))
    took = f" {duration:g} {'ms' if 'duration_ms' in record else 's'}" if isinstance(duration, int | float) else ""
    return f"{record['method']} {record.get('path', '')} {record['status']}{took}"


def _access_keys(record: Mapping[str, Any]) -> frozenset[str]:
    if not _access(record):
        return frozenset()
    return frozenset({"method", "path", "status", "duration_ms", "duration_seconds"})


def _clock(record: Mapping[str, Any]) -> str:
    stamp = _first(record, _TIME)
    return stamp[11:19] if len(stamp) > 18 and stamp[10] in "T " else stamp


def _level(level: str) -> str:
    return "" if level in ("info", "") else level.upper()


def _first(record: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    return next((str(record[key]) for key in keys if record.get(key) is not None), "")


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return json.dumps(text, ensure_ascii=False) if " " in text else text
