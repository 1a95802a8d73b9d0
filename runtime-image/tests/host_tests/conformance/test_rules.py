"""Every rule of every guest, over every backend. A rule's number and promise are the guest's own (``GET /``)."""

from __future__ import annotations

import json

import pytest

from host_tests.conformance import rules


def _each(table):
    wanted = [
        pytest.param(guest, rule, id=f"{guest}-{rule}")
        for guest, known in table.items()
        for rule in known
        if rule not in rules.NEEDS_A_SETTING
    ]
    return pytest.mark.parametrize(("guest", "rule"), wanted)


def _check(host, rule):
    found = host.rule(rule, rules.PARAMETERS.get(rule, "").replace("HOST", f"127.0.0.1:{host.port}"))
    if rule in rules.ENDS_THE_INSTANCE:
        assert found.get("ended") == 500 or found["ok"] is True, found
        return
    assert found.get("ok") is True, found


@_each(rules.KEYVALUE)
def test_keyvalue_rule_holds(serve, guest, rule):
    _check(serve(guest), rule)


@_each(rules.BLOBSTORE)
def test_blobstore_rule_holds(serve, guest, rule):
    _check(serve(guest), rule)


@pytest.mark.parametrize("host_of", ["host"])
@_each(rules.WITHOUT_BACKEND)
def test_rule_holds(alone, guest, rule, host_of):
    _check(alone(guest), rule)


@pytest.mark.parametrize("guest", rules.WITHOUT_BACKEND)
def test_every_rule_that_a_guest_knows_is_run(alone, guest):
    assert _known(alone(guest)) == set(rules.WITHOUT_BACKEND[guest])


@pytest.mark.parametrize("backend", ["memory"], indirect=True)
@pytest.mark.parametrize("guest", [*rules.KEYVALUE, *rules.BLOBSTORE])
def test_every_rule_that_a_linked_guest_knows_is_run(serve, backend, guest):
    assert _known(serve(guest)) == set((rules.KEYVALUE | rules.BLOBSTORE)[guest])


def _known(host):
    return {json.loads(line)["rule"] for line in host.ask("/").text.splitlines()}


def test_io05_a_write_beyond_the_permit_ends_the_instance(alone):
    assert alone("io").rule("IO05", "beyond=1") == {"ended": 500}
    assert alone("io").rule("IO05") == {"rule": "IO05", "ok": True, "detail": ""}
