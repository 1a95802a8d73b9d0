"""The operator at scale: `python e2e/scale [--components N]`; figures to standard output, and to FILE with --output.

Components have 0 replicas: what is measured is the operator and the API server, which share this machine's cores.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import signal
import ssl
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from control_plane import _free_port, control_plane

from wasicloud_operator.api import component as components
from wasicloud_operator.api import link as links
from wasicloud_operator.api import names
from wasicloud_operator.api import provider as providers
from wasicloud_operator.build.component import desired
from wasicloud_operator.build.settings import HostSettings
from wasicloud_operator.domain.bindings import bind

NAMESPACE = "default"
PROVIDERS = ("cache", "blobs")
CHILDREN = 5
QUIET_SECONDS = 8.0


@dataclass
class Operator:
    """One operator process."""

    kubeconfig: Path
    identity: str
    lease: bool = False
    ports: tuple[int, int] = field(default_factory=lambda: (_free_port(), _free_port()))
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = os.environ | {
            "KUBECONFIG": str(self.kubeconfig),
            "WASICLOUD_HOST_IMAGE": "registry.example/host:1",
            "WASICLOUD_LEADER_ELECTION": str(self.lease).lower(),
            "WASICLOUD_LEASE_NAMESPACE": NAMESPACE,
            "WASICLOUD_HEALTH_LISTEN": f"127.0.0.1:{self.ports[0]}",
            "WASICLOUD_METRICS_LISTEN": f"127.0.0.1:{self.ports[1]}",
            "POD_NAME": self.identity,
        }
        self.process = subprocess.Popen([sys.executable, "-m", "wasicloud_operator"], env=environment)

    def ready(self, seconds: float = 60) -> float:
        """Seconds until it has listed everything."""
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{self.ports[0]}/readyz", timeout=1)
                return time.monotonic() - begun
            time.sleep(0.05)
        raise TimeoutError("the operator did not become ready")

    def figures(self) -> dict[str, float]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[1]}/metrics", timeout=30) as answer:
            text = answer.read().decode()
        found: dict[str, float] = {}
        for line in text.splitlines():
            name, _, value = line.rpartition(" ")
            if name and not name.startswith("#"):
                found[name] = float(value)
        return found

    @property
    def writes(self) -> int:
        verbs = re.compile(r'api_requests_total\{.*method="(PATCH|POST|PUT|DELETE)",resource="(?!leases)')
        return int(sum(value for name, value in self.figures().items() if verbs.search(name)))

    @property
    def megabytes(self) -> float:
        return self.figures()["process_resident_memory_bytes"] / 1e6

    def end(self, number: int = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(60)


class Api:
    """The API server as this script talks to it."""

    def __init__(self, kubeconfig: Path) -> None:
        document = yaml.safe_load(kubeconfig.read_text())
        self._server = document["clusters"][0]["cluster"]["server"]
        token = document["users"][0]["user"]["token"]
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {token}"},
            connector=aiohttp.TCPConnector(ssl=context),
            read_bufsize=1 << 23,
        )

    async def close(self) -> None:
        await self._session.close()

    async def send(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        headers = {"Content-Type": content_type}
        async with self._session.request(
            method, self._server + path, json=None if body is None else body, headers=headers
        ) as answer:
            document = await answer.json(content_type=None)
            if answer.status >= 300:
                raise RuntimeError(f"{method} {path}: {document}")
            return document

    async def count(self, path: str) -> int:
        page = await self.send("GET", f"{path}?limit=1")
        return len(page["items"]) + int(page["metadata"].get("remainingItemCount", 0))

    async def watch(self, path: str) -> AsyncIterator[Any]:
        timeout = aiohttp.ClientTimeout(total=None)
        async with self._session.get(f"{self._server}{path}?watch=1", timeout=timeout) as stream:
            async for line in stream.content:
                yield json.loads(line)


def custom(plural: str, name: str = "") -> str:
    return f"/apis/{names.API_VERSION}/namespaces/{NAMESPACE}/{plural}{f'/{name}' if name else ''}"


DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"


def body(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": names.API_VERSION,
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": spec,
    }


def a_component(name: str) -> dict[str, Any]:
    return body(
        names.WASM_COMPONENT,
        name,
        {"image": f"registry.example/{name}:1", "replicas": 0, "config": {"greeting": "hello"}},
    )


def a_link(name: str, provider: str = PROVIDERS[0]) -> dict[str, Any]:
    return body(names.LINK, f"{name}-kv", {"component": name, "interface": "wasi:keyvalue", "provider": provider})


async def write_objects(api: Api, components_: list[str]) -> None:
    for name in PROVIDERS:
        await api.send(
            "POST",
            custom("capabilityproviders"),
            body(names.CAPABILITY_PROVIDER, name, {"redis": {"url": f"redis://{name}"}}),
        )
    todo = iter(components_)

    async def work() -> None:
        for name in todo:
            await api.send("POST", custom("wasmcomponents"), a_component(name))
            await api.send("POST", custom("links"), a_link(name))

    await asyncio.gather(*(work() for _ in range(8)))


async def settled(api: Api, operator: Operator, wanted: int, curve: list[tuple[float, int]]) -> float:
    """Seconds until everything stands and nothing waits; that is known when nothing has been written for some seconds."""
    begun = time.monotonic()
    writes, since = -1, begun
    while time.monotonic() - since < QUIET_SECONDS:
        there = await api.count(DEPLOYMENTS)
        curve.append((time.monotonic() - begun, there))
        figures = operator.figures()
        idle = figures["wasicloud_operator_queue_depth"] == figures["wasicloud_operator_queue_busy"] == 0
        if there < wanted or not idle or operator.writes != writes:
            writes, since = operator.writes, time.monotonic()
        await asyncio.sleep(0.5)
    return since - begun


def by_kubectl(kubeconfig: Path, count: int) -> float:
    """Seconds that `kubectl apply` takes for the children of ``count`` components, in a namespace of their own."""
    settings = HostSettings(image="registry.example/host:1")
    documents: list[str] = []
    for number in range(count):
        name = f"plain-{number:05}"
        bound = bind(
            components.from_body(a_component(name)),
            [links.from_body(a_link(name))],
            [providers.from_body(body(names.CAPABILITY_PROVIDER, PROVIDERS[0], {"redis": {"url": "redis://cache"}}))],
            [],
        )
        for manifest in desired(bound, settings):
            metadata = {key: value for key, value in manifest["metadata"].items() if key != "ownerReferences"}
            documents.append(json.dumps({**manifest, "metadata": {**metadata, "namespace": "plain"}}))
    kubectl = ["kubectl", "--kubeconfig", str(kubeconfig)]
    subprocess.run([*kubectl, "create", "namespace", "plain"], check=True, capture_output=True)
    begun = time.monotonic()
    text = "\n---\n".join(documents).encode()
    subprocess.run([*kubectl, "apply", "-f", "-"], input=text, check=True, capture_output=True)
    return time.monotonic() - begun


async def link_edits(api: Api, components_: list[str], samples: int) -> list[float]:
    """Milliseconds from a Link's edit to its Deployment's new template, one edit after another."""
    digests: dict[str, str] = {}
    news: asyncio.Queue[tuple[str, str, float]] = asyncio.Queue()

    async def follow() -> None:
        async for event in api.watch(DEPLOYMENTS):
            metadata = event["object"]["metadata"]
            digest = event["object"]["spec"]["template"]["metadata"]["annotations"][names.CONFIG_DIGEST_ANNOTATION]
            if digests.get(metadata["name"]) != digest:
                digests[metadata["name"]] = digest
                news.put_nowait((metadata["name"], digest, time.monotonic()))

    task = asyncio.create_task(follow())
    while len(digests) < len(components_):
        await asyncio.sleep(0.2)
    while not news.empty():
        news.get_nowait()
    found = []
    for number in range(samples):
        name = components_[number * len(components_) // samples]
        begun = time.monotonic()
        patch = {"spec": {"provider": PROVIDERS[1]}}
        await api.send("PATCH", custom("links", f"{name}-kv"), patch, "application/merge-patch+json")
        changed, _, at = await asyncio.wait_for(news.get(), 30)
        assert changed == name
        found.append((at - begun) * 1000)
    task.cancel()
    return sorted(found)


async def leader_killed(api: Api, first: Operator, second: Operator, name: str) -> float:
    """Seconds from the leader's end by KILL until the other mends a child."""
    first.end(signal.SIGKILL)
    begun = time.monotonic()
    await api.send("DELETE", f"{DEPLOYMENTS}/{name}", {"propagationPolicy": "Background"})
    while True:
        with contextlib.suppress(RuntimeError):
            await api.send("GET", f"{DEPLOYMENTS}/{name}")
            return time.monotonic() - begun
        await asyncio.sleep(0.1)


