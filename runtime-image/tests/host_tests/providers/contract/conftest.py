"""Fixtures of the suite: one server of each backend for the whole run, new names for every test."""

from __future__ import annotations

import itertools

import pytest

from host_tests.providers.contract.backends import BACKENDS
from wasicloud_host.providers import registry

_numbers = itertools.count()


def pytest_terminal_summary(terminalreporter):
    """Say what each backend declares and how it fared."""
    rows = {}
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            name = report.nodeid.partition("[")[2].rstrip("]")
            found = next((key for key in sorted(BACKENDS, key=len, reverse=True) if name.startswith(key)), None)
            if found and "/contract/" in report.nodeid and report.when in ("call", "setup"):
                row = rows.setdefault(found, dict.fromkeys(("passed", "failed", "error", "skipped"), 0))
                row[outcome] += 1
    if not rows:
        return
    terminalreporter.section("contract by backend")
    for name, counts in sorted(rows.items()):
        kind = next(kind for kind in registry.BACKENDS if name == kind or name.startswith(f"{kind}-"))
        told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
        terminalreporter.write_line(f"{name:14} {' '.join(registry.capabilities(kind)):32} {told}")


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
