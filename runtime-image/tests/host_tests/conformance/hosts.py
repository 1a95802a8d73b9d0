"""A real host process for one guest, on free ports of this machine."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_tests.providers import servers
from wasicloud_host import config

GUESTS = servers.ROOT / "e2e" / "conformance" / "guests"
ANSWER_SECONDS = 120
SERVING_SECONDS = 240
"""A component of some languages is compiled for a minute on a busy machine."""


@dataclass(frozen=True)
class Answer:
    """What a host answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Host:
    """A host that serves."""

    process: subprocess.Popen[bytes]
    port: int
    management: int
    log_file: Path
    config_file: Path | None = None

    def ask(self, path: str, method: str = "GET", body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def rule(self, rule: str, query: str = "") -> dict[str, Any]:
        """What the guest found of a rule; a guest that was ended says ``{"ended": status}``."""
        answer = self.ask(f"/{rule}?{query}")
        return answer.json() if answer.status == 200 else {"ended": answer.status}

    def metrics(self) -> str:
        """The management port's metrics."""
        return self._manage("/metrics")[1]

    def ready(self) -> bool:
        """Whether requests should be sent here."""
        return self._manage("/readyz")[0] == 200

    def _manage(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.management, timeout=30)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def told(self) -> str:
        """Everything that others can see of it: log, metrics, readiness, configuration, environment and command line."""
        proc = Path("/proc") / str(self.process.pid)
        seen = [self.log_file.read_text(), self.metrics(), self._manage("/readyz")[1]]
        seen += [(proc / name).read_bytes().decode(errors="replace") for name in ("environ", "cmdline")]
        return "\n".join([*seen, self.config_file.read_text() if self.config_file else ""])

    def log(self) -> list[dict[str, Any]]:
        """The lines that the host wrote so far."""
        return [json.loads(line) for line in self.log_file.read_text().splitlines() if line.startswith("{")]

    def log_has(self, part: str) -> bool:
        """Whether a line with this text came, waiting for it."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if part in self.log_file.read_text():
                return True
            time.sleep(0.05)
        return False


def configuration(
    name: str, component: config.Component, provider: config.Provider | None = None, **http_: Any
) -> config.HostConfig:
    """A host of one component, on ports that are chosen when it starts."""
    return config.HostConfig(
        name=name,
        components=(component,),
        providers=(provider,) if provider else (),
        http=config.Http(listen="127.0.0.1:0", **http_),
    )


def guest(name: str, *links: config.Link, **more: Any) -> config.Component:
    """A committed guest as a component."""
    return config.Component(name=name, artifact=str(GUESTS / f"{name}.wasm"), links=links, **more)


@contextmanager
def running(wanted: config.HostConfig, folder: Path) -> Iterator[Host]:
    """Start it, wait until it is ready, drain it."""
    ports = servers.free_port(), servers.free_port()
    chosen = config.replace(
        config.listening(wanted, f"127.0.0.1:{ports[0]}"), management=config.Management(f"127.0.0.1:{ports[1]}")
    )
    file, log = folder / f"{wanted.name}-{ports[0]}.json", folder / f"{wanted.name}-{ports[0]}.log"
    file.write_text(config.dump(chosen))
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", "wasicloud_host", "--config", str(file)], stderr=output)
    host = Host(process, *ports, log, file)
    try:
        deadline = time.monotonic() + SERVING_SECONDS
        while not _is_ready(host):
            assert time.monotonic() < deadline, f"the host of {wanted.name} is not ready"
            time.sleep(0.02)
        yield host
    finally:
        process.terminate()
        try:
            process.wait(60)
        finally:
            process.kill()
            process.wait()


def _is_ready(host: Host) -> bool:
    assert host.process.poll() is None, f"the host ended: {host.log_file.read_text()[-2000:]}"
    try:
        return host.ready()
    except OSError:
        return False
