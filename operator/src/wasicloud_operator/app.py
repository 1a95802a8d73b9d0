"""The composition root: credentials, watches, world, queue, workers and lease, made and joined here and nowhere else."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Collection, Coroutine
from typing import Any

from wasicloud_operator.api.refs import ObjectKey
from wasicloud_operator.handlers.metrics import Metrics
from wasicloud_operator.handlers.probes import Answers, Probes
from wasicloud_operator.kube import credentials
from wasicloud_operator.kube.client import Client
from wasicloud_operator.kube.cluster import Cluster
from wasicloud_operator.kube.events import Events
from wasicloud_operator.kube.hosts import Hosts
from wasicloud_operator.kube.lease import Lease, Name
from wasicloud_operator.kube.resources import RESOURCES
from wasicloud_operator.kube.watch import Watch
from wasicloud_operator.reconcile.ports import Body, Key
from wasicloud_operator.reconcile.queue import Queue
from wasicloud_operator.reconcile.worker import Outside, Pace, Worker
from wasicloud_operator.reconcile.world import World
from wasicloud_operator.settings import Settings

log = logging.getLogger(__name__)

_LEASE = "wasicloud-operator"
_FINISH_SECONDS = 20.0


class App:
    """The operator: `start`, then `stop`. ``synced``: everything is known. ``over`` is set when it has ended, or has to: ``failed`` if a part of it ended that never should."""

    def __init__(self, settings: Settings, access: credentials.Credentials) -> None:
        self.over = asyncio.Event()
        self.failed = False
        self.synced = False
        self.world = World()
        self.queue: Queue[Key] = Queue()
        self.metrics = Metrics()
        self.metrics.gauge("queue_depth", "Keys that wait for a worker.", lambda: float(len(self.queue)))
        self.metrics.gauge("queue_busy", "Keys in work.", lambda: float(self.queue.busy))
        self.metrics.gauge("leading", "1 if this operator leads.", lambda: float(self._active.is_set()))
        self._settings = settings
        self._access = access
        self._active = asyncio.Event()
        self._watches: list[Watch] = []
        self._background: list[asyncio.Task[None]] = []
        self._workers: list[asyncio.Task[None]] = []
        self._lease: Lease | None = None

    async def start(self) -> None:
        """Begin to watch and, when everything is known, to work. Raises `OSError` for a port that is taken."""
        settings = self._settings
        namespaces = settings.namespaces or ("",)
        self._client = Client(self._access, self.metrics, settings.workers + 8 + len(RESOURCES) * len(namespaces))
        self._hosts = Hosts()
        self._probes = Probes(
            Answers(self._broken, self._missing, self.metrics.render), settings.health_listen, settings.metrics_listen
        )
        await self._probes.start()
        for kind, resource in RESOURCES.items():
            for namespace in namespaces:
                self._watches.append(Watch(self._client, resource, _Sink(self, kind), namespace))
        events = Events(self._client, settings.identity)
        for watch in self._watches:
            self._spawn(watch.run())
        self._spawn(events.run())
        self._spawn(self._work(Outside(Cluster(self._client), events, self._hosts, _Clock(), self.metrics)))

    async def stop(self) -> None:
        """Finish the work in hand, give the lease away, and end."""
        self.queue.close()
        self._active.set()  # so that workers that wait for the lead see the end
        if self._workers:
            await asyncio.wait(self._workers, timeout=_FINISH_SECONDS)
        if self._lease is not None:
            await self._lease.release()
        for task in (*self._background, *self._workers):
            task.cancel()
        await asyncio.gather(*self._background, *self._workers, return_exceptions=True)
        await self._probes.close()
        await self._hosts.close()
        await self._client.close()
        self.over.set()  # kopf waits for whoever waits for this

    async def credentials(self) -> dict[str, Any]:
        """Fields of kopf's ``ConnectionInfo``."""
        return await self._access.fields()

    async def _work(self, outside: Outside) -> None:
        """Decide nothing before everything is known: what is not known yet would be taken for gone."""
        await asyncio.gather(*(watch.synced.wait() for watch in self._essential()))
        self.synced = True
        log.info("Synced")
        settings = self._settings
        worker = Worker(self.world, self.queue, outside, settings.host, Pace(settings.resync_seconds))
        self._workers = [self._task(worker.run(self._active)) for _ in range(settings.workers)]
        if not settings.lease_namespace:
            self._active.set()
            return
        name = Name(settings.lease_namespace, _LEASE, settings.identity, settings.lease_seconds)
        self._lease = Lease(self._client, name, self._active)
        self._spawn(self._lease.run())
        while True:
            await self._active.wait()
            for key in self.world.everything():  # what another leader did, or left
                self.queue.add(key, soon=False)
            while self._active.is_set():
                await asyncio.sleep(settings.lease_seconds / 15)

    def _spawn(self, part: Coroutine[Any, Any, None]) -> None:
        self._background.append(self._task(part))

    def _task(self, part: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(part)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            log.error("A part of the operator ended", exc_info=task.exception())
            self.failed = True
            self.over.set()

    def _essential(self) -> list[Watch]:
        return [watch for watch in self._watches if watch.resource.essential]

    def _broken(self) -> list[str]:
        return ["a part of the operator ended"] if self.failed else []

    def _missing(self) -> list[str]:
        waiting = [watch.resource.plural for watch in self._essential() if not watch.synced.is_set()]
        return [f"has not yet listed {plural}" for plural in dict.fromkeys(waiting)] or self._broken()


class _Sink:
    """One kind's objects, into the world; whom a change touches, into the queue."""

    def __init__(self, app: App, kind: str) -> None:
        self._app = app
        self._kind = kind

    def put(self, body: Body) -> None:
        self._queue(self._app.world.put(self._kind, body))

    def drop(self, key: ObjectKey, at: int) -> None:
        self._queue(self._app.world.drop(self._kind, key, at))

    def keys(self, namespace: str) -> Collection[ObjectKey]:
        return [key for key in self._app.world.keys(self._kind) if not namespace or key.namespace == namespace]

    def _queue(self, touched: Collection[Key]) -> None:
        for key in touched:
            self._app.queue.add(key, soon=self._app.synced)


class _Clock:
    def now(self) -> str:
        return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
