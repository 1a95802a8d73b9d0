"""What is compared: each function measures one thing for us and for a peer, interleaved round by round, and yields rows."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from bench import backends, load, processes
from bench.processes import HostOptions, Server
from bench.report import Row
from bench.rounds import Effort, interleaved
from wasicloud_host import config

HELLO = processes.ROOT / "examples/hello/rust/hello.wasm"
HELLO_PYTHON = processes.ROOT / "examples/hello/python/build/hello.wasm"
BEHAVIOURS = processes.ROOT / "e2e/conformance/guests/http.wasm"
CORES = os.cpu_count() or 1


def hello(effort: Effort) -> Iterator[Row]:
    """A hello component: fresh instances, and instances reused 128 times, against `wasmtime serve` in the same two modes."""
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(processes.host("hello-fresh", HELLO, HostOptions(workers=CORES)))
        reused = stack.enter_context(processes.host("hello-reuse", HELLO, HostOptions(reuse=128, workers=CORES)))
        peer = stack.enter_context(processes.wasmtime_serve("wasmtime-fresh", HELLO))
        peer_reused = stack.enter_context(
            processes.wasmtime_serve("wasmtime-reuse", HELLO, "--max-instance-reuse-count", "128")
        )
        for connections, fresh_goal in ((1, 1.2), (32, 1.0), (256, None)):
            yield rates(f"hello, fresh instance, c={connections}", (ours, peer), connections, effort, fresh_goal)
            goal = 1.0 if connections == 32 else None
            yield rates(f"hello, reuse 128, c={connections}", (reused, peer_reused), connections, effort, goal)
        yield memory("memory, hello, fresh", ours, peer)
        yield memory("memory, hello, reuse 128", reused, peer_reused)


def hello_python(effort: Effort) -> Iterator[Row]:
    """A hello of componentize-py, both with reuse."""
    if not HELLO_PYTHON.exists():
        yield Row("componentize-py hello", "", "", None, 1.5, "left out: `make examples` builds it")
        return
    with (
        processes.host("python", HELLO_PYTHON, HostOptions(reuse=128, workers=CORES)) as ours,
        processes.wasmtime_serve("wasmtime-python", HELLO_PYTHON, "--max-instance-reuse-count", "128") as peer,
    ):
        yield rates("componentize-py hello, reuse 128, c=32", (ours, peer), 32, effort, 1.5)


def echo(effort: Effort) -> Iterator[Row]:
    """10 MiB up and down through a component that copies its request's body."""
    body = os.urandom(1 << 20) * 10
    with (
        processes.host("echo", BEHAVIOURS, HostOptions(reuse=128)) as ours,
        processes.wasmtime_serve("wasmtime-echo", BEHAVIOURS, "--max-instance-reuse-count", "128") as peer,
    ):
        ratio, best = interleaved(
            {"ours": lambda: _throughput(ours, body), "peer": lambda: _throughput(peer, body)}, effort.rounds * 3
        )
        yield Row("echo of 10 MiB", f"{best['ours'] / 1e6:.0f} MB/s", f"{best['peer'] / 1e6:.0f} MB/s", ratio, 0.5)


def _throughput(server: Server, body: bytes) -> float:
    """Bytes per second both ways at once: a client that sends all before it reads would wait for a server that does not buffer."""
    head = f"POST /echo HTTP/1.1\r\nhost: bench\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    begin = time.perf_counter()
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        sender = threading.Thread(target=client.sendall, args=(head.encode() + body,))
        sender.start()
        response = http.client.HTTPResponse(client)
        response.begin()
        answer = response.read()
        elapsed = time.perf_counter() - begin
        sender.join()
        response.close()
    if answer != body:
        raise RuntimeError(f"{server.name} did not echo what it was sent")
    return len(body) / elapsed


def keyvalue(effort: Effort) -> Iterator[Row]:
    """keyvalue and objects on Redis, and a request that uses them against the same without WebAssembly."""
    yield from backends.compared(backends.on_redis, effort)
    with processes.redis() as port:
        provider = config.Provider(name="cache", type="redis", options={"url": f"redis://127.0.0.1:{port}/0"})
        link = config.Link(name="kv", interface="wasi:keyvalue", provider="cache")
        blobs = config.Link(name="blobs", interface="wasi:blobstore", provider="cache")
        options = HostOptions(reuse=100_000, link=link, provider=provider, more_links=(blobs,))
        with processes.host("backends", backends.COMPONENT, options) as ours, processes.plain(port) as peer:
            name = "set and get on Redis over HTTP, against WSGI and redis-py, c=32"
            yield rates(name, (ours, peer), 32, effort, None, "/kv?n=1")


