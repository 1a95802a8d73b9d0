"""Leader and followers: one thread polls and serves inline; before it would wait, another takes over.

The hot path has no hop between threads and no system call to arm or disarm a socket: the leader polls, takes a readable
connection, serves it, and polls again. Only when serving it is about to wait (or, seen by the monitor, has lasted over a
millisecond) is the connection disarmed and the lead given to the follower that led last; the thread that lost the lead
finishes its request, arms the connection again and queues up behind. Exactly one of "the leader finished" and "the lead was
given away" wins, because both take the one token that `Worker.token` holds (`list.pop` is atomic).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from wasicloud_host.http.connection import Connection, State
from wasicloud_host.http.limits import Limits
from wasicloud_host.http.metrics import Metrics
from wasicloud_host.http.sockets import Sockets

_SPARE = 2  # followers that stay although they have nothing to do
_TICK = 0.001
_CALM_TICK = 0.005
_IDLE_TICK = 0.02


class Worker:
    """A thread that leads, serves or follows."""

    __slots__ = ("_team", "connection", "tally", "token", "turn", "wake")

    def __init__(self, team: Team) -> None:
        self._team = team
        self.token: list[bool] = []
        self.connection: Connection | None = None
        self.turn = 0
        self.wake = threading.Lock()
        self.wake.acquire()
        self.tally = team.metrics.tally()

    def hand_over(self) -> None:
        """Give the lead away if this worker (or the monitor, for it) still has it."""
        if self.token:
            self._team.hand_over(self)


class Team:
    """All serving threads of a server."""

    def __init__(
        self,
        sockets: Sockets,
        serve: Callable[[Connection, Worker], State],
        limits: Limits,
        metrics: Metrics,
        complain: Callable[[Exception], None],
    ) -> None:
        """`serve` must not raise; `complain` is told what went wrong in the poll loop itself."""
        self._complain = complain
        self._sockets = sockets
        self._serve = serve
        self._limits = limits
        self.metrics = metrics
        self._lock = threading.Lock()
        self._followers: list[Worker] = []
        self._threads: set[threading.Thread] = set()
        self._leading: Worker | None = None
        self._vacant = False  # nobody leads: all threads are busy, the first to finish takes the lead
        self._stopping = False
        self.handed_over = 0

    # ---- life

    def start(self) -> None:
        """Begin to serve."""
        with self._lock:
            self._spawn()

    def stop(self, timeout: float) -> None:
        """End all threads; those that are inside a component end when it returns (they are daemons)."""
        with self._lock:
            self._stopping = True
            for follower in self._followers:
                follower.wake.release()
            self._followers.clear()
        self._sockets.wake()
        deadline = time.monotonic() + timeout
        for thread in list(self._threads):
            thread.join(max(0.0, deadline - time.monotonic()))

    @property
    def threads(self) -> int:
        """How many threads there are."""
        return len(self._threads)

    # ---- the threads

    def _spawn(self) -> None:
        thread = threading.Thread(target=self._work, name="serve", daemon=True)
        self._threads.add(thread)
        try:
            thread.start()
        except RuntimeError:  # the system gives no more threads
            self._threads.discard(thread)
            raise

    def _grow(self) -> bool:
        """Add a thread that leads, if the limit and the system allow one more."""
        if self._stopping or len(self._threads) >= self._limits.threads:
            return False
        try:
            self._spawn()
        except RuntimeError:
            return False
        return True

    def _work(self) -> None:
        worker = Worker(self)
        try:
            while self._lead(worker) and self._follow(worker):
                pass
        finally:
            self._threads.discard(threading.current_thread())

    def _lead(self, worker: Worker) -> bool:
        """Serve until the lead is lost; false when the server stops."""
        token = worker.token
        sockets = self._sockets
        serve = self._serve
        while not self._stopping:
            try:
                connection = sockets.next()
            except Exception as error:  # noqa: BLE001 - the boundary: without a leader nobody would be served
                self._complain(error)
                time.sleep(_TICK)
                continue
            if connection is None:
                continue
            worker.connection = connection
            worker.turn += 1
            token.append(True)
            self._leading = worker
            state = serve(connection, worker)
            try:
                token.pop()
            except IndexError:  # the lead was given away meanwhile
                with self._lock:
                    sockets.give_back(connection, state)
                return True
            if state is not connection.state:
                sockets.settle(connection, state)
        return False

    def _follow(self, worker: Worker) -> bool:
        """Wait until the lead comes; false when the thread is to end."""
        with self._lock:
            if self._stopping:
                return False
            if self._vacant:
                self._vacant = False
                return True
            self._followers.append(worker)
        while not worker.wake.acquire(timeout=self._limits.thread_idle_seconds):
            with self._lock:
                if worker in self._followers and len(self._followers) > _SPARE:
                    self._followers.remove(worker)
                    return False
        return not self._stopping

    def hand_over(self, worker: Worker) -> None:
        """Take the lead from a worker that still has it, and give it to another."""
        with self._lock:
            try:
                worker.token.pop()
            except IndexError:
                return
            self.handed_over += 1
            self._leading = None
            if worker.connection is not None:
                self._sockets.take_out(worker.connection)
            if self._followers:
                self._followers.pop().wake.release()
            else:
                self._vacant = not self._grow()

    # ---- the monitor

    def watch(self, tick: Callable[[], None]) -> None:
        """Run until the server stops: take the lead from a worker whose call lasts, and call `tick` now and then."""
        last: tuple[Worker, int] | None = None
        calm = 0
        while not self._stopping:
            time.sleep(_TICK if calm < 50 else _CALM_TICK if calm < 400 else _IDLE_TICK)
            tick()
            worker = self._leading
            if worker is None:
                continue
            now = (worker, worker.turn)
            if now != last:
                last = now
                calm = 0
                continue
            calm += 1
            if worker.token:
                self.hand_over(worker)
