"""Kubernetes Events about users' objects, posted in the background: a lost one is a pity, never an error."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import uuid
from typing import Any

from wasicloud_operator.api import names
from wasicloud_operator.kube.client import Client, Request
from wasicloud_operator.kube.resources import Resource
from wasicloud_operator.reconcile.errors import ApiProblem
from wasicloud_operator.reconcile.ports import Event, Key

log = logging.getLogger(__name__)

_EVENTS = Resource("events.k8s.io/v1", "events")
_ROOM = 1000
_LONGEST_NOTE = 1024


class Events:
    """`record` queues, `run` posts."""

    def __init__(self, client: Client, instance: str) -> None:
        self._client = client
        self._instance = instance
        self._queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(_ROOM)

    def record(self, key: Key, uid: str, event: Event) -> None:
        """Post an Event about an object; dropped if a thousand wait."""
        try:
            self._queue.put_nowait(self._body(key, uid, event))
        except asyncio.QueueFull:
            log.warning("Event dropped: %s %s", key, event.reason)

    async def run(self) -> None:
        """Post until cancelled."""
        while True:
            body = await self._queue.get()
            path = _EVENTS.path(body["metadata"]["namespace"])
            try:
                await self._client.send(Request("POST", path, _EVENTS.plural, {}, body))
            except ApiProblem as problem:
                if not problem.ending:
                    log.info("Event not posted: %s", problem)

    def _body(self, key: Key, uid: str, event: Event) -> dict[str, Any]:
        now = dt.datetime.now(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        namespace, name = key.object.namespace, key.object.name
        return {
            "apiVersion": _EVENTS.api_version,
            "kind": "Event",
            "metadata": {"namespace": namespace, "name": f"{name[:200]}.{uuid.uuid4().hex[:16]}"},
            "eventTime": now,
            "type": event.type,
            "reason": event.reason,
            "note": event.message[:_LONGEST_NOTE],
            "action": "Reconcile",
            "reportingController": f"{names.GROUP}/operator",
            "reportingInstance": self._instance,
            "regarding": {
                "apiVersion": names.API_VERSION,
                "kind": key.kind,
                "namespace": namespace,
                "name": name,
                "uid": uid,
            },
        }
