"""One server of each backend and one host of each guest for the whole run; at its end, the table rule × backend."""

from __future__ import annotations

import re
from collections import defaultdict
from contextlib import ExitStack

import pytest

from host_tests.conformance import hosts, rules
from host_tests.providers.contract.backends import BACKENDS
from wasicloud_host import config

_MARK = {"passed": "ok", "failed": "FAIL", "skipped": "–"}
_ID = re.compile(
    r"\[(?P<backend>[\w-]+)-(?P<guest>blobstore-finish|kv-draft2-pairs|[a-z]+-[a-z0-9]+|blobstore|http|io)-(?P<rule>[A-Z]{2}\d\d\w?)\]"
)


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
    cells: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for outcome, mark in _MARK.items():
        for report in terminalreporter.stats.get(outcome, []):
            found = _ID.search(report.nodeid)
            if found and "conformance" in report.nodeid and (report.when == "call" or outcome != "passed"):
                cells[(found["guest"], found["rule"])][found["backend"]] = mark
    if not cells:
        return
    columns = sorted({backend for row in cells.values() for backend in row})
    terminalreporter.section("rules by backend")
    terminalreporter.write_line(f"{'guest':<18}{'rule':<8}" + "".join(f"{column:<15}" for column in columns))
    for (guest, rule), row in sorted(cells.items()):
        marks = "".join(f"{row.get(column, ''):<15}" for column in columns)
        terminalreporter.write_line(f"{guest:<18}{rule:<8}{marks}".rstrip())
