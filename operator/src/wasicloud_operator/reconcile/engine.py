"""Steps that are conditions: a kind's reconciliation is the list of its steps, and its status says how far they came.

A step is a pure function of a scope. Returning the scope makes its condition True; `errors.Waiting` makes it Unknown,
`errors.Blocked` and `errors.Stalled` make it False. Steps after it are Unknown, reason ``NotReached``. ``Ready`` repeats the first
that is not True. As kstatus has it, ``Stalled`` and ``Reconciling`` are there only while they are True.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from wasicloud_operator.api.conditions import FALSE, READY, TRUE, UNKNOWN, Condition
from wasicloud_operator.reconcile import errors

S = TypeVar("S")

SUCCEEDED = "Succeeded"
NOT_REACHED = "NotReached"
STALLED = "Stalled"
RECONCILING = "Reconciling"


@dataclass(frozen=True, slots=True)
class Step(Generic[S]):
    """One step: the condition that it sets, and what it does to the scope. ``note``: what to say about a success."""

    condition: str
    run: Callable[[S], S]
    note: Callable[[S], str] | None = None


@dataclass(frozen=True, slots=True)
class Outcome(Generic[S]):
    """How far it came: the scope as the last successful step left it, the conditions, when to look again (seconds)."""

    scope: S
    conditions: tuple[Condition, ...]
    retry_after: float | None = None

    @property
    def ready(self) -> Condition:
        """The condition computed from all."""
        return next(condition for condition in self.conditions if condition.type == READY)


def run(scope: S, steps: Sequence[Step[S]], generation: int) -> Outcome[S]:
    """Run ``steps`` until one does not succeed; ``generation`` is the spec's that the conditions are about."""
    done: list[Condition] = []
    stop: errors.Unsettled | None = None
    for step in steps:
        try:
            scope = step.run(scope)
        except errors.Unsettled as error:
            stop = error
            done.append(Condition(step.condition, error.status, error.reason, error.message))
            break
        done.append(Condition(step.condition, TRUE, SUCCEEDED, step.note(scope) if step.note else ""))
    if stop is not None and stop.condition:
        done = [
            replace(one, status=stop.status, reason=stop.reason, message=stop.message)
            if one.type == stop.condition
            else one
            for one in done
        ]
    done += [Condition(step.condition, UNKNOWN, NOT_REACHED) for step in steps[len(done) :]]
    summary = (*done, _ready(done), *_abnormal(stop))
    return Outcome(
        scope,
        tuple(replace(condition, observed_generation=generation) for condition in summary),
        stop.retry_after if stop is not None else None,
    )


def _ready(done: Sequence[Condition]) -> Condition:
    bad = next((condition for condition in done if condition.status == FALSE), None) or next(
        (condition for condition in done if condition.status != TRUE), None
    )
    if bad is not None:
        return replace(bad, type=READY)
    said = next((condition.message for condition in reversed(done) if condition.message), "")
    return Condition(READY, TRUE, SUCCEEDED, said)


def _abnormal(stop: errors.Unsettled | None) -> tuple[Condition, ...]:
    if stop is None:
        return ()
    type_ = STALLED if isinstance(stop, errors.Stalled) else RECONCILING
    return (Condition(type_, TRUE, stop.reason, stop.message),)
