"""Conditions do not flap: a time of transition changes only when the status does."""

from wasicloud_operator.api.conditions import FALSE, TRUE, Condition, find, from_bodies, merge


def test_a_transition_is_dated_only_when_the_status_changes() -> None:
    before = merge((), (Condition("A", TRUE, "Ok"), Condition("B", TRUE, "Ok")), "t1")
    after = merge(before, (Condition("A", TRUE, "Still"), Condition("B", FALSE, "Broken")), "t2")
    assert [(c.type, c.since) for c in after] == [("A", "t1"), ("B", "t2")]
    assert [c.reason for c in after] == ["Still", "Broken"]


def test_a_condition_survives_the_api() -> None:
    (one,) = merge((), (Condition("A", TRUE, "Ok", "All is well", 3),), "t1")
    assert from_bodies([one.as_body()]) == (one,)
    assert find((one,), "A") == one
    assert find((one,), "B") is None
