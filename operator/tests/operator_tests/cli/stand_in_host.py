"""A program that keeps the host's contract and runs no wasm: it answers with its configuration, so that tests see which one serves.

``--config FILE``; ``http.listen`` is ``fd:N``; the management port answers ``/readyz``; SIGTERM drains. The component's config steers it:
``fail: CODE`` ends at once with that code, ``never-ready: SENTENCE`` stays unready, ``slow: SECONDS`` delays readiness.
"""

import json
import os
import signal
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"  # one request a connection, so that none is idle when it drains
    configuration: ClassVar[dict[str, Any]] = {}
    draining = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/crash":
            os._exit(7)
        body = json.dumps({"pid": os.getpid(), "config": self.configuration}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        say(json.dumps({"level": "info", "method": "GET", "path": self.path, "status": 200}))

    def log_request(self, *_: object) -> None:
        pass


class Management(Answer):
    ready_at = 0.0
    sentence = ""

    def do_GET(self) -> None:
        ready = not self.sentence and time.monotonic() >= self.ready_at
        body = json.dumps({"reasons": [] if ready else ["starting", *filter(None, [self.sentence])]}).encode()
        self.send_response(200 if ready else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    configuration = json.loads(Path(sys.argv[sys.argv.index("--config") + 1]).read_text())
    steering = configuration["components"][0].get("config", {})
    if "fail" in steering:
        say("components[0]: cannot run; change it")
        sys.exit(int(steering["fail"]))
    Answer.configuration = configuration
    Management.sentence = steering.get("never-ready", "")
    Management.ready_at = time.monotonic() + float(steering.get("slow", 0))
    host, _, port = configuration["management"]["listen"].rpartition(":")
    management = HTTPServer((host, int(port)), Management)
    threading.Thread(target=management.serve_forever, daemon=True).start()
    while Management.sentence or time.monotonic() < Management.ready_at:
        signal.sigtimedwait({signal.SIGTERM}, 0.02) and sys.exit(0)
    server = ThreadingHTTPServer(("", 0), Answer, bind_and_activate=False)
    server.socket.close()
    server.socket = socket.socket(fileno=int(configuration["http"]["listen"].removeprefix("fd:")))
    server.socket.setblocking(False)  # another process may take the connection first
    server.daemon_threads = False
    server.timeout = 0.05
    signal.signal(signal.SIGTERM, lambda *_: Answer.draining.set())
    while not Answer.draining.is_set():
        server.handle_request()
    server.server_close()


if __name__ == "__main__":
    main()
