"""An API server over HTTP, as far as list, watch, leases and patches go, with the moods of a real one.

It pages lists, keeps a history of changes that can be compacted (410), can be busy (429), ask for another token (401), cut its
watches, stop, and come back at the same address.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

Body = dict[str, Any]


class ApiServer:
    """State outlives `stop`, as etcd's does. ``requests`` lists METHOD path of what came."""

    def __init__(self) -> None:
        self.token = "first"
        self.busy = 0
        self.requests: list[str] = []
        self._version = 1
        self._compacted = 0
        self._objects: dict[str, dict[str, Body]] = {}
        self._history: list[tuple[int, str, str, Body]] = []
        self._changed = asyncio.Condition()
        self._watches: set[asyncio.Task[Any]] = set()
        self._runner: web.AppRunner | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()

    async def stop(self) -> None:
        await self.cut()
        if self._runner is not None:
            await self._runner.cleanup()

    async def cut(self) -> None:
        """End all watches in the middle."""
        for task in list(self._watches):
            task.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)

    def compact(self) -> None:
        """Forget the history: who asks for it is told 410."""
        self._compacted = self._version
        self._history.clear()

    async def put(self, plural: str, name: str, more: Body | None = None, **fields: Any) -> Body:
        """Create or change an object; ``more`` is of its metadata."""
        self._version += 1
        there = self._objects.setdefault(plural, {}).get(name)
        metadata = {**(more or {}), "name": name, "namespace": "default", "resourceVersion": str(self._version)}
        body = {**fields, "metadata": metadata}
        self._objects[plural][name] = body
        await self._tell(plural, "MODIFIED" if there else "ADDED", body)
        return body

    async def delete(self, plural: str, name: str) -> None:
        self._version += 1
        body = self._objects[plural].pop(name)
        await self._tell(
            plural, "DELETED", {**body, "metadata": {**body["metadata"], "resourceVersion": str(self._version)}}
        )

    def get(self, plural: str, name: str) -> Body | None:
        return self._objects.get(plural, {}).get(name)

    async def _tell(self, plural: str, change: str, body: Body) -> None:
        async with self._changed:
            self._history.append((self._version, plural, change, body))
            self._changed.notify_all()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path}")
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return _status(401, "Unauthorized", "Unauthorized")
        if self.busy > 0:
            self.busy -= 1
            return web.json_response({"message": "slow down"}, status=429, headers={"Retry-After": "0.1"})
        parts = request.path.split("/")
        if "leases" in parts:
            return await self._lease(request)
        if request.query.get("watch"):
            return await self._watch(request, parts[-1])
        return self._list(request, parts[-1])

    def _list(self, request: web.Request, plural: str) -> web.Response:
        begin, limit = int(request.query.get("continue", "0")), int(request.query.get("limit", "500"))
        if begin and begin <= self._compacted:
            return _status(410, "Expired", "The provided continue parameter is too old")
        names = sorted(self._objects.get(plural, {}))
        rest = names[begin : begin + limit]
        more = {"continue": str(begin + limit)} if begin + limit < len(names) else {}
        items = [self._objects[plural][name] for name in rest]
        return web.json_response({"metadata": {"resourceVersion": str(self._version), **more}, "items": items})

    async def _watch(self, request: web.Request, plural: str) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        task = asyncio.current_task()
        assert task is not None
        self._watches.add(task)
        at = int(request.query["resourceVersion"])
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            async for line in self._changes(plural, at):
                await response.write(json.dumps(line).encode() + b"\n")
        self._watches.discard(task)
        if request.transport is not None:
            request.transport.abort()
        return response

    async def _changes(self, plural: str, at: int) -> AsyncIterator[Body]:
        if at < self._compacted:
            yield {"type": "ERROR", "object": {"code": 410, "reason": "Expired", "message": "too old resource version"}}
            return
        while True:
            for version, kind, change, body in list(self._history):
                if version > at and kind == plural:
                    yield {"type": change, "object": body}
                    at = version
            yield {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": str(self._version)}}}
            async with self._changed:
                await self._changed.wait()

    async def _lease(self, request: web.Request) -> web.Response:
        name = request.path.rpartition("/")[2]
        if request.method == "GET":
            there = self.get("leases", name)
            return web.json_response(there) if there else _status(404, "NotFound", "not found")
        body = await request.json()
        name = body["metadata"]["name"]
        there = self.get("leases", name)
        if there and body["metadata"].get("resourceVersion") != there["metadata"]["resourceVersion"]:
            return _status(409, "Conflict", "the object has been modified")
        return web.json_response(await self.put("leases", name, spec=body["spec"]))


def _status(code: int, reason: str, message: str) -> web.Response:
    return web.json_response({"kind": "Status", "code": code, "reason": reason, "message": message}, status=code)
