"""The management port: alive, ready or why not, and the numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from host_tests.http.wire import Client
from wasicloud_host import config
from wasicloud_host.http.management import Management
from wasicloud_host.http.metrics import Metrics


@contextmanager
def managing(reasons) -> Iterator[Client]:
    metrics = Metrics()
    metrics.trap("exit")
    management = Management(config.Management(listen="127.0.0.1:0"), reasons, metrics.snapshot, "gopher")
    address = management.start()
    try:
        with Client(address) as client:
            yield client
    finally:
        management.close()


def test_alive() -> None:
    with managing(lambda: ["not yet"]) as client:
        answer = client.get("/healthz")
        assert (answer.status, answer.body) == (200, b"alive\n")


def test_ready_when_there_is_no_reason_against_it() -> None:
    reasons = ["provider cache: does not answer", "component is being compiled"]
    with managing(lambda: list(reasons)) as client:
        answer = client.get("/readyz")
        assert answer.status == 503
        assert json.loads(answer.body) == {"ready": False, "reasons": reasons}
        assert b'wasicloud_ready{component="gopher"} 0.0' in client.get("/metrics").body
        reasons.clear()
        answer = client.get("/readyz?verbose")
        assert answer.status == 200
        assert json.loads(answer.body) == {"ready": True, "reasons": []}
        assert b'wasicloud_ready{component="gopher"} 1.0' in client.get("/metrics").body


def test_a_readiness_that_fails_is_not_ready() -> None:
    def broken() -> list[str]:
        raise RuntimeError("secret")

    with managing(broken) as client:
        answer = client.get("/readyz")
        assert answer.status == 503
        assert b"secret" not in answer.body
        assert client.get("/metrics").status == 200


def test_metrics_are_in_prometheus_text() -> None:
    with managing(list) as client:
        answer = client.get("/metrics")
        assert (answer.header("content-type") or "").startswith("text/plain")
        assert b'wasicloud_traps_total{component="gopher",kind="exit"} 1.0' in answer.body
        assert b"# HELP wasicloud_http_request_duration_seconds" in answer.body


@pytest.mark.parametrize(("request_line", "status"), [("GET /", 404), ("GET /metrics/x", 404), ("POST /healthz", 405)])
def test_nothing_else_is_there(request_line: str, status: int) -> None:
    with managing(list) as client:
        client.send(f"{request_line} HTTP/1.1\r\nhost: test\r\n\r\n".encode())
        assert client.answer().status == status
