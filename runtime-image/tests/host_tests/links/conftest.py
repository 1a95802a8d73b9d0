"""Fixtures of the links' tests."""

from __future__ import annotations

import pytest

from host_tests.links import served


@pytest.fixture
def world():
    """Makes sessions that end with the test."""
    opened = []

    def make(**arguments):
        opened.append(served.World(**arguments))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def peer():
    """Makes servers that end with the test."""
    opened = []

    def make(answer):
        opened.append(served.Peer(answer))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def allowed(world):
    """A session that may reach this machine."""
    return world(egress=served.ALLOWED)
