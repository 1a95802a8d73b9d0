"""A host that is not ready is asked why; whatever it answers, nothing breaks."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from wasicloud_operator.kube.hosts import Hosts


async def ask(status: int, body: str) -> str | None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body)

    app = web.Application()
    app.add_routes([web.get("/readyz", answer)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    hosts = Hosts()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return await hosts.why_not_ready("127.0.0.1", runner.addresses[0][1])
    finally:
        await hosts.close()
        await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (503, '{"ready": false, "reasons": ["starting", "provider cache: down"]}', "provider cache: down"),
        (503, '{"ready": false, "reasons": ["a", "b"]}', "a; b"),
        (503, '{"ready": false, "reasons": ["starting"]}', ""),
        (200, '{"ready": true, "reasons": []}', ""),
        (503, "no JSON", None),
        (503, '["reasons"]', None),
    ],
)
def test_what_a_host_answers(status: int, body: str, said: str | None) -> None:
    assert asyncio.run(ask(status, body)) == said


def test_a_host_that_is_not_there_says_nothing() -> None:
    async def test() -> None:
        hosts = Hosts()
        assert await hosts.why_not_ready("127.0.0.1", 1) is None
        assert await hosts.why_not_ready("no address", 1) is None
        await hosts.close()

    asyncio.run(test())
