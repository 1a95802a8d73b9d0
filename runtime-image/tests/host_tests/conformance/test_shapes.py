"""The oldest shapes of interfaces whose names newer shapes kept: the component's own types decide (LK01, LK05)."""

from __future__ import annotations

import pytest

from host_tests.conformance import hosts
from wasicloud_host import config


@pytest.fixture(scope="module")
def oldest(tmp_path_factory):
    """A host of the guest that imports them, with both its interfaces linked to memory."""
    links = [config.Link(name, f"wasi:{name}", provider="memory") for name in ("keyvalue", "blobstore")]
    component = hosts.guest("oldest", *links, config={"greeting": "hello"})
    wanted = hosts.configuration("oldest", component, config.Provider("memory", "memory"))
    with hosts.running(wanted, tmp_path_factory.mktemp("oldest")) as host:
        yield host


@pytest.mark.parametrize("rule", ["KV23m", "BS07m", "CF01b", "CF01s", "LG01u"])
def test_the_oldest_shape_of_each_interface_is_served(oldest, rule):
    found = oldest.rule(rule, "key=greeting&value=hello&text=said+without+a+version")
    assert found == {"rule": rule, "ok": True, "detail": ""}


def test_what_is_logged_without_a_version_is_in_the_log(oldest):
    oldest.rule("LG01u", "text=said+without+a+version")
    assert oldest.log_has("said without a version")
