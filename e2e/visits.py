"""The visitor's program; it runs inside the cluster with the standard library alone: `one URL`, `first URL TEXT SECONDS`, `steady URL RATE`."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import sys
import threading
import time
import urllib.parse
from typing import Any

TIMEOUT = 30.0


def get(
    target: urllib.parse.SplitResult, connection: http.client.HTTPConnection | None = None
) -> tuple[int, str, http.client.HTTPConnection]:
    """(status, body, connection to reuse)."""
    fresh = connection or http.client.HTTPConnection(target.hostname or "", target.port or 80, timeout=TIMEOUT)
    fresh.request("GET", target.path or "/", headers={} if connection is None else {"Connection": "keep-alive"})
    response = fresh.getresponse()
    body = response.read().decode(errors="replace")
    return response.status, body, fresh


def answer(target: urllib.parse.SplitResult) -> dict[str, Any]:
    try:
        status, body, connection = get(target)
        connection.close()
    except OSError as error:
        status, body = 0, repr(error)
    return {"status": status, "body": body, "at": time.time()}


def first(target: urllib.parse.SplitResult, text: str, seconds: float) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    found: dict[str, Any] = {"status": 0, "body": "", "at": 0.0}
    while time.monotonic() < deadline:
        found = answer(target)
        if found["status"] == 200 and text in found["body"]:
            return found
        time.sleep(0.02)
    return {**found, "status": 0}


def wait_for_service(target: urllib.parse.SplitResult) -> None:
    """Nodes hear of a ready pod a moment after its status says so; no request is sent."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection((target.hostname or "", target.port or 80), timeout=TIMEOUT).close()
            return
        time.sleep(0.05)


class Steady:
    """Eight threads share a clock; each takes the next slot. Odd threads keep their connection."""

    def __init__(self, target: urllib.parse.SplitResult, rate: float) -> None:
        self.target, self.interval = target, 1.0 / rate
        self.lock, self.next, self.stopped = threading.Lock(), time.monotonic(), threading.Event()
        self.times: list[float] = []
        self.failures: list[str] = []

    def slot(self) -> bool:
        with self.lock:
            at = self.next
            self.next += self.interval
        return not self.stopped.wait(max(0.0, at - time.monotonic()))

    def run(self, keep: bool) -> None:
        kept: http.client.HTTPConnection | None = None
        while self.slot():
            begun = time.monotonic()
            problem, kept = self.visit(kept)
            if not keep and kept is not None:
                kept.close()
                kept = None
            with self.lock:
                self.times.append(time.monotonic() - begun)
                if problem:
                    self.failures.append(f"{time.time():.2f} {problem}")

    def visit(self, kept: http.client.HTTPConnection | None) -> tuple[str, http.client.HTTPConnection | None]:
        for connection in (kept, None) if kept is not None else (None,):
            try:
                status, body, connection_ = get(self.target, connection)
                return ("" if status == 200 else f"{status} {body[:300]}"), connection_
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
                # A server may close an idle connection at any time; a client then asks again on a new one (RFC 9110, 9.2.2).
                if connection is None:
                    return repr(error), None
            except (OSError, http.client.HTTPException) as error:
                return repr(error), None
        return "unreachable", None

    def report(self) -> dict[str, Any]:
        times = sorted(self.times) or [0.0]
        return {
            "requests": len(self.times),
            "failures": self.failures,
            "slowest": times[-1],
            "p99": times[int(len(times) * 0.99)],
        }


def steady(target: urllib.parse.SplitResult, rate: float) -> dict[str, Any]:
    wait_for_service(target)
    work = Steady(target, rate)
    threads = [threading.Thread(target=work.run, args=(number % 2 == 1,)) for number in range(8)]
    for thread in threads:
        thread.start()
    sys.stdout.write("visiting\n")
    sys.stdout.flush()
    sys.stdin.readline()
    work.stopped.set()
    for thread in threads:
        thread.join()
    return work.report()


def main(verb: str, url: str, *rest: str) -> None:
    target = urllib.parse.urlsplit(url)
    if verb == "one":
        found = answer(target)
    elif verb == "first":
        found = first(target, rest[0], float(rest[1]))
    else:
        found = steady(target, float(rest[0]))
    sys.stdout.write(json.dumps(found) + "\n")


main(*sys.argv[1:])
