"""Registries of the tests: the real one as a process, and a scripted one for what a real one does not do."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

USER, PASSWORD = "tester", "correct horse"
# bcrypt, which is all that the registry reads
HTPASSWD = f"{USER}:$2y$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2\n"


@contextlib.contextmanager
def running(folder: Path, **settings: str) -> Iterator[str]:
    """A docker-registry that keeps its data in ``folder``; yields ``HOST:PORT``. ``settings``: its REGISTRY_… variables."""
    folder.mkdir(parents=True, exist_ok=True)
    address = f"127.0.0.1:{free_port()}"
    configuration = folder / "config.yml"
    document = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": address},
    }
    configuration.write_text(json.dumps(document))  # JSON is YAML
    with (folder / "log").open("wb") as log:
        environment = os.environ | {f"REGISTRY_{name}": value for name, value in settings.items()}
        process = subprocess.Popen(["docker-registry", "serve", configuration], env=environment, stdout=log, stderr=log)
        try:
            _wait_for(address, process)
            yield address
        finally:
            process.terminate()
            process.wait(10)


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    host, _, port = address.partition(":")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError("docker-registry did not come up")


Answer = tuple[int, Mapping[str, str], bytes]


@contextlib.contextmanager
def scripted(answer: Callable[[str, Mapping[str, str]], Answer]) -> Iterator[str]:
    """A server that answers GET by ``answer(path, headers)``; yields ``HOST:PORT``."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answer(self.path, self.headers)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def unused(folder: Path) -> Path:
    """A folder under ``folder`` that nothing has written to."""
    path = folder / "cache"
    path.mkdir(exist_ok=True)
    return path
