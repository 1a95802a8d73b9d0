"""Names, help texts and labels of everything that `/metrics` shows, and its rendering by prometheus-client.

To add a metric: one row in the table it belongs to, and whoever counts uses its short name as the first element of the key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import prometheus_client
from prometheus_client import core, registry

from wasicloud_host.http.metrics import BOUNDS, Snapshot

_COUNTERS = {
    "requests": ("wasicloud_http_requests", "HTTP requests that have ended", ("method", "status")),
    "instances-made": ("wasicloud_instances_made", "Component instances made", ()),
    "instances-reused": ("wasicloud_instances_reused", "Requests served by an instance that had served before", ()),
    "traps": ("wasicloud_traps", "Component instances that stopped, by kind", ("kind",)),
    "capability-calls": (
        "wasicloud_capability_calls",
        "Calls of capabilities by components",
        ("interface", "backend", "outcome"),
    ),
}
_HISTOGRAMS = {
    "request-seconds": (
        "wasicloud_http_request_duration_seconds",
        "From the head of a request to the end of its answer",
        (),
    ),
    "capability-seconds": (
        "wasicloud_capability_call_duration_seconds",
        "Duration of calls of capabilities",
        ("interface", "backend"),
    ),
}
_GAUGES = {
    "in-flight": ("wasicloud_http_requests_in_flight", "HTTP requests being served"),
    "connections": ("wasicloud_http_connections", "Open client connections"),
    "threads": ("wasicloud_http_threads", "Threads that serve requests"),
    "instances-idle": ("wasicloud_instances_idle", "Component instances made ahead of demand or kept for reuse"),
    "workers": ("wasicloud_workers", "Host processes that serve"),
    "ready": ("wasicloud_ready", "1 when requests should be sent here"),
}


class _Families(registry.Collector):
    def __init__(self, snapshot: Snapshot, component: str) -> None:
        self._snapshot = snapshot
        self._component = component

    def collect(self) -> Iterable[core.Metric]:
        """Every family, also those without a sample yet, so that dashboards find them."""
        yield from self._counters()
        yield from self._histograms()
        yield from self._gauges()

    def _counters(self) -> Iterator[core.Metric]:
        for short, (name, text, labels) in _COUNTERS.items():
            family = core.CounterMetricFamily(name, text, labels=("component", *labels))
            found = False
            for key, value in sorted(self._snapshot.counts.items()):
                if key[0] == short:
                    family.add_metric((self._component, *key[1:]), value)
                    found = True
            if not labels and not found:
                family.add_metric((self._component,), 0)
            yield family

    def _histograms(self) -> Iterator[core.Metric]:
        for short, (name, text, labels) in _HISTOGRAMS.items():
            family = core.HistogramMetricFamily(name, text, labels=("component", *labels))
            for key, (total, *buckets) in sorted(self._snapshot.times.items()):
                if key[0] == short:
                    family.add_metric((self._component, *key[1:]), _cumulated(buckets), total)
            yield family

    def _gauges(self) -> Iterator[core.Metric]:
        for short, (name, text) in _GAUGES.items():
            value = self._snapshot.gauges.get((short,))
            if value is not None:
                family = core.GaugeMetricFamily(name, text, labels=("component",))
                family.add_metric((self._component,), value)
                yield family


def _cumulated(buckets: list[float]) -> list[tuple[str, float]]:
    bounds = [*map(str, BOUNDS), "+Inf"]
    total = 0.0
    result = []
    for bound, count in zip(bounds, buckets, strict=True):
        total += count
        result.append((bound, total))
    return result


def render(snapshot: Snapshot, component: str) -> bytes:
    """The text exposition format, every sample labelled with the component."""
    families = prometheus_client.CollectorRegistry(auto_describe=False)
    families.register(_Families(snapshot, component))
    return prometheus_client.generate_latest(families)


CONTENT_TYPE = prometheus_client.CONTENT_TYPE_LATEST
"""The media type of `render`'s text."""
