"""One server of each backend and one host of each guest for the whole run; at its end, the table rule × backend."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from host_tests.conformance import hosts, report, rules
from host_tests.providers.contract.backends import BACKENDS
from wasicloud_host import config

_MARK = {"passed": "ok", "failed": "FAIL", "skipped": "–", "error": "ERROR"}


@pytest.fixture(scope="session", params=BACKENDS)
def backend(request, tmp_path_factory):
    """A running backend."""
    with BACKENDS[request.param](tmp_path_factory.mktemp(request.param)) as running:
        yield running


@pytest.fixture(scope="session")
def serve(backend, tmp_path_factory):
    """Gives the host of a guest that is linked to the backend; each is started once."""
    folder = tmp_path_factory.mktemp("hosts")
    started: dict[str, hosts.Host] = {}
    with ExitStack() as stack:

        def start(guest: str) -> hosts.Host:
            if guest not in started:
                started[guest] = stack.enter_context(hosts.running(linked(guest, backend), folder))
            return started[guest]

        yield start
        for host in started.values():  # after all that was asked of it
            assert not [secret for secret in backend.secrets if secret in host.told()]


@pytest.fixture(scope="session")
def alone(tmp_path_factory):
    """Gives the host of a guest that needs no backend."""
    folder = tmp_path_factory.mktemp("alone")
    started: dict[str, hosts.Host] = {}
    with ExitStack() as stack:

        def start(guest: str) -> hosts.Host:
            if guest not in started:
                component = hosts.guest(guest, config={"greeting": "hello"}, egress=config.Egress(("127.0.0.1",)))
                wanted = hosts.configuration(guest, component, max_concurrent_requests=32)
                started[guest] = stack.enter_context(hosts.running(wanted, folder))
            return started[guest]

        yield start


def linked(guest: str, backend, **link) -> config.HostConfig:
    """A host of this guest, all of its interface linked to the backend."""
    interface = "wasi:keyvalue" if guest in rules.KEYVALUE else "wasi:blobstore"
    parameters = config.LinkParameters(layout=backend.layout if interface == "wasi:keyvalue" else "strings")
    wire = config.Link("link", interface, provider="tested", parameters=parameters, **link)
    provider = config.Provider("tested", backend.type, backend.options)
    return hosts.configuration(guest, hosts.guest(guest, wire), provider)


def pytest_terminal_summary(terminalreporter) -> None:
    """Print the table rule × backend of what ran."""
    marked = [
        (found.nodeid, mark)
        for outcome, mark in _MARK.items()
        for found in terminalreporter.stats.get(outcome, [])
        if found.when == "call" or outcome != "passed"
    ]
    table = report.cells(marked)
    if table:
        terminalreporter.section("rules by backend")
        for line in report.lines(table):
            terminalreporter.write_line(line)
