"""Leader election: of several operators one works, the one that holds a Lease.

Who holds it renews it; who does not watches whether it is renewed, by its own clock and never by the holder's. A holder that cannot
renew stops before others may take over.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
from dataclasses import dataclass
from typing import Any

from wasicloud_operator.kube.client import Client, Request
from wasicloud_operator.kube.resources import Resource
from wasicloud_operator.reconcile.errors import ApiProblem

log = logging.getLogger(__name__)

_LEASES = Resource("coordination.k8s.io/v1", "leases")


@dataclass(frozen=True, slots=True)
class Name:
    """The Lease, who we are in it, and for how many seconds it is held without renewal."""

    namespace: str
    name: str
    identity: str
    seconds: float = 15.0


class Lease:
    """`run` until cancelled: ``active`` is set while we hold it. `release` gives it away at once."""

    def __init__(self, client: Client, name: Name, active: asyncio.Event) -> None:
        self._client = client
        self._name = name
        self._active = active
        self._seen: tuple[object, float] = (None, 0.0)
        self._renewed = 0.0

    async def run(self) -> None:
        """Take it, renew it, or wait for it to become free."""
        while True:
            try:
                await self._round()
            except ApiProblem as problem:
                log.info("Lease: %s", problem)
            if self._active.is_set() and time.monotonic() - self._renewed > self._name.seconds * 2 / 3:
                log.warning("Lease not renewed: another operator may lead")
                self._active.clear()
            await asyncio.sleep(self._name.seconds / 7.5)

    async def release(self) -> None:
        """Leave it to another, if we hold it."""
        held = self._active.is_set()
        self._active.clear()
        if not held:
            return
        try:
            lease = await self._get()
            if lease and lease["spec"].get("holderIdentity") == self._name.identity:
                await self._put({**lease, "spec": {**lease["spec"], "holderIdentity": ""}})
        except ApiProblem as problem:
            log.info("Lease not released: %s", problem)

    async def _round(self) -> None:
        begun = time.monotonic()
        lease = await self._get()
        spec = lease["spec"] if lease else {}
        holder, renewed = spec.get("holderIdentity"), spec.get("renewTime")
        if self._seen[0] != (holder, renewed):
            self._seen = ((holder, renewed), begun)
        lapsed = begun - self._seen[1] > self._name.seconds
        if holder not in (None, "", self._name.identity) and not lapsed:
            if self._active.is_set():
                log.warning("Lease lost to %s", holder)
                self._active.clear()
            return
        wanted = {
            "holderIdentity": self._name.identity,
            "leaseDurationSeconds": int(self._name.seconds),
            "acquireTime": spec.get("acquireTime") if holder == self._name.identity else _now(),
            "renewTime": _now(),
            "leaseTransitions": spec.get("leaseTransitions", 0) + (holder != self._name.identity),
        }
        await self._put({**(lease or self._new()), "spec": wanted})  # refused if another was faster
        self._renewed = begun
        if not self._active.is_set():
            log.info("Leading as %s", self._name.identity)
            self._active.set()

    async def _get(self) -> Any:
        path = _LEASES.path(self._name.namespace, self._name.name)
        try:
            return await self._client.send(Request("GET", path, _LEASES.plural, {}))
        except ApiProblem as problem:
            if problem.status == 404:
                return None
            raise

    async def _put(self, lease: Any) -> None:
        there = "resourceVersion" in lease["metadata"]
        path = _LEASES.path(self._name.namespace, self._name.name if there else "")
        await self._client.send(Request("PUT" if there else "POST", path, _LEASES.plural, {}, lease))

    def _new(self) -> dict[str, Any]:
        metadata = {"namespace": self._name.namespace, "name": self._name.name}
        return {"apiVersion": _LEASES.api_version, "kind": "Lease", "metadata": metadata}


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
