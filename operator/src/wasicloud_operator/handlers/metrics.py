"""The operator's figures, as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Callable

import prometheus_client as prometheus


class Metrics:
    """Implements the meters of ``reconcile`` and ``kube`` on a registry of its own."""

    def __init__(self) -> None:
        self.registry = prometheus.CollectorRegistry()
        prometheus.ProcessCollector(registry=self.registry)
        self._seconds = prometheus.Histogram(
            "wasicloud_operator_reconcile_seconds",
            "Time of one reconciliation.",
            ["kind", "outcome"],
            registry=self.registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )
        self._calls = prometheus.Counter(
            "wasicloud_operator_api_requests",
            "Requests to the API server; code 0: no answer.",
            ["method", "resource", "code"],
            registry=self.registry,
        )

    def reconciled(self, kind: str, outcome: str, seconds: float) -> None:
        """One reconciliation ended."""
        self._seconds.labels(kind, outcome).observe(seconds)

    def called(self, method: str, resource: str, code: int) -> None:
        """One request was answered."""
        self._calls.labels(method, resource, str(code)).inc()

    def gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        """A figure that is read when it is asked for."""
        prometheus.Gauge(f"wasicloud_operator_{name}", text, registry=self.registry).set_function(read)

    def render(self) -> bytes:
        """The exposition."""
        return prometheus.generate_latest(self.registry)
