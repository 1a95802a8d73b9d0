"""The report shows every cell and every declaration, and the documented table of differences is the real one."""

from __future__ import annotations

import re

import pytest

from host_tests.conformance import report, rules
from host_tests.providers import servers
from host_tests.providers.contract.backends import BACKENDS
from wasicloud_host.providers import registry

SEMANTICS = servers.ROOT / "docs" / "semantics.md"


def differences() -> list[tuple[str, str, str]]:
    """The rows of the documented table: backend, difference, reason."""
    section = SEMANTICS.read_text().partition("## Differences that stay")[2]
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in section.splitlines() if "|" in line]
    return [(row[0], row[1], row[2]) for row in rows[2:]]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("guest", "rule"), [("kv-draft2-pairs", "KV28"), ("blobstore-finish", "BS19c"), ("http", "HT01")]
)
def test_a_cell_is_found_by_guest_rule_and_backend(backend, guest, rule):
    node = f"runtime-image/tests/host_tests/conformance/test_rules.py::test_rule[{backend}-{guest}-{rule}]"
    assert report.cells([(node, "ok"), ("conformance/test_rules.py::test_other", "ok")]) == {
        (guest, rule): {backend: "ok"}
    }


def test_the_report_shows_what_each_backend_declares():
    table = {("kv-store", "KV01"): dict.fromkeys(BACKENDS, "ok")}
    text = list(report.lines(table))
    for column in BACKENDS:
        (line,) = [line for line in text if line.startswith(f"{column:<15}")]
        assert all(name in line for name in registry.capabilities(report.kind_of(column)))


def test_every_type_of_backend_is_a_column():
    assert {report.kind_of(column) for column in BACKENDS} == set(registry.BACKENDS)


def test_every_type_of_backend_declares_both_interfaces():
    assert all(backend.capabilities == ("wasi:blobstore", "wasi:keyvalue") for backend in registry.BACKENDS.values())


def test_a_difference_is_of_a_backend_that_there_is_and_has_a_reason():
    for backend, difference, reason in differences():
        named = re.match(r"`(\w+)`", backend)
        assert named is not None
        assert named[1] in registry.BACKENDS
        assert difference
        assert reason


def test_the_backends_that_are_not_shared_are_those_of_the_table():
    documented = {backend.strip("`") for backend, difference, _ in differences() if "own data" in difference}
    assert documented == {name for name, backend in registry.BACKENDS.items() if not backend.shared}


def test_no_rule_is_left_out_on_a_backend():
    """A rule that a backend cannot keep would be named here and in the table; there is none."""
    assert {*rules.NEEDS_A_SETTING} == {"KV09", "KV10"}


@pytest.mark.parametrize("length", [1024, 1025, 4000])
def test_only_the_documented_backend_limits_the_length_of_a_key(serve, backend, length):
    (limited,) = [name.strip("`") for name, difference, _ in differences() if "1024" in difference]
    key = "k" * length
    answer = serve("kv-store").ask(f"/set?bucket=default&key={key}&value=long")
    if backend.type == limited and length > 1024:
        assert answer.status == 502
        assert answer.text.strip()
    else:
        assert answer.status == 200, answer.text
        assert serve("kv-store").ask(f"/get?bucket=default&key={key}").text.strip() == "long"
