"""What is counted, how it is added up, and what a scrape shows."""

from __future__ import annotations

import threading
import timeit

from prometheus_client.parser import text_string_to_metric_families

from host_tests.http.front import hello, serving
from host_tests.http.wire import eventually
from wasicloud_host import errors
from wasicloud_host.http import exposition
from wasicloud_host.http.metrics import BOUNDS, Metrics, Snapshot


def samples(snapshot: Snapshot) -> dict[tuple[str, ...], float]:
    """(name, label values by label name, without the component …) → value, as Prometheus would read it."""
    found = {}
    for family in text_string_to_metric_families(exposition.render(snapshot, "gopher").decode()):
        for sample in family.samples:
            assert sample.labels["component"] == "gopher"
            key = (sample.name, *(value for name, value in sorted(sample.labels.items()) if name != "component"))
            found[key] = sample.value
    return found


def test_requests_by_method_and_class_of_status() -> None:
    def handle(head: bytes, body: bytes, io) -> bytes:
        if b"/fail" in head:
            raise errors.ComponentTrapped("x")
        return hello(head, body, io)

    with serving(handle) as front:
        with front.connect() as client:
            for _ in range(3):
                client.get()
            client.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 1\r\n\r\nx")
            client.answer()
            client.get("/fail")
        with front.connect() as client:
            client.send(b"BAD\r\n\r\n")
            client.answer()
        # an answer leaves before it is counted
        eventually(lambda: samples(front.metrics.snapshot())[("wasicloud_http_request_duration_seconds_count",)] == 6)
        found = samples(front.metrics.snapshot())
        assert found[("wasicloud_http_requests_total", "GET", "2xx")] == 3
        assert found[("wasicloud_http_requests_total", "POST", "2xx")] == 1
        assert found[("wasicloud_http_requests_total", "GET", "5xx")] == 1
        assert found[("wasicloud_http_requests_total", "-", "4xx")] == 1
        assert found[("wasicloud_http_request_duration_seconds_count",)] == 6
        assert found[("wasicloud_http_request_duration_seconds_bucket", "+Inf")] == 6


def test_requests_in_flight_and_connections() -> None:
    release = threading.Event()

    def handle(head: bytes, body: bytes, io) -> bytes:
        io.about_to_block()
        release.wait(30)
        return hello(head, body, io)

    with serving(handle) as front:
        clients = [front.connect().send(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n") for _ in range(3)]
        eventually(lambda: len(front.seen) == 3)
        found = samples(front.metrics.snapshot())
        assert found[("wasicloud_http_requests_in_flight",)] == 3
        assert found[("wasicloud_http_connections",)] == 3
        release.set()
        for client in clients:
            client.answer()
            client.sock.close()
        eventually(lambda: samples(front.metrics.snapshot())[("wasicloud_http_requests_in_flight",)] == 0)


def test_what_dispatch_and_links_tell() -> None:
    metrics = Metrics()
    metrics.instance_made()
    metrics.instance_made()
    metrics.instance_reused()
    metrics.trap("memory")
    metrics.capability("wasi:keyvalue", "redis", "ok", 0.0004)
    metrics.capability("wasi:keyvalue", "redis", "timeout", 2.0)
    metrics.gauge("instances-idle", lambda: 4.0)
    found = samples(metrics.snapshot())
    assert found[("wasicloud_instances_made_total",)] == 2
    assert found[("wasicloud_instances_reused_total",)] == 1
    assert found[("wasicloud_instances_idle",)] == 4
    assert found[("wasicloud_traps_total", "memory")] == 1
    assert found[("wasicloud_capability_calls_total", "redis", "wasi:keyvalue", "ok")] == 1
    assert found[("wasicloud_capability_calls_total", "redis", "wasi:keyvalue", "timeout")] == 1
    assert found[("wasicloud_capability_call_duration_seconds_sum", "redis", "wasi:keyvalue")] == 2.0004
    assert found[("wasicloud_capability_call_duration_seconds_bucket", "redis", "wasi:keyvalue", "0.0005")] == 1


def test_nothing_is_lost_between_threads_and_when_they_end() -> None:
    metrics = Metrics()

    def work() -> None:
        for _ in range(5000):
            metrics.instance_made()
            metrics.capability("a", "b", "ok", 0.01)

    for _ in range(3):
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            metrics.snapshot()
        for thread in threads:
            thread.join()
    total = metrics.snapshot()
    assert total.counts[("instances-made",)] == 60_000
    assert sum(total.times[("capability-seconds", "a", "b")][1:]) == 60_000
    assert metrics._tallies == []


def test_snapshots_travel_as_json_and_add_up() -> None:
    metrics = Metrics()
    metrics.trap("exit")
    metrics.tally().observe(b"GET", 200, BOUNDS[3])
    one = Snapshot.load(metrics.snapshot().dump())
    assert one == metrics.snapshot()
    one.gauges[("connections",)] = 2.0
    total = Snapshot()
    total.add(one)
    total.add(one, gauges=False)
    found = samples(total)
    assert found[("wasicloud_traps_total", "exit")] == 2
    assert found[("wasicloud_http_request_duration_seconds_bucket", str(BOUNDS[3]))] == 2
    assert found[("wasicloud_http_request_duration_seconds_bucket", str(BOUNDS[2]))] == 0
    assert found[("wasicloud_http_connections",)] == 2


def test_counting_a_request_costs_microseconds() -> None:
    tally = Metrics().tally()
    took = min(timeit.repeat(lambda: tally.observe(b"GET", 200, 0.003), number=2000, repeat=10)) / 2000
    assert took < 20e-6  # about 0.4 in a quiet moment
