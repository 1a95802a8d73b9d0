"""Conditions of a status: one for each step of a reconciliation, and ``Ready`` computed from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

READY = "Ready"

TRUE = "True"
FALSE = "False"
UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Condition:
    """One observation. ``reason`` is a CamelCase word for machines, ``message`` one sentence for people.

    ``since`` is when ``status`` last changed, RFC 3339 in UTC; it is empty until `merge` fills it in.
    """

    type: str
    status: str
    reason: str
    message: str = ""
    observed_generation: int = 0
    since: str = ""

    def as_body(self) -> dict[str, Any]:
        """The condition as the API writes it."""
        return {
            "type": self.type,
            "status": self.status,
            "reason": self.reason,
            "message": self.message,
            "observedGeneration": self.observed_generation,
            "lastTransitionTime": self.since,
        }


def from_bodies(bodies: Iterable[Mapping[str, Any]]) -> tuple[Condition, ...]:
    """The conditions of a live status; fields that another version wrote differently are read as empty."""
    return tuple(
        Condition(
            str(body.get("type", "")),
            str(body.get("status", UNKNOWN)),
            str(body.get("reason", "")),
            str(body.get("message", "")),
            int(body.get("observedGeneration") or 0),
            str(body.get("lastTransitionTime", "")),
        )
        for body in bodies
    )


def merge(previous: Sequence[Condition], new: Sequence[Condition], now: str) -> tuple[Condition, ...]:
    """``new`` in its order; each keeps its time of transition while its status stays the same, so that nothing flaps."""
    before = {condition.type: condition for condition in previous}
    return tuple(
        replace(
            condition,
            since=before[condition.type].since
            if condition.type in before and before[condition.type].status == condition.status
            else now,
        )
        for condition in new
    )


def find(conditions: Iterable[Condition], type_: str) -> Condition | None:
    """The condition of one type."""
    return next((condition for condition in conditions if condition.type == type_), None)