def azure(effort: Effort) -> Iterator[Row]:
    """keyvalue and objects on Azurite."""
    yield from backends.compared(backends.on_azurite, effort)


def cold_start(effort: Effort) -> Iterator[Row]:
    """From the start of the process to the first answer, with and without a compiled artifact in the cache."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o700)
        cached = HostOptions(cache=Path(folder))
        _first_answer("warm-up", cached)
        warm = statistics.median(_first_answer("cached", cached) for _ in range(effort.rounds))
        cold = statistics.median(_first_answer("uncached", HostOptions()) for _ in range(effort.rounds))
    yield Row("process start to first answer, cached artifact", f"{warm * 1e3:.0f} ms", "goal 500 ms", 0.5 / warm, 1.0)
    yield Row("process start to first answer, compiling", f"{cold * 1e3:.0f} ms", "", None, None)


def _first_answer(name: str, options: HostOptions) -> float:
    begin = time.perf_counter()
    with processes.host(name, HELLO, options) as server:
        status, _ = processes.get(server.port)
        if status != 200:
            raise RuntimeError(f"{name} answered {status}")
        return time.perf_counter() - begin


def streams(_: Effort) -> Iterator[Row]:
    """How much the host grows while 1 GiB flows out of a component, and into one."""
    size = 1 << 30
    with processes.host("streams", BEHAVIOURS, HostOptions(reuse=16)) as ours:
        _drain(ours, 1 << 20)
        before = ours.memory_bytes()
        grown = max(_drain(ours, size), _upload(ours, size)) - before
        yield Row(
            "growth while 1 GiB streams",
            f"{grown / (1 << 20):.0f} MiB",
            "goal 64 MiB",
            (64 << 20) / max(grown, 1 << 20),
            1.0,
        )


def _drain(server: Server, size: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.request("GET", f"/big?bytes={size}")
    response, left, highest = connection.getresponse(), size, 0
    while chunk := response.read(1 << 22):
        if left // (1 << 27) != (left - len(chunk)) // (1 << 27):
            highest = max(highest, server.memory_bytes())
        left -= len(chunk)
    connection.close()
    if left:
        raise RuntimeError(f"{server.name} sent {size - left} of {size} bytes")
    return highest


def _upload(server: Server, size: int) -> int:
    highest = 0

    def body() -> Iterator[bytes]:
        nonlocal highest
        piece = bytes(1 << 20)
        for i in range(size >> 20):
            if i % 128 == 0:
                highest = max(highest, server.memory_bytes())
            yield piece

    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.request("POST", "/sink", body(), {"Content-Length": str(size)})
    answer = connection.getresponse().read()
    connection.close()
    if str(size).encode() not in answer:
        raise RuntimeError(f"{server.name} counted {answer[:40]!r} of {size} bytes")
    return highest


def rates(
    name: str, servers: tuple[Server, Server], connections: int, effort: Effort, goal: float | None, path: str = "/"
) -> Row:
    """Requests per second of both, interleaved."""
    ours, peer = servers
    ratio, best = interleaved({s.name: _rate(s, connections, effort, path) for s in servers}, effort.rounds)
    return Row(name, f"{best[ours.name]:,.0f}/s", f"{best[peer.name]:,.0f}/s", ratio, goal)


def _rate(server: Server, connections: int, effort: Effort, path: str) -> Callable[[], float]:
    def measure() -> float:
        result = load.wrk(server.url + path, connections, effort.seconds)
        if result.errors:
            raise RuntimeError(f"{server.name} failed {result.errors} requests")
        return result.rate

    return measure


def memory(name: str, ours: Server, peer: Server) -> Row:
    a, b = ours.memory_bytes(), peer.memory_bytes()
    return Row(name, f"{a / (1 << 20):.0f} MiB", f"{b / (1 << 20):.0f} MiB", b / a, None)


SCENARIOS: Mapping[str, Callable[[Effort], Iterator[Row]]] = {
    "hello": hello,
    "python": hello_python,
    "echo": echo,
    "keyvalue": keyvalue,
    "azure": azure,
    "start": cold_start,
    "streams": streams,
}


def chosen(names: Sequence[str]) -> list[Callable[[Effort], Iterator[Row]]]:
    return [SCENARIOS[name] for name in names or SCENARIOS]
