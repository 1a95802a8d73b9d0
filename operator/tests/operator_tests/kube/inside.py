"""What tests of `kube` stand on: a server that runs, a client of it, and a sink that remembers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection
from typing import Any

from operator_tests.kube.api_server import ApiServer
from wasicloud_operator.api.refs import ObjectKey
from wasicloud_operator.kube.client import Client
from wasicloud_operator.kube.resources import Resource
from wasicloud_operator.kube.watch import Watch
from wasicloud_operator.reconcile.ports import Body

GOPHERS = Resource("example.dev/v1", "gophers")


class Access:
    """Credentials that are renewed from ``token`` when they are refused."""

    ssl = True

    def __init__(self, server: str) -> None:
        self.server = server
        self.token = "first"
        self._held = "first"

    async def header(self, *, renew: bool = False) -> str:
        if renew:
            self._held = self.token
        return f"Bearer {self._held}"


class Meter:
    def __init__(self) -> None:
        self.codes: list[int] = []

    def called(self, method: str, resource: str, code: int) -> None:
        del method, resource
        self.codes.append(code)


class Sink:
    """Objects by name, as a world keeps them: the newest version wins."""

    def __init__(self) -> None:
        self.objects: dict[str, Any] = {}
        self.dropped: list[str] = []

    def put(self, body: Body) -> None:
        self.objects[body["metadata"]["name"]] = body.get("value")

    def drop(self, key: ObjectKey, at: int) -> None:
        assert at > 0
        self.objects.pop(key.name, None)
        self.dropped.append(key.name)

    def keys(self, namespace: str) -> Collection[ObjectKey]:
        del namespace
        return [ObjectKey("default", name) for name in self.objects]


async def until(look: Callable[[], Any], seconds: float = 30.0) -> None:
    """Wait until ``look`` is true."""
    async with asyncio.timeout(seconds):
        while not look():
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[tuple[ApiServer, Client, Access]]:
    """A server and a client of it."""
    server = ApiServer()
    await server.start()
    access = Access(server.url)
    client = Client(access, Meter())
    try:
        yield server, client, access
    finally:
        await client.close()
        await server.stop()


@contextlib.asynccontextmanager
async def watching(*names: str) -> AsyncIterator[tuple[ApiServer, Sink, Access]]:
    """The same with a watch that has listed ``names``."""
    async with serving() as (server, client, access):
        for name in names:
            await server.put("gophers", name, value=1)
        sink = Sink()
        watch = Watch(client, GOPHERS, sink)
        task = asyncio.create_task(watch.run())
        try:
            await asyncio.wait_for(watch.synced.wait(), 30)
            yield server, sink, access
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
