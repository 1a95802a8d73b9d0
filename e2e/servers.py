"""What the scenarios' components talk to, as processes of this machine that pods can reach: Redis, Azurite, an OCI registry."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import redis as redis_client
from azure.storage.blob import BlobServiceClient

ROOT = Path(__file__).parents[1]
AZURITE = ROOT / ".tools" / "node" / "node_modules" / ".bin" / "azurite-blob"
# The account and key that every Azurite has; they are public.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def host_address() -> str:
    """The address of this machine as pods see it."""
    return os.environ.get("E2E_HOST_ADDRESS", "172.30.0.1")


@dataclass(frozen=True)
class Redis:
    """A Redis with a password."""

    port: int
    password: str

    @property
    def url(self) -> str:
        return f"redis://{host_address()}:{self.port}/0"

    def client(self) -> redis_client.Redis:
        """A client of this machine."""
        return redis_client.Redis("127.0.0.1", self.port, password=self.password, decode_responses=True)

    def values(self, pattern: str) -> dict[str, str]:
        """The keys that match, with their values."""
        client = self.client()
        return {key: str(client.get(key)) for key in client.scan_iter(pattern)}


@dataclass(frozen=True)
class Azurite:
    """The emulator of Azure Blob Storage."""

    port: int

    @property
    def url(self) -> str:
        return f"http://{host_address()}:{self.port}/{ACCOUNT}"

    @property
    def connection_string(self) -> str:
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={self.url};"

    def values(self, name: str) -> dict[str, str]:
        """The blobs of all containers whose name ends with ``name``, with their text."""
        local = self.connection_string.replace(host_address(), "127.0.0.1")
        found: dict[str, str] = {}
        with BlobServiceClient.from_connection_string(local) as service:
            for container in service.list_containers():
                client = service.get_container_client(container.name)
                for blob in client.list_blobs():
                    if blob.name.endswith(name):
                        found[f"{container.name}/{blob.name}"] = client.download_blob(blob.name).readall().decode()
        return found


@contextlib.contextmanager
def redis(folder: Path, password: str = "first-password") -> Iterator[Redis]:
    """A Redis of this machine."""
    port = free_port()
    command = [
        "redis-server",
        "--port",
        str(port),
        "--bind",
        "0.0.0.0",
        "--requirepass",
        password,
        "--save",
        "",
        "--appendonly",
        "no",
    ]
    with _running(command, folder, port):
        yield Redis(port, password)


@contextlib.contextmanager
def azurite(folder: Path) -> Iterator[Azurite]:
    """An Azurite of this machine."""
    port = free_port()
    command = [
        str(AZURITE),
        "--blobHost",
        "0.0.0.0",
        "--blobPort",
        str(port),
        "--location",
        str(folder),
        "--silent",
        "--skipApiVersionCheck",
    ]
    with _running(command, folder, port):
        yield Azurite(port)


@contextlib.contextmanager
def registry(folder: Path, port: int | None = None, **settings: str) -> Iterator[str]:
    """A registry of this machine; yields its address as pods see it. ``settings``: its REGISTRY_… variables."""
    port = port or free_port()
    document = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder)}},
        "http": {"addr": f"0.0.0.0:{port}"},
    }
    (folder / "config.yml").write_text(json.dumps(document))
    environment = os.environ | {f"REGISTRY_{name}": value for name, value in settings.items()}
    with _running(["docker-registry", "serve", str(folder / "config.yml")], folder, port, environment):
        yield f"{host_address()}:{port}"


@contextlib.contextmanager
def _running(command: list[str], folder: Path, port: int, environment: dict[str, str] | None = None) -> Iterator[None]:
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None, f"{command[0]} ended: {(folder / 'log').read_text()[-500:]}"
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            assert time.monotonic() < deadline, f"{command[0]} did not come up"
            time.sleep(0.05)
        yield
    finally:
        process.kill()  # nothing here is kept, and Azurite waits for its clients to leave
        process.wait(20)


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])
