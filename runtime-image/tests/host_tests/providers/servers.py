"""Real servers for tests: on free ports of this machine, in temporary folders, gone with the test run."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

ROOT = Path(__file__).parents[4]
AZURITE = ROOT / ".tools" / "node" / "node_modules" / ".bin" / "azurite-blob"
START_SECONDS = 60


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def need(program: str | Path, remedy: str) -> str:
    """The program's path; without it the test is skipped, or fails where nothing may be skipped (CI)."""
    found = shutil.which(str(program))
    if found:
        return found
    if os.environ.get("CI"):
        pytest.fail(f"{program} is missing: {remedy}")
    pytest.skip(f"{program} is missing: {remedy}")


def wait_until(ready: Callable[[], bool], what: str) -> None:
    """Wait with a generous deadline."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if ready():
            return
        time.sleep(0.02)
    pytest.fail(f"{what} did not come up in {START_SECONDS} s")


class Server:
    """A process that can be stopped, paused and started again on the same port with the same data."""

    def __init__(self, command: list[str], folder: Path, port: int, *, gently: bool = False) -> None:
        """``gently``: it keeps its data only if it is asked to end."""
        self.port = port
        self._gently = gently
        self._command = command
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it accepts connections."""
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=self._folder, stdout=log, stderr=log)
        wait_until(self._accepts, self._command[0])

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self.resume()
            if self._gently:
                self._process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(5)
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """It keeps its connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """After `pause`."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _accepts(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            pytest.fail(f"{self._command[0]} ended: {(self._folder / 'server.log').read_text()}")
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


def redis_server(folder: Path, *arguments: str, port: int | None = None) -> Server:
    """A Redis that keeps its data over a restart; not started yet."""
    program = need("redis-server", "install redis-server")
    port = port or free_port()
    return Server(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", *arguments],
        folder,
        port,
    )


def redis_cluster(folder: Path, replicas: int = 0) -> list[Server]:
    """Three started Redis nodes that share the keys, and ``replicas`` of the first one."""
    servers = []
    for index in range(3 + replicas):
        home = folder / str(index)
        home.mkdir()
        port = _port_with_bus()
        bus = port + 10000
        server = redis_server(home, "--cluster-enabled", "yes", "--cluster-port", str(bus), *_CLUSTER, port=port)
        server.start()
        servers.append(server)
    try:
        _join(servers)
    except BaseException:
        for server in servers:
            server.kill()
        raise
    return servers


def _join(servers: list[Server]) -> None:
    """Make a cluster of nodes: the first three share the keys."""
    clients = [redis.Redis(port=server.port) for server in servers]
    bounds = [0, 5461, 10923, 16384]
    for client, first, end in zip(clients, bounds, bounds[1:], strict=False):
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, end - 1)
    for client in clients:
        clients[0].execute_command("CLUSTER", "MEET", "127.0.0.1", client.connection_pool.connection_kwargs["port"])
    wait_until(lambda: all(map(_sees_all, clients)), "the cluster")
    first = clients[0].execute_command("CLUSTER", "MYID").decode()
    for client in clients[3:]:
        wait_until(lambda client=client: _replicates(client, first), "the replica")
    for client in clients:
        client.close()


_CLUSTER = ("--cluster-node-timeout", "2000")


def _replicates(client: redis.Redis, node: str) -> bool:
    found = client.info("replication")
    if found["role"] == "slave":
        return found["master_link_status"] == "up"
    with contextlib.suppress(redis.ResponseError):  # it may not have heard of the node yet
        client.execute_command("CLUSTER", "REPLICATE", node)
    return False


def _sees_all(client: redis.Redis) -> bool:
    ready = b"cluster_state:ok" in client.execute_command("CLUSTER", "INFO", NEVER_DECODE=True)
    return ready and len(client.execute_command("CLUSTER", "SLOTS")) == 3


def _port_with_bus() -> int:
    while True:
        port = free_port()
        if port < 50000:
            return port
        # the bus stands 10000 above: look in the lower range
        for candidate in range(20000 + port % 10000, 50000):
            with socket.socket() as listener:
                try:
                    listener.bind(("127.0.0.1", candidate))
                except OSError:
                    continue
                return candidate


def azurite(folder: Path, *arguments: str) -> Server:
    """The Azure Blob Storage emulator; not started yet."""
    program = need(AZURITE, "run `make setup`")
    port = free_port()
    command = [program, "--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", str(folder)]
    return Server(
        [*command, *arguments, "--skipApiVersionCheck", "--silent", "--disableTelemetry"], folder, port, gently=True
    )


class Wire:
    """A line to a server that can swallow the answer to a request and then break."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.swallow: bytes | None = None
        """Break the connection instead of passing on the answer to the next request that holds this."""
        self.swallowed = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._to)) as server, contextlib.suppress(OSError):
            swallowing = False
            while True:
                ready, _, _ = select.select([client, server], [], [])
                for source in ready:
                    data = source.recv(1 << 16)
                    if not data:
                        return
                    if source is client:
                        if self.swallow is not None and self.swallow in data:
                            self.swallow, swallowing = None, True
                        server.sendall(data)
                    elif swallowing:  # it was done, and nobody will hear of it
                        self.swallowed += 1
                        return
                    else:
                        client.sendall(data)
