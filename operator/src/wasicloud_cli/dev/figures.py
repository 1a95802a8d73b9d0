"""What a host counts, read from its ``/metrics`` (Prometheus text format), for the live table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_SAMPLE = re.compile(r"(?P<name>[a-zA-Z_:]+)(?:\{(?P<labels>.*)\})? (?P<value>[^ ]+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Call = tuple[str, str]
"""Component and interface's package."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts since a host started; ``calls`` and ``failed`` are capability calls by component and package."""

    requests: int = 0
    errors: int = 0
    traps: int = 0
    busy: int = 0
    calls: Mapping[Call, int] = field(default_factory=lambda: MappingProxyType({}))
    failed: Mapping[Call, int] = field(default_factory=lambda: MappingProxyType({}))


def parse(text: str) -> Figures:
    """Read what a host says; what it does not say is 0."""
    sums = {"requests": 0, "errors": 0, "traps": 0, "busy": 0}
    calls: dict[Call, int] = {}
    failed: dict[Call, int] = {}
    for name, labels, value in _samples(text):
        if name == "wasicloud_http_requests_total":
            sums["requests"] += value
            sums["errors"] += value if labels.get("status") == "5xx" else 0
        elif name == "wasicloud_traps_total":
            sums["traps"] += value
        elif name == "wasicloud_http_requests_in_flight":
            sums["busy"] += value
        elif name == "wasicloud_capability_calls_total":
            key = (labels.get("component", ""), labels.get("interface", ""))
            calls[key] = calls.get(key, 0) + value
            failed[key] = failed.get(key, 0) + (value if labels.get("outcome") != "ok" else 0)
    return Figures(**sums, calls=calls, failed=failed)


def _samples(text: str) -> Iterator[tuple[str, dict[str, str], int]]:
    for line in text.splitlines():
        found = None if line.startswith("#") else _SAMPLE.fullmatch(line)
        if found is None:
            continue
        try:
            value = int(float(found["value"]))
        except (ValueError, OverflowError):
            continue
        yield found["name"], dict(_LABEL.findall(found["labels"] or "")), value
