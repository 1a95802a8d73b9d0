"""Whether there is anything to write."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from wasicloud_operator.reconcile import comparison

MANIFEST: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "a", "labels": {"ours": "1"}},
    "spec": {
        "replicas": 2,
        "containers": [{"name": "host", "args": ["a", "b"], "resources": {"limits": {"memory": "1Gi", "cpu": "0.5"}}}],
        "tolerations": [{"key": "a"}],
        "affinity": {},
    },
}


def live(**spec: Any) -> dict[str, Any]:
    """The manifest as the API server has it: with others' fields and defaults, quantities in its own spelling, no kind."""
    body = copy.deepcopy(comparison.sealed(MANIFEST))
    del body["kind"], body["apiVersion"], body["spec"]["affinity"]
    body["metadata"]["labels"]["theirs"] = "2"
    body["metadata"]["resourceVersion"] = "7"
    body["spec"]["paused"] = False
    body["spec"]["containers"][0]["resources"]["limits"] = {"memory": "1024Mi", "cpu": "500m"}
    body["spec"]["containers"].insert(0, {"name": "injected"})
    body["spec"].update(spec)
    return body


def test_what_others_added_and_how_the_api_server_spells_it_is_no_difference() -> None:
    assert comparison.covers(comparison.sealed(MANIFEST), live())


@pytest.mark.parametrize(
    "drift",
    [
        {"replicas": 3},
        {"containers": []},
        {"containers": [{"name": "host", "args": ["b", "a"]}]},
        {"tolerations": [{"key": "a"}, {"key": "b"}]},
        {"tolerations": None},
    ],
)
def test_a_value_that_is_not_ours_is_a_difference(drift: dict[str, Any]) -> None:
    assert not comparison.covers(comparison.sealed(MANIFEST), live(**drift))


def test_what_is_no_longer_wanted_is_a_difference() -> None:
    less = copy.deepcopy(MANIFEST)
    del less["metadata"]["labels"]
    assert not comparison.covers(comparison.sealed(less), live())


def test_the_seal_leaves_the_manifest_as_it_was() -> None:
    before = copy.deepcopy(MANIFEST)
    comparison.sealed(MANIFEST)
    assert before == MANIFEST


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("0.1", "100m", True),
        (1, "1", True),
        ("1Gi", "1024Mi", True),
        ("1G", "1Gi", False),
        ("1000m", "1", True),
        ("abc", "abd", False),
        ("", "0", False),
    ],
)
def test_quantities_are_compared_by_amount(one: Any, other: Any, same: bool) -> None:
    assert comparison.quantity_equal(one, other) is same
