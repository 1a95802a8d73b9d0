"""A step is a condition: how each way to end shows in the status."""

from __future__ import annotations

import pytest

from wasicloud_operator.api.conditions import Condition
from wasicloud_operator.reconcile import engine
from wasicloud_operator.reconcile.errors import Blocked, Stalled, Unsettled, Waiting

Trail = tuple[str, ...]


def good(trail: Trail) -> Trail:
    return (*trail, "good")


def failing(error: Unsettled) -> engine.Step[Trail]:
    def run(trail: Trail) -> Trail:
        raise error

    return engine.Step("Second", run)


FIRST: engine.Step[Trail] = engine.Step("First", good)
THIRD: engine.Step[Trail] = engine.Step("Third", good, lambda trail: f"{len(trail)} steps")


def told(outcome: engine.Outcome[Trail]) -> list[tuple[str, str, str, str]]:
    return [(one.type, one.status, one.reason, one.message) for one in outcome.conditions]


def test_steps_that_all_succeed_are_ready_and_say_what_the_last_has_to_say() -> None:
    outcome = engine.run((), (FIRST, THIRD), 3)
    assert told(outcome) == [
        ("First", "True", "Succeeded", ""),
        ("Third", "True", "Succeeded", "2 steps"),
        ("Ready", "True", "Succeeded", "2 steps"),
    ]
    assert outcome.retry_after is None
    assert outcome.scope == ("good", "good")
    assert {one.observed_generation for one in outcome.conditions} == {3}


@pytest.mark.parametrize(
    ("error", "status", "abnormal"),
    [
        (Waiting("W", "on its way", retry_after=7), "Unknown", "Reconciling"),
        (Blocked("B", "another has to change", retry_after=7), "False", "Reconciling"),
        (Stalled("S", "edit it", retry_after=7), "False", "Stalled"),
    ],
)
def test_the_first_step_that_does_not_succeed_ends_it(error: Unsettled, status: str, abnormal: str) -> None:
    outcome = engine.run((), (FIRST, failing(error), THIRD), 1)
    assert told(outcome) == [
        ("First", "True", "Succeeded", ""),
        ("Second", status, error.reason, error.message),
        ("Third", "Unknown", "NotReached", ""),
        ("Ready", status, error.reason, error.message),
        (abnormal, "True", error.reason, error.message),
    ]
    assert outcome.retry_after == 7
    assert outcome.scope == ("good",)


def test_a_step_can_find_out_about_an_earlier_one() -> None:
    outcome = engine.run((), (FIRST, failing(Blocked("B", "first is wrong", condition="First"))), 1)
    assert told(outcome)[0] == ("First", "False", "B", "first is wrong")
    assert outcome.ready == Condition("Ready", "False", "B", "first is wrong", 1)


def test_what_is_not_an_ending_of_a_step_is_not_swallowed() -> None:
    def broken(_trail: Trail) -> Trail:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        engine.run((), (engine.Step("First", broken),), 1)
