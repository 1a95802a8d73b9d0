"""A cluster in memory, and an operator's inside around it: what is applied is there, as the watch would show it."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

from operator_tests import samples
from wasicloud_operator.api.refs import ObjectKey
from wasicloud_operator.build.settings import HostSettings
from wasicloud_operator.reconcile.errors import ApiProblem
from wasicloud_operator.reconcile.ports import Event, Key
from wasicloud_operator.reconcile.queue import Queue
from wasicloud_operator.reconcile.worker import Outside, Pace, Worker
from wasicloud_operator.reconcile.world import World

SETTINGS = HostSettings(image="registry.example/host:1")
Body = dict[str, Any]


class FakeCluster:
    """Implements every port. ``writes`` tells what was asked; ``refuse`` is raised by the next write."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], Body] = {}
        self.world = World()
        self.queue: Queue[Key] = Queue()
        self.writes: list[str] = []
        self.events: list[tuple[Key, Event]] = []
        self.answers: dict[str, str] = {}
        self.refuse: ApiProblem | None = None
        self.outcomes: list[str] = []
        self.respell: Callable[[Body], object] = lambda body: body
        self._version = 100
        outside = Outside(self, self, self, self, self)
        self.worker = Worker(self.world, self.queue, outside, SETTINGS, Pace(arrival=0))

    # --- what users and controllers do

    def write(self, body: Body, **more: Any) -> Body:
        """Somebody writes an object, and the watch shows it."""
        return self._show(self._complete(body, **more))

    def _complete(self, body: Body, **more: Any) -> Body:
        key = ObjectKey(body["metadata"].get("namespace", "default"), body["metadata"]["name"])
        there = self.objects.get((body["kind"], key.name), {})
        metadata = {
            "namespace": key.namespace,
            "uid": there.get("metadata", {}).get("uid", f"uid-{body['kind']}-{key.name}"),
            "generation": there.get("metadata", {}).get("generation", 0) + 1,
            "creationTimestamp": "2026-01-01T00:00:00Z",
            **body["metadata"],
        }
        status = {"status": there["status"]} if "status" in there else {}
        return {**status, **copy.deepcopy(body), **more, "metadata": metadata}

    def remove(self, kind: str, name: str) -> None:
        """Somebody deletes an object."""
        self._version += 1
        self.objects.pop((kind, name))
        for key in self.world.drop(kind, ObjectKey("default", name), self._version):
            self.queue.add(key)

    def see(self, kind: str, name: str) -> Body:
        assert (kind, name) in self.objects, f"there is no {kind} {name}"
        return copy.deepcopy(self.objects[kind, name])

    def roll_out(self, name: str = "gopher", *, ready: bool = True, **status: Any) -> None:
        """What the Deployment's controller and kubelet do: one pod of the present template, and the figures."""
        deployed = self.see("Deployment", name)
        wanted = deployed["spec"].get("replicas", 1)
        figures = {
            "observedGeneration": deployed["metadata"]["generation"],
            "replicas": wanted,
            "updatedReplicas": wanted,
            **({"readyReplicas": wanted, "availableReplicas": wanted} if ready and wanted else {}),
            **status,
        }
        self._show({**deployed, "kind": "Deployment", "status": figures})

    def pod(
        self, status: Mapping[str, Any], name: str = "gopher-1", component: str = "gopher", **metadata: Any
    ) -> None:
        """A pod of the present template."""
        template = self.see("Deployment", component)["spec"]["template"]["metadata"]
        body = {"kind": "Pod", "metadata": {"name": name, **template, **metadata}, "status": dict(status)}
        self.write(body)

    # --- what the operator does

    def settle(self) -> None:
        """Work until nothing waits."""

        async def work() -> None:
            while len(self.queue):
                key = await self.queue.get()
                assert key is not None
                await self.worker._one(key)
                self.queue.done(key)

        asyncio.run(work())

    def conditions(self, kind: str, name: str) -> dict[str, tuple[str, str]]:
        """Status and reason by type."""
        found = self.see(kind, name).get("status", {}).get("conditions", ())
        return {one["type"]: (one["status"], one["reason"]) for one in found}

    def message(self, kind: str, name: str, type_: str = "Ready") -> str:
        found = self.see(kind, name)["status"]["conditions"]
        return next(str(one["message"]) for one in found if one["type"] == type_)

    # --- ports

    async def apply(self, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
        self._wrote(f"apply {manifest['kind']} {manifest['metadata']['name']}")
        body = copy.deepcopy({key: value for key, value in manifest.items() if key != "status"})
        self.respell(body)
        return self._stamp(self._complete(body))

    async def delete(self, live: Mapping[str, Any]) -> None:
        self._wrote(f"delete {live['kind']} {live['metadata']['name']}")
        self._version += 1
        self.objects.pop((live["kind"], live["metadata"]["name"]))

    async def patch_status(self, key: Key, status: Mapping[str, Any]) -> Mapping[str, Any]:
        self._wrote(f"status {key.kind} {key.object.name}")
        there = self.see(key.kind, key.object.name)
        merged = {**there.get("status", {}), **copy.deepcopy(dict(status))}
        return self._stamp({**there, "kind": key.kind, "status": merged})

    def record(self, key: Key, uid: str, event: Event) -> None:
        del uid
        self.events.append((key, event))

    async def why_not_ready(self, address: str, port: int) -> str | None:
        del port
        return self.answers.get(address)

    def now(self) -> str:
        return "2026-01-02T03:04:05Z"

    def reconciled(self, kind: str, outcome: str, seconds: float) -> None:
        del kind, seconds
        self.outcomes.append(outcome)

    def _wrote(self, what: str) -> None:
        self.writes.append(what)
        if self.refuse is not None:
            problem, self.refuse = self.refuse, None
            raise problem

    def _stamp(self, body: Body) -> Body:
        self._version += 1
        body["metadata"] = {**body["metadata"], "resourceVersion": str(self._version)}
        self.objects[body["kind"], body["metadata"]["name"]] = copy.deepcopy(body)
        return body

    def _show(self, body: Body) -> Body:
        for key in self.world.put(body["kind"], self._stamp(body)):
            self.queue.add(key)
        return body


def a_demo(**spec: Any) -> FakeCluster:
    """``gopher``, its Link and its provider, written and reconciled; no pod runs yet."""
    cluster = FakeCluster()
    cluster.write(samples.body("CapabilityProvider", "cache", redis={"url": "redis://redis.example"}))
    cluster.write(samples.body("Link", "gopher-kv", component="gopher", interface="wasi:keyvalue", provider="cache"))
    cluster.write(samples.body("WasmComponent", "gopher", **{"image": "registry.example/gopher:1", **spec}))
    cluster.settle()
    return cluster


def a_running_demo(**spec: Any) -> FakeCluster:
    """The same, serving."""
    cluster = a_demo(**spec)
    cluster.pod(SERVING)
    cluster.roll_out()
    cluster.settle()
    return cluster


DIGEST = "sha256:" + "a" * 64
IMPORTS = ["wasi:keyvalue/store@0.2.0-draft", "wasi:io/streams@0.2.0"]
FETCHED = {
    "name": "fetch",
    "state": {
        "terminated": {
            "exitCode": 0,
            "message": json.dumps({"components": [{"name": "gopher", "digest": DIGEST, "imports": IMPORTS}]}),
        }
    },
}
SERVING = {
    "phase": "Running",
    "podIP": "10.0.0.1",
    "conditions": [{"type": "Ready", "status": "True"}],
    "initContainerStatuses": [FETCHED],
    "containerStatuses": [{"name": "host", "ready": True, "state": {"running": {}}}],
}
STARTING = {**SERVING, "conditions": [{"type": "Ready", "status": "False"}]}
