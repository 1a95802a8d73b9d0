"""List and watch of one kind, into a sink, with replace semantics: what a list does not show is gone.

It goes on through everything: an API server that restarts, versions that are too old (410), throttling (429), a stream that is cut.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Collection
from typing import Any, Protocol

from wasicloud_operator.api.refs import ObjectKey
from wasicloud_operator.kube.client import Client, Request
from wasicloud_operator.kube.resources import Resource
from wasicloud_operator.reconcile.errors import ApiProblem
from wasicloud_operator.reconcile.ports import Body

log = logging.getLogger(__name__)

_BASE_SECONDS = 0.1
_LONGEST_SECONDS = 5.0


class Sink(Protocol):
    """Where objects of one kind go. Versions may come twice and out of order: the newest wins."""

    def put(self, body: Body) -> None:
        """An object as of its resourceVersion."""

    def drop(self, key: ObjectKey, at: int) -> None:
        """An object is gone as of version ``at``."""

    def keys(self, namespace: str) -> Collection[ObjectKey]:
        """Objects that are known; of one namespace, if one is named."""


class _Expired(Exception):
    """The version to go on from is too old."""


class Watch:
    """One kind in one namespace, or in all (an empty name). `run` until cancelled; ``synced`` after the first list."""

    def __init__(self, client: Client, resource: Resource, sink: Sink, namespace: str = "") -> None:
        self.synced = asyncio.Event()
        self._client = client
        self._resource = resource
        self._sink = sink
        self._namespace = namespace
        self._version = ""
        self._failures = 0

    @property
    def resource(self) -> Resource:
        """What it watches."""
        return self._resource

    @property
    def connected(self) -> bool:
        """Whether the last try went well."""
        return self._failures == 0

    async def run(self) -> None:
        """List, watch, and begin again where it broke off."""
        while True:
            try:
                if not self._version:
                    await self._list()
                    self.synced.set()
                await self._follow()
                self._failures = 0  # the API server ends every stream after some minutes
            except _Expired:
                self._version = ""
            except (ApiProblem, ValueError, KeyError) as problem:  # the latter: lines that were cut
                self._failures += 1
                log.info("Watching %s: %s", self._resource.plural, problem)
                await asyncio.sleep(_pause(self._failures))

    async def _list(self) -> None:
        seen: set[ObjectKey] = set()
        more = ""
        while True:
            page = await self._ask({"limit": str(self._resource.page), **({"continue": more} if more else {})})
            for body in page.get("items") or ():
                seen.add(_key(body))
                self._sink.put(body)
            more = page["metadata"].get("continue", "")
            if not more:
                break
            await asyncio.sleep(0)  # others' turn
        version = page["metadata"]["resourceVersion"]
        for key in self._sink.keys(self._namespace):
            if key not in seen:
                self._sink.drop(key, int(version))
        self._version = version
        self._failures = 0

    async def _ask(self, query: dict[str, str]) -> Any:
        try:
            return await self._client.send(self._request(query))
        except ApiProblem as problem:
            if problem.status == 410:  # while paging: from the beginning
                raise _Expired from None
            raise

    async def _follow(self) -> None:
        query = {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": self._seconds(),
        }
        try:
            async with self._client.stream(self._request(query)) as lines:
                async for line in lines:
                    self._take(line["type"], line["object"])
        except ApiProblem as problem:
            if problem.status == 410:
                raise _Expired from None
            raise

    def _take(self, change: str, body: Any) -> None:
        if change == "ERROR":
            if body.get("code") == 410:
                raise _Expired
            raise ApiProblem(int(body.get("code") or 0), str(body.get("reason", "")), str(body.get("message", "")))
        version = body["metadata"]["resourceVersion"]
        if change == "DELETED":
            self._sink.drop(_key(body), int(version))
        elif change != "BOOKMARK":
            self._sink.put(body)
        self._version = version
        self._failures = 0

    def _request(self, query: dict[str, str]) -> Request:
        if self._resource.labels:
            query["labelSelector"] = self._resource.labels
        if self._resource.fields:
            query["fieldSelector"] = self._resource.fields
        return Request("GET", self._resource.path(self._namespace), self._resource.plural, query)

    def _seconds(self) -> str:
        """How long a stream lives; spread, so that not all begin anew at once. Without bookmarks it must end before silence looks like death."""
        return str(random.randint(300, 600) if self._resource.bookmarks else random.randint(40, 60))  # noqa: S311 not a secret


def _key(body: Body) -> ObjectKey:
    return ObjectKey(body["metadata"].get("namespace", ""), body["metadata"]["name"])


def _pause(failures: int) -> float:
    longest: float = min(_LONGEST_SECONDS, _BASE_SECONDS * 2 ** min(failures, 10))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 not a secret
