"""The table: once in a pipe, alive at the bottom of a terminal."""

import pytest

from wasicloud_cli.dev import figures, plan
from wasicloud_cli.dev.screen import Row, Screen

METRICS = """\
# TYPE wasicloud_http_requests_total counter
wasicloud_http_requests_total{component="gopher",method="GET",status="2xx"} 40.0
wasicloud_http_requests_total{component="gopher",method="GET",status="5xx"} 2.0
wasicloud_traps_total{component="gopher",kind="trap"} 1.0
wasicloud_capability_calls_total{backend="redis",component="gopher",interface="wasi:keyvalue",outcome="ok"} 7.0
wasicloud_capability_calls_total{backend="redis",component="gopher",interface="wasi:keyvalue",outcome="timeout"} 3.0
wasicloud_http_requests_in_flight{component="gopher"} 5.0
wasicloud_http_request_duration_seconds_bucket{le="+Inf"} 42.0
something else that is not a sample
other NaN
"""
PLAN = plan.Plan((), (("kv", "gopher", "wasi:keyvalue", "all", "cache"),), ())
ROW = Row("gopher", "http://127.0.0.1:8080", None, figures.parse(METRICS))


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Screen:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("LINES", "30")
    screen = Screen()
    screen.terminal = True
    return screen


def test_what_a_host_counts_is_read() -> None:
    found = figures.parse(METRICS)
    assert (found.requests, found.errors, found.traps, found.busy) == (42, 2, 1, 5)
    assert found.calls == {("gopher", "wasi:keyvalue"): 10}
    assert found.failed == {("gopher", "wasi:keyvalue"): 3}
    assert figures.parse("") == figures.Figures(calls={}, failed={})


def test_in_a_terminal_the_table_stays_below_what_is_said(terminal: Screen, capsys: pytest.CaptureFixture[str]) -> None:
    terminal.log("gopher", "early")
    terminal.table(PLAN, [ROW])
    terminal.live(PLAN, [ROW])
    said = capsys.readouterr().out
    assert said.startswith("gopher early")
    assert "gopher     http://127.0.0.1:8080  42        2       1      5     ready" in said
    assert "kv    gopher     wasi:keyvalue  10     3       cache" in said
    lines = said.count("\n") - 1
    terminal.log("gopher", "late")
    assert capsys.readouterr().out.startswith(f"\x1b[{lines}F\x1b[Jgopher late\n\nCOMPONENT")
    terminal.live(PLAN, [ROW])
    assert capsys.readouterr().out == ""  # nothing changed
    terminal.close()
    assert capsys.readouterr().out == f"\x1b[{lines}F\x1b[J"


def test_lines_never_wrap_and_a_low_terminal_gets_the_table_once(
    terminal: Screen, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    terminal.table(PLAN, [ROW])
    terminal.live(PLAN, [ROW])
    assert max(map(len, capsys.readouterr().out.splitlines())) < 20
    terminal.close()
    monkeypatch.setenv("LINES", "6")
    low = Screen()
    low.terminal = True
    low.table(PLAN, [ROW])
    low.live(PLAN, [ROW])
    said = capsys.readouterr().out
    assert said.count("COMPONENT") == 2  # once as the components', once as a column of the Links'
    assert "REQUESTS" not in said


def test_in_a_pipe_the_table_is_said_once_and_again_when_it_changes(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    screen.terminal = False
    for _ in range(2):
        screen.table(PLAN, [ROW])
        screen.live(PLAN, [ROW])
    screen.log("gopher", '{"level": "info"}')
    said = capsys.readouterr().out
    assert said.count("URL") == 1
    assert said.endswith('{"level": "info"}\n')
    screen.table(PLAN, [Row("gopher", "http://127.0.0.1:8080", "it is starting")])
    assert "not ready: it is starting" in capsys.readouterr().out
