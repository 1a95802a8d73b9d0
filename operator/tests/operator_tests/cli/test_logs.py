"""Hosts' lines read well in a terminal, and nothing of them is lost."""

import json

from wasicloud_cli.dev import logs

TIME = "2026-01-01T12:00:01.123Z"


def readable(**record: object) -> str:
    return logs.readable("gopher", json.dumps({"time": TIME, "level": "info", **record}))


def test_a_request_is_a_short_line() -> None:
    request = {
        "message": "Request",
        "requestId": "a-1",
        "method": "GET",
        "path": "/x",
        "status": 200,
        "component": "counter",
    }
    assert readable(**request, outcome="ok", durationSeconds=0.0009) == "12:00:01 counter GET /x 200 0.9 ms"
    failed = readable(**{**request, "status": 500}, outcome="trap", level="error")
    assert failed == "12:00:01 counter ERROR GET /x 500 trap requestId=a-1"


def test_other_lines_keep_their_fields() -> None:
    assert readable(message="Provider answers", provider="cache", backend="redis at h", count=2) == (
        '12:00:01 gopher Provider answers provider=cache backend="redis at h" count=2'
    )


def test_what_is_no_json_stays_as_it_is() -> None:
    for line in ("plain", "{broken", "[1]", ""):
        assert logs.readable("gopher", line) == f"gopher {line}"


def test_colours_mark_what_needs_a_look() -> None:
    assert (
        logs.readable("gopher", '{"level": "error", "message": "Bad"}', colour=True)
        == "\x1b[31mgopher ERROR Bad\x1b[0m"
    )
    assert "\x1b" not in logs.readable("gopher", '{"level": "info", "message": "Good"}', colour=True)
