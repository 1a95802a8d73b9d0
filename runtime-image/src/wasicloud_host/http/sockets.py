"""The poll loop's side: the listening socket, all connections, their deadlines, and what is ready to be served.

Used by the leader alone, except where a method says otherwise. Connections are armed level-triggered for input; one that a
thread serves after losing the lead is armed for hang-up only (`take_out`), and armed again when that thread is done.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable

from wasicloud_host.http.connection import Connection, State
from wasicloud_host.http.limits import Limits
from wasicloud_host.http.parser import HeadCache

_BATCH = 64
_ACCEPTED_AT_ONCE = 4  # more would starve the other processes that share the socket
_LISTEN = select.EPOLLIN | select.EPOLLEXCLUSIVE  # several processes may poll it: one wakes
_SWEEP_SECONDS = 1.0
_DRAINING_SWEEP_SECONDS = 0.1
_FULL = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))
_CLOSED_WHEN_FULL = 16
_EVENTS = {
    State.OPEN: select.EPOLLIN,
    State.FLUSHING: select.EPOLLOUT,
    State.LINGERING: select.EPOLLIN,
}


class Sockets:
    """Everything that the poll loop polls."""

    def __init__(
        self, listener: socket.socket, limits: Limits, cache: HeadCache, idle: Callable[[], bool] = lambda: False
    ) -> None:
        """`idle` does a little of what can be prepared while nobody waits; false if nothing is left to do."""
        self._prepare = idle
        self._listener: socket.socket | None = listener
        self._listening = listener.fileno()
        self._listening_lock = threading.Lock()  # `stop_listening` comes from another thread
        self._limits = limits
        self._cache = cache
        self._poll = select.epoll()
        self._poll.register(self._listening, _LISTEN)
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._poll.register(self._wake_in.fileno(), select.EPOLLIN)
        self._connections: dict[int, Connection] = {}
        self._ready: deque[Connection] = deque()
        self._paused = False  # not accepting until there is room
        self._swept = time.monotonic()
        self._every = _SWEEP_SECONDS
        self._drain_until: float | None = None
        self.timed_out = 0

    def __len__(self) -> int:
        """Open connections."""
        return len(self._connections)

    # ---- the leader's loop

    def next(self) -> Connection | None:
        """Wait for the next connection to serve; None now and then, so that the caller can look around."""
        ready = self._ready
        if ready:
            return ready.popleft()
        connections = self._connections
        found = self._poll.poll(0, _BATCH)
        while not found and self._prepare():
            found = self._poll.poll(0, _BATCH)
        for fd, events in found or self._poll.poll(self._every, _BATCH):
            connection = connections.get(fd)
            if connection is None:
                self._other(fd)
            elif not connection.busy:
                ready.append(connection)
            elif events & (select.EPOLLHUP | select.EPOLLERR):
                connection.gone = True  # the thread that serves it will notice at its next read or write
        now = time.monotonic()
        if now - self._swept > self._every:
            self._sweep(now)
        return ready.popleft() if ready else None

    def settle(self, connection: Connection, state: State) -> None:
        """Note what a connection waits for next."""
        if state is State.CLOSED:
            self._close(connection)
            return
        before, connection.state = connection.state, state
        if _EVENTS[before] != _EVENTS[state]:
            self._poll.modify(connection.fd, _EVENTS[state])

    def take_out(self, connection: Connection) -> None:
        """Disarm a connection that goes on being served by a thread that does not lead. Any thread, under the team's lock."""
        connection.busy = True
        with contextlib.suppress(OSError, ValueError):
            self._poll.modify(connection.fd, select.EPOLLET)  # hang-ups and errors are reported always, here once

    def give_back(self, connection: Connection, state: State) -> None:
        """The inverse of `take_out`; the caller must not touch the connection afterwards. Any thread, under the team's lock."""
        if state is State.CLOSED:
            self._close(connection)
            return
        connection.state = state
        with contextlib.suppress(OSError, ValueError):
            self._poll.modify(connection.fd, _EVENTS[state])
        connection.busy = False  # last: from here on the leader may serve, and even close it

    def wake(self) -> None:
        """Make the leader look around. Any thread."""
        with contextlib.suppress(OSError):
            self._wake_out.send(b"w")

    def _other(self, fd: int) -> None:
        if fd == self._listening:
            self._accept()
        elif fd == self._wake_in.fileno():
            with contextlib.suppress(OSError):
                self._wake_in.recv(4096)

    # ---- coming and going

    def _accept(self) -> None:
        listener = self._listener
        if listener is None:
            return
        now = time.monotonic()
        for _ in range(_ACCEPTED_AT_ONCE):
            if len(self._connections) >= self._limits.connections:
                self._pause()
                return
            try:
                sock, _address = listener.accept()
            except OSError as error:
                if error.errno in _FULL:
                    self._make_room()
                    self._pause()
                    return
                break  # nothing there, or that client is gone already
            self._add(sock, now)
        self._queue_up()

    def _queue_up(self) -> None:
        """Let another process that shares the socket have the next connection: exclusive pollers are woken in the order they came."""
        with self._listening_lock, contextlib.suppress(OSError, ValueError):
            if self._listener is not None:
                self._poll.unregister(self._listening)
                self._poll.register(self._listening, _LISTEN)

    def _add(self, sock: socket.socket, now: float) -> None:
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(sock, self._limits, self._cache, now)
            self._poll.register(connection.fd, select.EPOLLIN)
        except OSError:
            sock.close()
            return
        self._connections[connection.fd] = connection

    def _pause(self) -> None:
        self._paused = True
        with self._listening_lock, contextlib.suppress(OSError, ValueError):
            if self._listener is not None:
                self._poll.unregister(self._listening)

    def _resume(self) -> None:
        self._paused = False
        with self._listening_lock, contextlib.suppress(OSError, ValueError):
            if self._listener is not None:
                self._poll.register(self._listening, _LISTEN)

    def _make_room(self) -> None:
        """No descriptors are left: the connections that have been idle longest go."""
        idle = [each for each in self._idle() if each.served and each not in self._ready]
        for connection in sorted(idle, key=lambda each: each.deadline)[:_CLOSED_WHEN_FULL]:
            self._close(connection)

    def _idle(self) -> list[Connection]:
        return [
            each
            for each in list(self._connections.values())
            if not each.busy and each.state is State.OPEN and not each.parser.partial
        ]

    def _close(self, connection: Connection) -> None:
        if self._connections.get(connection.fd) is connection:
            del self._connections[connection.fd]
        with contextlib.suppress(OSError, ValueError):
            self._poll.unregister(connection.fd)
        connection.close()

    # ---- deadlines

    def _sweep(self, now: float) -> None:
        self._swept = now
        waiting = set(self._ready)
        drained = self._drain_until is not None and now > self._drain_until
        for connection in list(self._connections.values()):
            if connection.busy or connection in waiting:
                continue
            if now > connection.deadline:
                self._expire(connection)
            elif drained and connection.state is State.OPEN and not connection.parser.partial:
                self._close(connection)
        if self._paused and len(self._connections) < self._limits.connections:
            self._resume()

    def _expire(self, connection: Connection) -> None:
        self.timed_out += 1
        if connection.state is State.OPEN and connection.parser.partial:
            self._ready.append(connection)  # whoever serves it sees that it is late, and says so
            return
        if connection.state is State.FLUSHING:
            connection.cut()
        self._close(connection)

    # ---- the end

    def stop_listening(self) -> None:
        """Accept what waits in the backlog, then close the listening socket. Any thread, once."""
        with self._listening_lock:  # or the leader could arm the descriptor's next user
            listener, self._listener = self._listener, None
            if listener is None:
                return
            with contextlib.suppress(OSError, ValueError):
                self._poll.unregister(self._listening)
        now = time.monotonic()
        while True:
            try:
                sock, _address = listener.accept()
            except OSError:
                break
            self._add(sock, now)
        listener.close()

    def drain(self, idle_until: float) -> None:
        """Sweep often, and close idle connections after `idle_until` (monotonic). Any thread."""
        self._drain_until = idle_until
        self._every = _DRAINING_SWEEP_SECONDS
        self.wake()

    def close(self) -> None:
        """Close everything; no thread may serve any more, or it finds its connection gone."""
        self.stop_listening()
        for connection in list(self._connections.values()):
            self._close(connection)
        self._poll.close()
        self._wake_in.close()
        self._wake_out.close()


def open_listener(address: str, *, backlog: int) -> socket.socket:
    """A listening socket for `HOST:PORT` (`[::1]:8080` for IPv6, port 0 for any free one), or `fd:N` for an inherited one.

    Other processes may listen on the same address. Raises `OSError` if it is taken or not this machine's.
    """
    host, _, port = address.rpartition(":")
    if host == "fd":
        inherited = socket.socket(fileno=int(port))
        inherited.setblocking(False)
        return inherited
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if host == "::" else 1)
        sock.bind((host, int(port)))
        sock.listen(backlog)
        sock.setblocking(False)
        os.set_inheritable(sock.fileno(), False)
    except BaseException:
        sock.close()
        raise
    return sock
