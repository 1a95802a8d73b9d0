"""An API server with the kinds that the operator watches: it takes patches and creates, and serves what kopf asks at its start."""

from __future__ import annotations

import asyncio

from aiohttp import web

from operator_tests.kube.api_server import ApiServer, Body
from wasicloud_operator.api import names


class Kubernetes(ApiServer):
    """``writes`` lists METHOD plural name; every write takes ``slow`` seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []
        self.slow = 0.0

    def kubeconfig(self) -> Body:
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": self.url}}],
            "users": [{"name": "u", "user": {"token": self.token}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        }

    async def create(self, kind: str, name: str, spec: Body) -> None:
        await self.put(names.PLURALS[kind], name, spec=spec, more={"uid": f"uid-{name}", "generation": 1})

    def status(self, kind: str, name: str) -> Body:
        found = self.get(names.PLURALS[kind], name) or {}
        status: Body = found.get("status", {})
        return status

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        if path in ("/api", "/apis"):
            return web.json_response({"versions": ["v1"], "groups": []})
        if path == "/api/v1":
            return web.json_response({"resources": []})
        if request.method in ("PATCH", "POST") and "leases" not in path:
            return await self._write(request)
        return await super()._answer(request)

    async def _write(self, request: web.Request) -> web.Response:
        parts = request.path.strip("/").split("/")
        after = parts[parts.index("namespaces") + 2 :]
        body = await request.json()
        if after[0] == "events":
            return web.json_response(body, status=201)
        self.writes.append(f"{request.method} {' '.join(after)}")
        await asyncio.sleep(self.slow)
        there = self.get(after[0], after[1]) or {}
        metadata = {"uid": f"uid-{after[1]}", "generation": 1, **there.get("metadata", {}), **body.get("metadata", {})}
        merged = {**there, **body}
        merged.pop("metadata")
        return web.json_response(await self.put(after[0], after[1], more=metadata, **merged))
