"""The promise of a Link: edited from Redis to Azure and back under load, no request fails, and no write goes astray."""

from __future__ import annotations

import http.client
import re
import shutil
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from azure.storage.blob import BlobServiceClient

from host_tests.conformance import hosts
from host_tests.providers import servers
from host_tests.providers.contract.backends import AZURITE_KEY

CLIENTS = 4
PASSWORD = "swordfish-of-the-swap"
ACCOUNT = "devstoreaccount1"
PATIENCE_SECONDS = 120

MANIFEST = """\
apiVersion: wasicloud.dev/v1alpha1
kind: WasmComponent
metadata: {{name: writer}}
spec: {{image: "file:kv-store.wasm"}}
---
apiVersion: wasicloud.dev/v1alpha1
kind: CapabilityProvider
metadata: {{name: redis}}
spec: {{redis: {{url: "redis://127.0.0.1:{redis}", passwordSecretRef: {{name: auth, key: password}}}}}}
---
apiVersion: wasicloud.dev/v1alpha1
kind: CapabilityProvider
metadata: {{name: azure}}
spec:
  azureBlob:
    accountUrl: "http://127.0.0.1:{azure}/{account}"
    accountKeySecretRef: {{name: auth, key: account}}
    container: {{prefix: swap-}}
---
apiVersion: v1
kind: Secret
metadata: {{name: auth}}
stringData: {{password: "{password}", account: "{key}"}}
---
apiVersion: wasicloud.dev/v1alpha1
kind: Link
metadata: {{name: writer-keyvalue}}
spec: {{component: writer, interface: "wasi:keyvalue", provider: {provider}}}
"""


@dataclass(frozen=True)
class Written:
    """An acknowledged write: its key, when it was asked for and when it was acknowledged."""

    key: str
    begun: float
    ended: float


class Stores:
    """Both backends, looked into from outside."""

    def __init__(self, redis_server: servers.Server, azurite: servers.Server) -> None:
        self.ports = {"redis": redis_server.port, "azure": azurite.port}
        self._redis = redis.Redis(port=redis_server.port, password=PASSWORD, decode_responses=True)
        url = f"http://127.0.0.1:{azurite.port}/{ACCOUNT}"
        self._azure = BlobServiceClient(url, credential={"account_name": ACCOUNT, "account_key": AZURITE_KEY})

    def keys(self, name: str) -> set[str]:
        """What the component wrote to one of them."""
        if name == "redis":
            return {key.removeprefix("default:") for key in self._redis.scan_iter("default:*", count=1000)}
        container = self._azure.get_container_client("swap-kv-default")
        return set(container.list_blob_names()) if container.exists() else set()

    def has(self, name: str, key: str) -> bool:
        """Whether one of them has the key."""
        if name == "redis":
            return bool(self._redis.exists(f"default:{key}"))
        return self._azure.get_blob_client("swap-kv-default", key).exists()

    def close(self) -> None:
        """Disconnect."""
        self._redis.close()
        self._azure.close()


class Load:
    """Clients that keep their connections and write a new key with every request."""

    def __init__(self, port: int) -> None:
        self.written: list[Written] = []
        self.failures: list[str] = []
        self._port = port
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(CLIENTS)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        count = 0
        while not self._stop.is_set():
            count += 1
            key, begun = f"client-{number}-{count}", time.monotonic()
            try:
                connection.request("GET", f"/set?bucket=default&key={key}&value={key}")
                response = connection.getresponse()
                body = response.read()
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{key}: {error!r}")
                connection.close()
                continue
            if response.status != 200:
                self.failures.append(f"{key}: {response.status} {body[:200]!r}")
            else:
                self.written.append(Written(key, begun, time.monotonic()))
        connection.close()

    def after(self, count: int) -> None:
        """Wait for so many more."""
        wanted = len(self.written) + count
        eventually(lambda: len(self.written) >= wanted, f"{count} more writes; failures: {self.failures[:3]}")


@pytest.fixture
def stores(tmp_path):
    """A Redis with a password and an Azurite."""
    with ExitStack() as stack:
        started = []
        for make, arguments in ((servers.redis_server, ("--requirepass", PASSWORD)), (servers.azurite, ())):
            folder = tmp_path / make.__name__
            folder.mkdir()
            started.append(make(folder, *arguments))
            started[-1].start()
            stack.callback(started[-1].kill)
        both = Stores(*started)
        stack.callback(both.close)
        yield both


@pytest.fixture
def manifest(stores, tmp_path):
    """Writes the manifest with the Link to one of the two."""
    shutil.copy(hosts.GUESTS / "kv-store.wasm", tmp_path)
    file = tmp_path / "app.yaml"

    def write(provider: str) -> Path:
        values = {**stores.ports, "account": ACCOUNT, "password": PASSWORD, "key": AZURITE_KEY}
        fresh = file.with_suffix(".new")
        fresh.write_text(MANIFEST.format(provider=provider, **values))
        return fresh.replace(file)

    return write


@pytest.fixture
def dev(manifest, tmp_path):
    """The command, its output in a file."""
    file, output = manifest("redis"), tmp_path / "output"
    with output.open("wb") as stream:
        command = [sys.executable, "-u", "-m", "wasicloud_cli", "dev", "--port", "0", str(file)]
        process = subprocess.Popen(command, stdout=stream, stderr=stream)
    try:
        yield output
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0, output.read_text()[-2000:]
    finally:
        process.kill()
        process.wait()


def eventually(condition, what):
    """Wait for it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"no {what} in time"
        time.sleep(0.05)


@pytest.mark.timeout(600)
def test_no_request_fails_and_every_write_is_where_its_link_said(dev, manifest, stores):
    address = re.compile(r"^writer +http://\S+?:(\d+)", re.MULTILINE)
    eventually(lambda: address.search(dev.read_text()), "URL of the component")
    port = int(address.findall(dev.read_text())[-1])
    spans: list[tuple[str, float, float]] = []
    with Load(port) as load:
        for turn, provider in enumerate(["redis", "azure", "redis", "azure"]):
            if turn:
                manifest(provider)
                eventually(lambda turn=turn: dev.read_text().count("a new host serves") >= turn, "new host")
                eventually(lambda provider=provider: goes_to(stores, load, provider), "writes to the new backend")
            begun = time.monotonic()
            load.after(100)
            spans.append((provider, begun, time.monotonic()))
    assert load.failures == []
    found = {name: stores.keys(name) for name in ("redis", "azure")}
    assert not found["redis"] & found["azure"]
    assert {write.key for write in load.written} <= found["redis"] | found["azure"]
    for provider, begun, ended in spans:
        within = {write.key for write in load.written if begun <= write.begun and write.ended <= ended}
        assert len(within) > 50
        assert within <= found[provider]
    assert PASSWORD not in dev.read_text()
    assert AZURITE_KEY not in dev.read_text()


def goes_to(stores, load, provider) -> bool:
    """Whether the latest write of every client is there: an old host may still finish what it has begun."""
    load.after(4 * CLIENTS)
    return all(stores.has(provider, write.key) for write in load.written[-2 * CLIENTS :])
