"""What a capability costs: keyvalue and objects through a component against the backend's own SDK, on the same server."""

from __future__ import annotations

import contextlib
import http.client
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import redis as redis_py
from azure.storage.blob import BlobServiceClient

from bench import processes
from bench.processes import HostOptions, Server
from bench.report import Row
from bench.rounds import Effort, interleaved
from wasicloud_host import config

COMPONENT = processes.ROOT / "bench/guest/backends.wasm"
VALUE = b"a value of some bytes"
OBJECT = os.urandom(10 << 20)
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The emulator's account key: the same everywhere, printed in its manual."""


@dataclass(frozen=True, slots=True)
class Backend:
    """A running server: how our host reaches it, and what its SDK does there."""

    name: str
    provider: config.Provider
    get: Callable[[], object]
    put_object: Callable[[], object]
    get_object: Callable[[], object]
    gets: int
    """Gets in one measurement of keyvalue."""


@contextlib.contextmanager
def on_redis() -> Iterator[Backend]:
    """Redis, and redis-py."""
    with processes.redis() as port, redis_py.Redis(port=port) as client:
        client.set("raw", VALUE)
        yield Backend(
            "Redis",
            config.Provider("backend", "redis", {"url": f"redis://127.0.0.1:{port}/0"}),
            lambda: client.get("raw"),
            lambda: client.set("raw-object", OBJECT),
            lambda: client.get("raw-object"),
            2000,
        )


@contextlib.contextmanager
def on_azurite() -> Iterator[Backend]:
    """Azurite, and azure-storage-blob."""
    with processes.azurite() as port, tempfile.TemporaryDirectory() as folder:
        url = f"http://127.0.0.1:{port}/{ACCOUNT}"
        file = Path(folder) / "key"
        file.write_text(KEY)
        with BlobServiceClient(url, credential={"account_name": ACCOUNT, "account_key": KEY}) as account:
            container = account.create_container("raw")
            value, stored = container.get_blob_client("value"), container.get_blob_client("object")
            value.upload_blob(VALUE)
            yield Backend(
                "Azurite",
                config.Provider("backend", "azureBlob", {"accountUrl": url, "accountKeyFile": str(file)}),
                lambda: value.download_blob().readall(),
                lambda: stored.upload_blob(OBJECT, overwrite=True),
                lambda: stored.download_blob().readall(),
                100,
            )


def compared(open_backend: Callable[[], contextlib.AbstractContextManager[Backend]], effort: Effort) -> Iterator[Row]:
    """Gets of a small value, puts and gets of an object, in turns with the SDK."""
    with open_backend() as backend:
        links = tuple(config.Link(name, f"wasi:{name}", provider="backend") for name in ("keyvalue", "blobstore"))
        options = HostOptions(reuse=100_000, link=links[0], more_links=links[1:], provider=backend.provider)
        with processes.host("backends", COMPONENT, options) as ours:
            yield _gets(backend, ours, effort)
            yield from _objects(backend, ours, effort)


def _gets(backend: Backend, ours: Server, effort: Effort) -> Row:
    def through_component() -> float:
        return (_asked(ours, backend.gets) - _asked(ours, 0)) / backend.gets

    def raw() -> float:
        begin = time.perf_counter()
        for _ in range(backend.gets):
            backend.get()
        return (time.perf_counter() - begin) / backend.gets

    through_component()
    rates = {"ours": lambda: 1 / through_component(), "raw": lambda: 1 / raw()}
    ratio, best = interleaved(rates, effort.rounds * 3)
    shown = {name: f"{1e6 / rate:.1f} µs" for name, rate in best.items()}
    note = "ratio of gets/s; the goal is at most 1.3 times the raw time"
    return Row(f"keyvalue get on {backend.name}", shown["ours"], shown["raw"], ratio, 1 / 1.3, note)


def _asked(ours: Server, count: int) -> float:
    begin = time.perf_counter()
    status, _ = processes.get(ours.port, f"/kv?n={count}")
    if status != 200:
        raise RuntimeError(f"{ours.name} answered {status}")
    return time.perf_counter() - begin


def _objects(backend: Backend, ours: Server, effort: Effort) -> Iterator[Row]:
    connection = http.client.HTTPConnection("127.0.0.1", ours.port, timeout=60)

    def ask(method: str, body: bytes | None = None) -> bytes:
        connection.request(method, "/blob", body)
        response = connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise RuntimeError(f"{ours.name} answered {response.status}: {answer[:200]!r}")
        return answer

    verbs: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "put": (lambda: ask("PUT", OBJECT), backend.put_object),
        "get": (lambda: ask("GET"), backend.get_object),
    }
    for verb, (component, raw) in verbs.items():
        component()
        raw()
        measures = {"ours": _throughput(component), "raw": _throughput(raw)}
        ratio, best = interleaved(measures, effort.rounds * 3)
        shown = {name: f"{rate / 1e6:.0f} MB/s" for name, rate in best.items()}
        yield Row(f"{verb} of 10 MiB on {backend.name}", shown["ours"], shown["raw"], ratio, 0.8)
    if ask("GET") != OBJECT:
        raise RuntimeError(f"{ours.name} did not give back what it was sent")
    connection.close()


def _throughput(move: Callable[[], object]) -> Callable[[], float]:
    def measure() -> float:
        begin = time.perf_counter()
        move()
        return len(OBJECT) / (time.perf_counter() - begin)

    return measure
