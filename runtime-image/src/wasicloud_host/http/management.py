"""The management port: `/healthz`, `/readyz` and `/metrics`, apart from the port that users reach.

It is another instance of our own server with small limits, so a probe is answered while the main port is full or draining.
"""

from __future__ import annotations

from collections.abc import Callable

from wasicloud_host import config, log
from wasicloud_host.http import exposition, health
from wasicloud_host.http.limits import Limits
from wasicloud_host.http.metrics import Metrics, Snapshot
from wasicloud_host.http.request_io import RequestIO
from wasicloud_host.http.server import Server

Reasons = health.Readiness
Snapshots = Callable[[], Snapshot]
"""Gives the numbers of this process, or of all processes of the pod."""

_LIMITS = Limits(
    body_bytes=0, head_bytes=16 << 10, connections=256, threads=4, idle_seconds=30.0, stall_seconds=5.0, backlog=64
)


class Management:
    """Serves the three paths; `reasons` gives the reasons why not ready, `snapshot` the numbers (`Metrics.snapshot`)."""

    def __init__(
        self,
        settings: config.Management,
        reasons: Reasons,
        snapshot: Snapshots,
        component: str = "",
        lines: log.Log | None = None,
    ) -> None:
        self._reasons = reasons
        self._snapshot = snapshot
        self._component = component
        http = config.Http(listen=settings.listen, access_log=False, max_body_bytes=0)
        self._server = Server(http, self._handle, Metrics(), lines or log.Log(), "management", _LIMITS)

    def start(self) -> tuple[str, int]:
        """Listen and serve; the address that was bound. Raises `OSError`."""
        return self._server.start()

    def close(self) -> None:
        """End at once."""
        self._server.close()

    def _handle(self, head: bytes, _body: bytes, _io: RequestIO) -> bytes:
        method, target, _rest = head.split(b"\n", 2)
        if method not in (b"GET", b"HEAD"):
            return b"R405\nallow: GET, HEAD\n\nuonly GET\n"
        path = target.partition(b"?")[0]
        if path == b"/healthz":
            return health.alive()
        if path == b"/readyz":
            return health.ready(self._reasons)
        if path == b"/metrics":
            return self._metrics()
        return b"R404\ncontent-type: text/plain\n\nuhere are /healthz, /readyz and /metrics\n"

    def _metrics(self) -> bytes:
        snapshot = self._snapshot()
        snapshot.gauges[("ready",)] = 0.0 if health.reasons_of(self._reasons) else 1.0
        text = exposition.render(snapshot, self._component)
        return b"R200\ncontent-type: %b\n\nu%b" % (exposition.CONTENT_TYPE.encode(), text)
