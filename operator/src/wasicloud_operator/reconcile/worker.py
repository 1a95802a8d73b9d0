"""The shell around the decisions: pop a key, gather, decide, write what differs, say it once and only if it is new.

Several workers share one queue, which gives a key to one of them at a time.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from wasicloud_operator.api import conditions as api
from wasicloud_operator.api import names
from wasicloud_operator.build import deployment
from wasicloud_operator.build.settings import HostSettings
from wasicloud_operator.reconcile import comparison, component, engine, gather, link, pods, ports, provider
from wasicloud_operator.reconcile.errors import ApiProblem
from wasicloud_operator.reconcile.ports import Event, Key
from wasicloud_operator.reconcile.queue import Queue
from wasicloud_operator.reconcile.view import ComponentView
from wasicloud_operator.reconcile.world import World, key_of, version

log = logging.getLogger(__name__)

_ROUNDS = 4
"""Writes that follow from writes: there are two (the digest of what was fetched), and then there is nothing."""

_APPLYING_SECONDS = 4.0

_QUIET = ("Applying", "RollingOut", "OldObjectsGoing", "ApiServerBusy", engine.NOT_REACHED)
"""Reasons of every rollout: no Event tells of them."""


@dataclass(frozen=True, slots=True)
class Outside:
    """Everything that a worker acts on."""

    cluster: ports.Cluster
    events: ports.Events
    pods: ports.Pods
    clock: ports.Clock
    meter: ports.Meter


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: how often an object is looked at unasked, and how long a new component's manifest may take to come in full.

    The objects of a file come one after another. A component that is started before its Links have come starts twice.
    """

    resync: float = 600.0
    arrival: float = 0.3


@dataclass(frozen=True, slots=True)
class Report:
    """What a decision says of an object: conditions, the rest of the status, and when to look again."""

    outcome: engine.Outcome[Any]
    status: Mapping[str, Any]
    uid: str


