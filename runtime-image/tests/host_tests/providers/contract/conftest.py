"""Fixtures of the suite: one server of each backend for the whole run, new names for every test."""

from __future__ import annotations

import itertools

import pytest

from host_tests.providers.contract.backends import BACKENDS

_numbers = itertools.count()


@pytest.fixture(scope="session", params=BACKENDS)
def backend(request, tmp_path_factory):
    """A running backend."""
    with BACKENDS[request.param](tmp_path_factory.mktemp(request.param)) as running:
        yield running


@pytest.fixture(scope="session")
def provider(backend):
    """A provider of it."""
    opened = backend.open()
    yield opened
    opened.close()


@pytest.fixture
def name():
    """A name that no other test uses."""
    return f"bucket-{next(_numbers)}"


@pytest.fixture
def place(backend, name):
    """A place that no other test uses."""
    return backend.place(name)


@pytest.fixture
def bucket(provider, place):
    """An empty bucket."""
    return provider.keyvalue(place)


@pytest.fixture
def blobs(provider, place):
    """All containers; the one of `place` exists and is empty."""
    blobs = provider.blobstore()
    blobs.create_container(place)
    return blobs
