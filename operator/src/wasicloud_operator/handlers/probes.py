"""``/healthz`` and ``/readyz`` on one port, ``/metrics`` on another."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Answers:
    """What is asked: why the process should be restarted, why it is not ready (nothing: all is well), and its figures."""

    broken: Callable[[], list[str]]
    missing: Callable[[], list[str]]
    metrics: Callable[[], bytes]


class Probes:
    """Two small servers; ``health`` and ``metrics`` are HOST:PORT."""

    def __init__(self, answers: Answers, health: str, metrics: str) -> None:
        self._answers = answers
        self._where = (health, metrics)
        self._runners: list[web.AppRunner] = []
        self.ports: list[int] = []

    async def start(self) -> None:
        """Listen; raises `OSError`."""
        routes = (
            [web.get("/healthz", self._healthz), web.get("/readyz", self._readyz)],
            [web.get("/metrics", self._metrics)],
        )
        for listen, paths in zip(self._where, routes, strict=True):
            app = web.Application()
            app.add_routes(paths)
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            self._runners.append(runner)
            host, _, port = listen.rpartition(":")
            site = web.TCPSite(runner, host or None, int(port))
            await site.start()
            self.ports.append(runner.addresses[0][1])

    async def close(self) -> None:
        """End."""
        for runner in self._runners:
            await runner.cleanup()

    async def _healthz(self, _request: web.Request) -> web.Response:
        return _reasons(self._answers.broken())

    async def _readyz(self, _request: web.Request) -> web.Response:
        return _reasons(self._answers.missing())

    async def _metrics(self, _request: web.Request) -> web.Response:
        headers = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        return web.Response(body=self._answers.metrics(), headers=headers)


def _reasons(reasons: list[str]) -> web.Response:
    body = json.dumps({"ready": not reasons, "reasons": reasons}, indent=2) + "\n"
    return web.Response(text=body, status=503 if reasons else 200, content_type="application/json")
