"""Which names stand for one another, and which imports need a Link."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasicloud_host.composer import names

numbers = st.integers(0, 99)


@given(numbers, numbers)
def test_lk01_every_0_2_x_is_one_family(one: int, other: int) -> None:
    assert names.find(f"wasi:io/poll@0.2.{one}", [f"wasi:io/poll@0.2.{other}"]) == f"wasi:io/poll@0.2.{other}"


@pytest.mark.parametrize("version", ["0.2.0-draft", "0.2.0-draft2", "0.2.0-rc.1", "0.3.0", "0.1.0", "1.2.0", ""])
def test_lk02_other_versions_and_prereleases_match_only_themselves(version: str) -> None:
    others = ["0.2.0-draft", "0.2.0-draft2", "0.2.0-rc.1", "0.3.0", "0.1.0", "1.2.0", "", "0.2.0"]
    named = {v: f"wasi:keyvalue/store@{v}".rstrip("@") for v in others}
    assert names.find(named[version], [name for v, name in named.items() if v != version]) is None
    assert names.find(named[version], named.values()) == named[version]


def test_the_newest_of_a_family_is_taken_and_the_very_name_before_it() -> None:
    offered = ["a:b/c@0.2.9", "a:b/c@0.2.12", "a:b/c@0.2.10"]
    assert names.find("a:b/c@0.2.0", offered) == "a:b/c@0.2.12"
    assert names.find("a:b/c@0.2.9", offered) == "a:b/c@0.2.9"


def test_major_versions_are_families_of_their_own() -> None:
    assert names.family("a:b/c@1.2.3") == names.family("a:b/c@1.9.0") == "a:b/c@1"
    assert names.family("a:b/c@0.0.3") == "a:b/c@0.0.3"


@given(st.text())
def test_any_text_is_a_name_that_finds_itself(name: str) -> None:
    assert names.find(name, [name]) == name
    names.parse(name)
    names.is_wasi_03(name)


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ("wasi:keyvalue", True),
        ("wasi:keyvalue/store", True),
        ("wasi:keyvalue/store@0.2.0-draft", True),
        ("wasi:keyvalue/store@0.2.0-draft2", False),
        ("wasi:keyvalue/batch", False),
        ("wasi:key", False),
    ],
)
def test_a_link_selects_by_package_interface_or_version(selector: str, selected: bool) -> None:
    assert names.selects(selector, "wasi:keyvalue/store@0.2.0-draft") is selected


def test_keyvalue_and_blobstore_need_links_and_nothing_else_does() -> None:
    assert names.needs_link("wasi:keyvalue/eventual@0.2.0-draft")
    assert names.needs_link("wasi:blobstore/types@0.2.0-draft")
    assert not names.needs_link("wasi:http/outgoing-handler@0.2.0")
    assert not names.needs_link("keyvalue")