async def measure(kubeconfig: Path, count: int, found: dict[str, Any]) -> None:
    api = Api(kubeconfig)
    every = [f"gopher-{number:05}" for number in range(count)]
    first, second = Operator(kubeconfig, "first"), Operator(kubeconfig, "second", lease=True)
    try:
        sample = max(10, count // 10)
        seconds = by_kubectl(kubeconfig, sample)
        found["kubectl: seconds for the same children (from a tenth of them)"] = round(seconds * count / sample, 1)
        begun = time.monotonic()
        await write_objects(api, every)
        found["objects written before the operator starts, seconds"] = round(time.monotonic() - begun, 1)
        first.start()
        first.ready()
        curve: list[tuple[float, int]] = []
        found["operator: seconds until all children stand and every status is told"] = round(
            await settled(api, first, count, curve), 1
        )
        found["operator: writes"] = first.writes
        found["operator: megabytes after that"] = round(first.megabytes, 1)
        found["curve"] = curve
        first.end()
        await restart(api, first, count, found)
        edits = await link_edits(api, every, min(200, count))
        found["link edit → template, ms: p50, p99, longest"] = [
            round(value, 1) for value in (statistics.median(edits), edits[int(len(edits) * 0.99) - 1], edits[-1])
        ]
        found["operator: megabytes at the end"] = round(first.megabytes, 1)
        first.end()
        first = Operator(kubeconfig, "first-with-lease", lease=True)
        first.start()
        first.ready()
        while not first.figures()["wasicloud_operator_leading"]:
            await asyncio.sleep(0.1)
        second.start()
        second.ready()
        await asyncio.sleep(5)
        assert second.writes == 0, "only one leads"
        found["leader killed: seconds until the standby acts"] = round(
            await leader_killed(api, first, second, every[0]), 1
        )
    finally:
        for operator in (first, second):
            if operator.process is not None and operator.process.poll() is None:
                operator.end()
        await api.close()


async def restart(api: Api, operator: Operator, count: int, found: dict[str, Any]) -> None:
    begun = time.monotonic()
    operator.ports = (_free_port(), _free_port())
    operator.start()
    operator.ready()
    found["restart: seconds to synced, with the interpreter's start"] = round(time.monotonic() - begun, 2)
    await settled(api, operator, count, [])
    found["restart: writes"] = operator.writes
    found["restart: megabytes"] = round(operator.megabytes, 1)


def plot(found: dict[str, Any], count: int) -> str:
    """Children over time, the operator's and (as a line) kubectl's, as SVG."""
    kubectl = found["kubectl: seconds for the same children (from a tenth of them)"]
    longest = max(kubectl, found["curve"][-1][0])
    x, y = 560 / longest, 300 / count
    points = " ".join(f"{60 + at * x:.1f},{330 - there * y:.1f}" for at, there in found["curve"])
    ticks = "".join(
        f'<text x="{60 + longest * x * part / 4:.0f}" y="350" text-anchor="middle">{longest * part / 4:.0f} s</text>'
        for part in range(5)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 370" font-family="sans-serif" font-size="12">'
        '<rect width="660" height="370" fill="white"/><path d="M60 30V330H620" fill="none" stroke="black"/>'
        f'<text x="60" y="20">{count} WasmComponents with their Links: Deployments that stand</text>{ticks}'
        f'<polyline points="{points}" fill="none" stroke="#0b6" stroke-width="2"/>'
        f'<line x1="60" y1="330" x2="{60 + kubectl * x:.1f}" y2="30" stroke="#999" stroke-dasharray="4"/>'
        '<text x="480" y="60" fill="#0b6">the operator</text><text x="480" y="80" fill="#777">kubectl apply</text></svg>\n'
    )


@contextlib.contextmanager
def api_server(given: str) -> Iterator[Path]:
    if given:
        yield Path(given)
    else:
        with control_plane() as kubeconfig:
            yield kubeconfig


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--components", type=int, default=2000)
    parser.add_argument("--kubeconfig", default="", help="with a token; default: an API server of its own")
    parser.add_argument("--output", type=Path, help="write FILE.json and FILE.svg")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is ended then too
    found: dict[str, Any] = {"components": arguments.components, "children": arguments.components * CHILDREN}
    with api_server(arguments.kubeconfig) as kubeconfig:
        try:
            asyncio.run(measure(kubeconfig, arguments.components, found))
        finally:
            for name, value in found.items():
                if name != "curve":
                    print(f"{name}: {value}")
    if arguments.output:
        arguments.output.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")
        arguments.output.with_suffix(".svg").write_text(plot(found, arguments.components))


if __name__ == "__main__":
    main()
