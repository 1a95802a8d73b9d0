"""The whole operator as a process, against an API server over HTTP: it starts, works, says so, and ends when told."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from operator_tests.app.kubernetes import Kubernetes
from wasicloud_operator.api import names

IMAGE = "registry.example/gopher:1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """One operator."""

    def __init__(self, folder: Path, server: Kubernetes, **variables: str) -> None:
        self.health, self.metrics = free_port(), free_port()
        path = folder / f"kubeconfig-{self.health}"
        path.write_text(json.dumps(server.kubeconfig()))
        self._environment = {
            "PATH": os.environ["PATH"],
            "KUBECONFIG": str(path),
            "WASICLOUD_HOST_IMAGE": "registry.example/host:1",
            "WASICLOUD_HEALTH_LISTEN": f"127.0.0.1:{self.health}",
            "WASICLOUD_METRICS_LISTEN": f"127.0.0.1:{self.metrics}",
            "POD_NAME": f"operator-{self.health}",
            **variables,
        }
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        command = [sys.executable, "-W", "error", "-m", "wasicloud_operator"]
        self.process = await asyncio.create_subprocess_exec(
            *command, env=self._environment, stderr=asyncio.subprocess.PIPE
        )

    async def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        _, said = await asyncio.wait_for(self.process.communicate(), 60)
        return self.process.returncode or 0, said.decode()

    async def get(self, port: int, path: str) -> tuple[int, str]:
        def ask() -> tuple[int, str]:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, error.read().decode()
            except OSError:
                return 0, ""

        return await asyncio.to_thread(ask)

    async def ready(self) -> None:
        async with asyncio.timeout(90):
            while (await self.get(self.health, "/readyz"))[0] != 200:
                await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def running(folder: Path, **variables: str) -> AsyncIterator[tuple[Kubernetes, Process]]:
    server = Kubernetes()
    await server.start()
    await server.create(names.CAPABILITY_PROVIDER, "cache", {"redis": {"url": "redis://redis.example"}})
    link = {"component": "gopher", "interface": "wasi:keyvalue", "provider": "cache"}
    await server.create(names.LINK, "gopher-kv", link)
    await server.create(names.WASM_COMPONENT, "gopher", {"image": IMAGE})
    process = Process(folder, server, **variables)
    await process.start()
    try:
        yield server, process
    finally:
        if process.process is not None and process.process.returncode is None:
            await process.end(signal.SIGKILL)
        await server.stop()


async def until(look: Any, seconds: float = 90.0) -> None:
    async with asyncio.timeout(seconds):
        while not look():
            await asyncio.sleep(0.02)


def test_it_makes_what_is_wanted_and_ends_cleanly_on_sigterm(tmp_path: Path) -> None:
    async def test() -> None:
        async with running(tmp_path) as (server, process):
            await until(lambda: server.get("deployments", "gopher"))
            await until(lambda: server.status(names.LINK, "gopher-kv"))
            await process.ready()
            assert (await process.get(process.health, "/healthz"))[0] == 200
            code, metrics = await process.get(process.metrics, "/metrics")
            assert code == 200
            for name in ("queue_depth", "reconcile_seconds", "api_requests_total", "leading 1.0"):
                assert f"wasicloud_operator_{name}" in metrics
            code, said = await process.end()
            assert code == 0, said
            assert "Traceback" not in said

    asyncio.run(test())


def test_another_start_writes_nothing(tmp_path: Path) -> None:
    async def test() -> None:
        async with running(tmp_path) as (server, process):
            await until(lambda: server.get("deployments", "gopher") and server.status(names.LINK, "gopher-kv"))
            await asyncio.sleep(1)
            await process.end()
            before = len(server.writes)
            again = Process(tmp_path, server)
            await again.start()
            try:
                await again.ready()
                await asyncio.sleep(2)
                assert server.writes[before:] == []
            finally:
                await again.end()

    asyncio.run(test())


def test_work_in_hand_is_finished_before_it_ends(tmp_path: Path) -> None:
    async def test() -> None:
        async with running(tmp_path) as (server, process):
            await until(lambda: server.get("deployments", "gopher"))
            await asyncio.sleep(1)
            server.slow = 1.0
            await server.create(names.WASM_COMPONENT, "late", {"image": IMAGE})
            await until(lambda: "PATCH serviceaccounts late-wasicloud" in server.writes)
            code, said = await process.end()
            assert code == 0, said
            assert server.get("deployments", "late"), "all children of the key that was in work"

    asyncio.run(test())


def test_of_two_only_the_leader_writes_and_the_other_takes_over_at_once_when_it_ends(tmp_path: Path) -> None:
    election = {"WASICLOUD_LEADER_ELECTION": "true", "WASICLOUD_LEASE_NAMESPACE": "default"}

    async def test() -> None:
        async with running(tmp_path, **election) as (server, first):
            await until(lambda: server.get("deployments", "gopher"))
            second = Process(tmp_path, server, **election)
            await second.start()
            try:
                await second.ready()
                assert "wasicloud_operator_leading 0.0" in (await second.get(second.metrics, "/metrics"))[1]
                await first.end()
                await server.create(names.WASM_COMPONENT, "late", {"image": IMAGE})
                await until(lambda: server.get("deployments", "late"))
            finally:
                await second.end()

    asyncio.run(test())


def test_a_setting_that_is_wrong_is_one_sentence(tmp_path: Path) -> None:
    async def test() -> None:
        process = Process(tmp_path, Kubernetes(), WASICLOUD_HOST_IMAGE="")
        await process.start()
        assert process.process is not None
        await asyncio.wait_for(process.process.wait(), 60)
        code, said = await process.end()
        assert code == 2
        assert said == (
            "wasicloud-operator: WASICLOUD_HOST_IMAGE is not set; set it to the host image that components run on\n"
        )

    asyncio.run(test())
