"""Several serving processes in one pod: they share the port, one set of metrics, and a parent that replaces the dead.

The parent listens and hands the socket to every worker; it serves no request itself. Over a socket pair it asks a worker how
it is (one byte) and reads one JSON line: ``{"reasons": [...], "metrics": {...}}``. A worker whose pair closes has lost its
parent, and drains.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from wasicloud_host.http.metrics import Snapshot
from wasicloud_host.log import Log

_ASK_SECONDS = 1.0
_LOOK_SECONDS = 0.05
_MOST_BACKOFF_SECONDS = 10.0
_STEADY_SECONDS = 30.0
"""A worker that lived so long is replaced at once when it dies."""

_STARTING = "starting"
_SILENT = "a worker does not answer"

REFUSED = 2
"""Exit code of a worker that cannot serve this configuration: another one could not either."""


@dataclass(slots=True)
class Worker:
    """One process and what is known of it."""

    process: subprocess.Popen[bytes]
    pair: socket.socket
    born: float = field(default_factory=time.monotonic)
    reasons: list[str] = field(default_factory=lambda: [_STARTING])
    snapshot: Snapshot = field(default_factory=Snapshot)
    owed: int = 0
    received: bytes = b""

    def ask(self) -> None:
        """Refresh `reasons` and `snapshot`; a worker that does not answer is not ready."""
        try:
            self.pair.sendall(b"?")
            self.owed += 1
            while self.owed:  # an answer that came too late for its question is read before the next one's
                line = self._line()
                self.owed -= 1
            answer = json.loads(line)
            self.reasons, self.snapshot = answer["reasons"], Snapshot.load(answer["metrics"])
        except (OSError, ValueError, KeyError):
            self.reasons = [_SILENT]

    def _line(self) -> bytes:
        """The next whole line; what came of one before a time-out is kept."""
        while b"\n" not in self.received:
            piece = self.pair.recv(65536)
            if not piece:
                raise OSError("the worker closed its pair")
            self.received += piece
        line, _, rest = self.received.partition(b"\n")
        self.received = rest
        return line


class Workers:
    """Keeps ``count`` workers alive. `reasons` and `snapshot` speak for all of them."""

    def __init__(self, argv: Sequence[str], listener: socket.socket, count: int, log: Log) -> None:
        """``argv`` starts a worker; ``--worker LISTENING-DESCRIPTOR PAIR-DESCRIPTOR`` is added to it."""
        self._argv = argv
        self._listener = listener
        self._count = count
        self._log = log
        self._workers: list[Worker] = []
        self._past = Snapshot()
        self._lock = threading.Lock()
        self._stopping = False
        self._failures = 0

    def start(self) -> None:
        """Start the first worker. `run` starts the others when it serves: what it refuses is said once, what it compiled is theirs."""
        self._workers.append(self._spawn())

    def run(self, serving: Callable[[], None]) -> int:
        """Complete the family, telling ``serving``, and replace workers that die, until `stop`; the exit code."""
        while not self._stopping:
            if len(self._workers) < self._count and self._first_serves():
                self._workers += [self._spawn() for _ in range(self._count - 1)]
                serving()
            for index, worker in enumerate(self._workers):
                code = worker.process.poll()
                if code is None or self._stopping:
                    continue
                if code == REFUSED:
                    self.stop(0)
                    return REFUSED
                self._replace(index, worker, code)
            time.sleep(_LOOK_SECONDS)
        return 0

    def _first_serves(self) -> bool:
        self._ask()
        return not {_STARTING, _SILENT}.intersection(self._workers[0].reasons)

    def _replace(self, index: int, dead: Worker, code: int) -> None:
        self._failures = 0 if time.monotonic() - dead.born > _STEADY_SECONDS else self._failures + 1
        pause = min(_MOST_BACKOFF_SECONDS, 0.1 * 2**self._failures) if self._failures else 0.0
        self._log.write("error", "Worker died and is replaced", pid=dead.process.pid, code=code, pauseSeconds=pause)
        with self._lock:
            self._past.add(dead.snapshot, gauges=False)
            dead.snapshot = Snapshot()
        dead.pair.close()
        time.sleep(pause)
        self._workers[index] = self._spawn()

    def _spawn(self) -> Worker:
        ours, theirs = socket.socketpair()
        ours.settimeout(_ASK_SECONDS)
        descriptors = (self._listener.fileno(), theirs.fileno())
        argv = [*self._argv, "--worker", *map(str, descriptors)]
        with theirs:
            return Worker(subprocess.Popen(argv, pass_fds=descriptors), ours)  # noqa: S603 - our own command

    def reasons(self) -> list[str]:
        """Ready when any worker is: the others' connections wait in the shared queue for it."""
        self._ask()
        answers = [worker.reasons for worker in self._workers]
        return [] if any(not reasons for reasons in answers) else answers[0]

    def snapshot(self) -> Snapshot:
        """The sum over all workers, those that died included."""
        self._ask()
        total = Snapshot()
        with self._lock:
            total.add(self._past)
            for worker in self._workers:
                total.add(worker.snapshot)
        return total

    def _ask(self) -> None:
        with self._lock:
            for worker in self._workers:
                if worker.process.poll() is None:
                    worker.ask()

    def end_when(self, stopped: Callable[[], None]) -> None:
        """Let `run` return once ``stopped`` does; `stop` does the rest."""
        stopped()
        self._stopping = True

    def stop(self, timeout: float) -> bool:
        """Let all workers drain; whether they ended by themselves within ``timeout`` seconds."""
        self._stopping = True
        for worker in self._workers:
            with contextlib.suppress(ProcessLookupError):
                worker.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + timeout
        finished = True
        for worker in self._workers:
            try:
                worker.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                finished = False
                worker.process.kill()
                worker.process.wait()
            worker.pair.close()
        return finished


def command(config_path: str) -> list[str]:
    """What starts this host again."""
    return [sys.executable, "-m", "wasicloud_host", "--config", config_path]


def answer(pair: socket.socket, reasons: Callable[[], list[str]], snapshot: Callable[[], Snapshot]) -> None:
    """A worker's side: answer the parent until it is gone, then drain this process."""
    with pair, contextlib.suppress(OSError):
        while pair.recv(1):
            line = json.dumps({"reasons": reasons(), "metrics": snapshot().dump()})
            pair.sendall(line.encode() + b"\n")
    os.kill(os.getpid(), signal.SIGTERM)
