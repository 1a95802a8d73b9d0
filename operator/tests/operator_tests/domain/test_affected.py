"""A change reaches every component whose process holds what changed, and no other."""

from operator_tests import samples
from wasicloud_operator.domain import affected

LINKS = (
    samples.a_link("1", "front", target="middle", interface="acme:a/a"),
    samples.a_link("2", "middle", target="back", interface="acme:a/a"),
    samples.a_link("3", "back", provider="cache"),
    samples.a_link("4", "other", provider="cache"),
    samples.a_link("5", "apart", provider="blobs"),
)


def test_a_provider_touches_whoever_reaches_it() -> None:
    assert affected.by_provider("cache", LINKS) == {"front", "middle", "back", "other"}
    assert affected.by_provider("nobody", LINKS) == frozenset()


def test_a_component_touches_its_callers() -> None:
    assert affected.by_component("middle", LINKS) == {"front", "middle"}


def test_a_link_touches_its_component_and_that_ones_callers() -> None:
    assert affected.by_link(LINKS[2], LINKS) == {"front", "middle", "back"}


def test_a_cycle_ends() -> None:
    links = (*LINKS, samples.a_link("6", "back", target="front", interface="acme:a/a"))
    assert affected.by_component("front", links) == {"front", "middle", "back"}
