"""The backends that the suite runs over. A new backend is one entry in `BACKENDS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from host_tests.providers import servers
from wasicloud_host import config
from wasicloud_host.capabilities.naming import Place
from wasicloud_host.providers import registry
from wasicloud_host.providers.provider import Provider


@dataclass
class Backend:
    """A running backend: how to configure a provider for it, and how to disturb it."""

    type: str
    options: Mapping[str, Any] = field(default_factory=dict)
    layout: str = "strings"
    servers: list[servers.Server] = field(default_factory=list)
    secrets: tuple[str, ...] = ()

    def open(self) -> Provider:
        """A new provider, as another process would make it."""
        return registry.open_one(config.Provider("tested", self.type, self.options))

    def place(self, name: str, prefix: str = "") -> Place:
        """Where an identifier of this name leads by default."""
        return Place(name, name, prefix=prefix, layout=self.layout)

    @property
    def shared(self) -> bool:
        """Whether several processes see the same data."""
        return registry.BACKENDS[self.type].shared


@contextmanager
def _memory(folder: Path) -> Iterator[Backend]:
    yield Backend("memory")


@contextmanager
def _redis(folder: Path, layout: str = "strings") -> Iterator[Backend]:
    password = folder / "password"
    password.write_text("correct horse\n")
    server = servers.redis_server(folder, "--requirepass", "correct horse")
    server.start()
    try:
        yield Backend(
            "redis",
            {"url": f"redis://127.0.0.1:{server.port}/0", "passwordFile": str(password)},
            layout=layout,
            servers=[server],
            secrets=("correct horse",),
        )
    finally:
        server.kill()


@contextmanager
def _redis_hash(folder: Path) -> Iterator[Backend]:
    with _redis(folder, "hash") as backend:
        yield backend


@contextmanager
def _redis_cluster(folder: Path) -> Iterator[Backend]:
    nodes = servers.redis_cluster(folder)
    try:
        yield Backend("redis", {"url": f"redis://127.0.0.1:{nodes[0].port}"}, servers=nodes)
    finally:
        for node in nodes:
            node.kill()


@contextmanager
def _filesystem(folder: Path) -> Iterator[Backend]:
    yield Backend("filesystem", {"path": str(folder / "data")})


AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The emulator's account key: the same everywhere, printed in its manual."""


@contextmanager
def _azure(folder: Path) -> Iterator[Backend]:
    key = folder / "key"
    key.write_text(AZURITE_KEY)
    home = folder / "azurite"
    home.mkdir()
    server = servers.azurite(home)
    server.start()
    try:
        yield Backend(
            "azureBlob",
            {
                "accountUrl": f"http://127.0.0.1:{server.port}/devstoreaccount1",
                "accountKeyFile": str(key),
                "container": {"prefix": "demo-"},
            },
            servers=[server],
            secrets=(AZURITE_KEY,),
        )
    finally:
        server.kill()


BACKENDS: Mapping[str, Callable[[Path], Any]] = {
    "azureBlob": _azure,
    "filesystem": _filesystem,
    "memory": _memory,
    "redis": _redis,
    "redis-hash": _redis_hash,
    "redis-cluster": _redis_cluster,
}