class Worker:
    """Reconciles keys of ``queue`` by what ``world`` knows."""

    def __init__(
        self, world: World, queue: Queue[Key], outside: Outside, settings: HostSettings, pace: Pace | None = None
    ) -> None:
        self._world = world
        self._queue = queue
        self._outside = outside
        self._settings = settings
        self._pace = pace or Pace()
        self._first_seen: dict[Key, float] = {}
        self._deferred: set[Key] = set()
        self._told: dict[Key, tuple[str, Event]] = {}
        self._kinds: Mapping[str, Callable[[Key], Any]] = {
            names.WASM_COMPONENT: self._component,
            names.CAPABILITY_PROVIDER: self._provider,
            names.LINK: self._link,
        }

    async def run(self, active: asyncio.Event) -> None:
        """Work until the queue is closed; only while ``active`` (this operator leads)."""
        while True:
            await active.wait()
            key = await self._queue.get()
            if key is None:
                return
            if not active.is_set():
                self._queue.add(
                    key, soon=False
                )  # the lead was lost while we waited; whoever leads again looks at everything
            else:
                await self._one(key)
            self._queue.done(key)
            await asyncio.sleep(
                0
            )  # a reconciliation that writes nothing waits for nothing: watches and the lease need their turn

    async def _one(self, key: Key) -> None:
        begun = time.perf_counter()
        try:
            outcome = await self.reconcile(key)
        except ApiProblem as problem:
            outcome = "error"
            self._queue.retry(key)
            log.log(logging.INFO if problem.passing else logging.WARNING, "Reconciling %s: %s", key, problem)
        except Exception:
            outcome = "error"
            self._queue.retry(key)
            log.exception("Reconciling %s failed", key)
        self._outside.meter.reconciled(key.kind, outcome, time.perf_counter() - begun)

    async def reconcile(self, key: Key) -> str:
        """Bring one object on; ``unchanged``, ``written`` or ``waiting``. Raises `ApiProblem`."""
        report, written, failed = await self._kinds[key.kind](key)
        if report is None:
            self._queue.forget(key)
            self._told.pop(key, None)
            self._first_seen.pop(key, None)
            return "unchanged"
        if self._premature(key, report):
            return "waiting"
        written += await self._say(key, report)
        if failed is not None:
            raise failed
        self._queue.forget(key)
        waits = report.outcome.ready.status != api.TRUE
        after = report.outcome.retry_after
        self._queue.add_after(key, after if after is not None else self._pace.resync * random.uniform(1, 2))  # noqa: S311 not a secret
        return "written" if written else "waiting" if waits else "unchanged"

    def _premature(self, key: Key, report: Report) -> bool:
        """Whether it is too soon to say anything: of a component that is still arriving, and of a Link whose component is about to
        be written. The Link is told of that soon; unless that takes long: then something is wrong with writing, and it is to show it.
        """
        if time.monotonic() - self._first_seen.get(key, 0.0) < self._pace.arrival:
            self._queue.add_after(key, self._pace.arrival)
            return True
        if key.kind != names.LINK or report.outcome.ready.reason != "Applying" or key in self._deferred:
            self._deferred.discard(key)
            return False
        self._deferred.add(key)
        self._queue.add_after(key, _APPLYING_SECONDS)
        return True

    async def _component(self, key: Key) -> tuple[Report | None, int, ApiProblem | None]:
        written = 0
        view = self._view(key)
        accepted: frozenset[str] = frozenset()
        for _ in range(_ROUNDS):
            if view is None:
                return None, written, None
            decision = component.decide(view, self._settings)
            if self._arriving(key, view) or not decision.changes:
                return await self._asked(key, view, decision), written, None
            try:
                written += await self._write(decision)
            except ApiProblem as problem:
                if problem.ending:
                    return None, written, None
                decision = component.decide(replace(view, failure=problem), self._settings)
                return _report(view, decision), written, problem
            accepted |= {comparison.seal(manifest) for manifest in decision.changes.apply}
            view = self._view(key, accepted)
        raise ApiProblem(0, "Unsettled", "writing does not come to an end")

    def _arriving(self, key: Key, view: ComponentView) -> bool:
        """Whether a component is so new that what belongs to it may still be on its way."""
        if ("Deployment", key.object.name) in view.children:
            self._first_seen.pop(key, None)
            return False
        now = time.monotonic()
        return now - self._first_seen.setdefault(key, now) < self._pace.arrival

    def _view(self, key: Key, accepted: frozenset[str] = frozenset()) -> ComponentView | None:
        view = None if self._world.going(key) else gather.component(self._world, key.object)
        return replace(view, accepted=accepted) if view is not None else None

    async def _asked(self, key: Key, view: ComponentView, decision: component.Decision) -> Report:
        """The report, with what hosts say themselves where they run and are not ready."""
        if decision.outcome.ready.status != api.TRUE and await self._ask(key, view):
            view = gather.component(self._world, key.object) or view
            decision = component.decide(view, self._settings)
        return _report(view, decision)

    async def _write(self, decision: component.Decision) -> int:
        for manifest in decision.changes.apply:
            live = await self._outside.cluster.apply(manifest)
            self._notice(self._world.put(manifest["kind"], live))
        for body in decision.changes.delete:
            await self._outside.cluster.delete(body)
            self._notice(self._world.drop(body["kind"], key_of(body), version(body)))
        return len(decision.changes.apply) + len(decision.changes.delete)

    async def _ask(self, key: Key, view: ComponentView) -> bool:
        """Ask hosts that run and are not ready; whether any says something new."""
        asked = list(pods.to_ask(view))
        port = deployment.MANAGEMENT_PORT
        answers = await asyncio.gather(
            *(self._outside.pods.why_not_ready(pod["status"]["podIP"], port) for pod in asked)
        )
        news = False
        for pod, answer in zip(asked, answers, strict=True):
            uid = pod["metadata"].get("uid", "")
            if answer is not None and self._world.remarks.get(uid, "") != answer:
                self._world.remarks[uid] = answer
                news = True
        if news:
            for touched in self._world.told_by_pods(key.object):
                if touched != key:
                    self._queue.add(touched)
        return news

    def _notice(self, touched: Any) -> None:
        """Our own writes touch others too: a Link waits for its component's Deployment."""
        for key in touched:
            if key.kind != names.WASM_COMPONENT:
                self._queue.add(key)

    async def _provider(self, key: Key) -> tuple[Report | None, int, ApiProblem | None]:
        view = gather.provider(self._world, key.object)
        if view is None or self._world.going(key):
            return None, 0, None
        decision = provider.decide(view)
        return Report(decision.outcome, decision.status, view.provider.metadata.uid), 0, None

    async def _link(self, key: Key) -> tuple[Report | None, int, ApiProblem | None]:
        view = gather.link(self._world, key.object)
        if view is None or self._world.going(key):
            return None, 0, None
        decision = link.decide(view, self._settings)
        return Report(decision.outcome, decision.status, view.link.metadata.uid), 0, None

    async def _say(self, key: Key, report: Report) -> int:
        """Write the status if it is new, and tell of it if something happened."""
        live = self._world.status(key)
        before = api.from_bodies(live.get("conditions", ()))
        after = api.merge(before, report.outcome.conditions, self._outside.clock.now())
        wanted = {
            "observedGeneration": report.outcome.ready.observed_generation,
            "conditions": [condition.as_body() for condition in after],
            **report.status,
        }
        if all(live.get(field) == value for field, value in wanted.items()):
            return 0
        try:
            body = await self._outside.cluster.patch_status(key, wanted)
        except ApiProblem as problem:
            if problem.status == 404:
                return 0  # it has just been deleted
            raise
        self._world.put(key.kind, body)
        event = _event(key.kind, api.find(before, api.READY), report.outcome.ready)
        if event is not None and self._told.get(key) != (report.uid, event):  # a crash loop says the same each time
            self._told[key] = (report.uid, event)
            self._outside.events.record(key, report.uid, event)
        return 1


def _report(view: ComponentView, decision: component.Decision) -> Report:
    return Report(decision.outcome, decision.status, view.component.metadata.uid)


def _event(kind: str, before: api.Condition | None, after: api.Condition) -> Event | None:
    """What to tell of a change of Ready; nothing of the ways of every rollout, nor of what was in order from the beginning."""
    if after.reason in _QUIET or (
        before is not None and (before.status, before.reason) == (after.status, after.reason)
    ):
        return None
    if after.status != api.TRUE:
        return Event("Warning", after.reason, after.message)
    mended = before is not None and before.status == api.FALSE
    return Event("Normal", "Ready", after.message or "Ready") if mended or kind == names.WASM_COMPONENT else None
