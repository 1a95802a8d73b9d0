"""The HTTP/1.1 server: `start`, `drain`, `close`. Serving itself is leader.py's and serving.py's."""

from __future__ import annotations

import email.utils
import threading
import time
from collections.abc import Callable

from wasicloud_host import config, log
from wasicloud_host.http import limits as limits_
from wasicloud_host.http import sockets as sockets_
from wasicloud_host.http.leader import Team
from wasicloud_host.http.metrics import Metrics
from wasicloud_host.http.serving import Handler, Service

_DRAIN_LOOK_SECONDS = 0.02


class Server:
    """Serves one handler on one port. Several processes may listen on the same address and share its connections."""

    def __init__(
        self,
        settings: config.Http,
        handler: Handler,
        metrics: Metrics,
        lines: log.Log,
        component: str = "",
        limits: limits_.Limits | None = None,
    ) -> None:
        """`component` names the access log's lines; `limits` default to what follows from `settings`."""
        self._settings = settings
        self._limits = limits or limits_.from_config(settings)
        self._service = Service(handler, self._limits, metrics, lines, component, settings.access_log)
        self._metrics = metrics
        self._sockets: sockets_.Sockets | None = None
        self._team: Team | None = None
        self._monitor: threading.Thread | None = None
        self._second = 0
        self.address: tuple[str, int] = ("", 0)

    def start(self, idle: Callable[[], bool] = lambda: False) -> tuple[str, int]:
        """Listen and serve; the address that was bound (the real port if 0 was asked for). Raises `OSError`.

        `idle` is called while no request waits, until it says that there is nothing left to prepare.
        """
        listener = sockets_.open_listener(self._settings.listen, backlog=self._limits.backlog)
        self.address = listener.getsockname()[:2]
        sockets = sockets_.Sockets(listener, self._limits, self._service.cache, self._guarded(idle))
        team = Team(sockets, self._service.serve, self._limits, self._metrics, self._complain)
        self._sockets, self._team = sockets, team
        self._metrics.gauge("connections", lambda: float(len(sockets)))
        self._metrics.gauge("threads", lambda: float(team.threads))
        self._tick()
        team.start()
        self._monitor = threading.Thread(target=team.watch, args=(self._tick,), name="monitor", daemon=True)
        self._monitor.start()
        return self.address

    def _guarded(self, idle: Callable[[], bool]) -> Callable[[], bool]:
        """A preparation that fails is told and leaves the poll loop alone."""

        def prepare() -> bool:
            try:
                return idle()
            except Exception as error:  # noqa: BLE001 - the boundary: the leader must go on
                self._complain(error)
                return False

        return prepare

    def _complain(self, error: Exception) -> None:
        self._service.log.write("error", "The poll loop stumbled", error=f"{type(error).__name__}: {error}")

    def _tick(self) -> None:
        now = int(time.time())
        if now != self._second:
            self._second = now
            self._service.date = b"date: %b\r\n" % email.utils.formatdate(now, usegmt=True).encode()

    def drain(self, timeout: float) -> bool:
        """Stop accepting, let requests finish (their answers close the connection), close idle connections.

        Returns when nothing is left (true) or after `timeout` seconds (false). The caller has said "not ready" before.
        """
        sockets = self._sockets
        if sockets is None:
            return True
        self._service.draining = True
        sockets.stop_listening()
        begun = time.monotonic()
        sockets.drain(begun + min(self._limits.drain_idle_seconds, timeout / 2))
        while len(sockets) and time.monotonic() - begun < timeout:
            time.sleep(_DRAIN_LOOK_SECONDS)
        return len(sockets) == 0

    def close(self, timeout: float = 2.0) -> None:
        """End at once: threads stop, connections are closed. Call `drain` before for a clean end."""
        if self._team is not None and self._sockets is not None:
            self._team.stop(timeout)
            if self._monitor is not None:
                self._monitor.join(timeout)
            self._sockets.close()
            self._team = self._sockets = None
