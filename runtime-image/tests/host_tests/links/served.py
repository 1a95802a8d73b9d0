"""A small world for tests of links: a session of one component, and scripted servers for it to reach."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable

from wasicloud_host import config
from wasicloud_host.links import bindings, encoding, functions, session
from wasicloud_host.providers import registry

ALLOWED = config.Egress(("127.0.0.1", "localhost", "*.invalid"))
"""This machine, and names that nobody has."""

FOREVER = (1 << 64) - 1

EXCHANGE = {function.name: function.call for function in functions.EXCHANGE}
CAPABILITIES = {function.name: function.call for function in functions.CAPABILITIES}


class Request:
    """A request being served: its body comes in pieces over a socket, as from a client."""

    request_id = "request-1"

    def __init__(self, trailers: bytes | None = None) -> None:
        self._socket, self.client = socket.socketpair()
        self._trailers = trailers
        self.started = b""
        self.written = b""
        self.error: Exception | None = None

    def read(self, limit: int, block: bool) -> bytes | None:
        if self.error is not None:
            raise self.error
        if not block and not select.select([self._socket], [], [], 0)[0]:
            return None
        return self._socket.recv(limit)

    def trailers(self) -> bytes | None:
        return self._trailers

    def informational(self, status: int, headers: bytes) -> None:
        self.started += b"%d " % status + headers

    def start(self, head: bytes) -> None:
        self.started += head

    def write(self, data: bytes) -> None:
        if self.error is not None:
            raise self.error
        self.written += data

    def fileno(self) -> int:
        return self._socket.fileno()

    def about_to_block(self) -> None:
        pass

    def close(self) -> None:
        self._socket.close()
        self.client.close()


class World:
    """One component's session; host functions by name."""

    def __init__(self, *, seconds: float = 60, request: Request | None = None, **component) -> None:
        component.setdefault("name", "tested")
        component.setdefault("artifact", "unused.wasm")
        self.lines: list = []
        self.calls: list = []
        self.providers = registry.open_all([config.Provider("memory", "memory"), config.Provider("other", "memory")])
        described = config.Component(**component)
        bound = bindings.resolve(described, [], self.providers)
        self.identity = session.identify(described, bound, self.lines.append, self)
        self.session = session.Session([self.identity])
        self.request = request or Request()
        self.session.begin_request(self.request, time.monotonic() + seconds)

    def capability_call(self, interface: str, backend: str, outcome: str, seconds: float) -> None:
        self.calls.append((interface, backend, outcome))

    def call(self, name: str, *arguments):
        """A host function's answer."""
        if name in EXCHANGE:
            return EXCHANGE[name](self.session.exchange, *arguments)
        return CAPABILITIES[name](self.session.capabilities[0], *arguments)

    def close(self) -> None:
        self.session.close()
        self.identity.client.close()
        self.request.close()

    def handle(self, name: str, *arguments) -> int:
        """The handle that a host function answers with."""
        answer = self.call(name, *arguments)
        assert answer[:1] == b"o", answer
        return int(answer[1:])

    def send(self, url: str, *headers: str, method: str = "GET", body: bytes = b"", more: int = 0, timeouts=(0, 0, 0)):
        """The answer of http-send."""
        scheme, _, rest = url.partition("://")
        authority, slash, path = rest.partition("/")
        head = "\n".join([method, slash + path, scheme, authority, *headers, ""])
        return self.call("http-send", head.encode(), *timeouts, encoding.data(body), more)

    def head(self, handle: int) -> bytes:
        """Wait for the response's head (or the error)."""
        while (answer := self.call("future-poll", handle)) == b"w":
            assert self.call("wait", b"%d:h" % handle, (1 << 64) - 1) == b"o0"
        return answer

    def body(self, handle: int) -> bytes:
        """Read the response's body to its end."""
        pieces = []
        while (answer := self.call("stream-read", handle, 1 << 20, 1)) != b"n":
            assert answer[:1] == b"o", answer
            pieces.append(encoding.undata(answer[1:]))
        return b"".join(pieces)


class Peer:
    """A server on a free port that answers each connection by a function of its socket."""

    def __init__(self, answer: Callable[[socket.socket], None]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._answer = answer
        self.port = self._listener.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        connection.settimeout(60)
        try:
            self._answer(connection)
        except OSError:
            pass
        finally:
            connection.close()


def read_head(connection: socket.socket) -> bytes:
    """A request's head, and nothing after it."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = connection.recv(1)
        if not piece:
            raise OSError("closed")
        head += piece
    return head


def read_exactly(connection: socket.socket, length: int) -> bytes:
    """So many bytes."""
    pieces = bytearray()
    while len(pieces) < length:
        piece = connection.recv(length - len(pieces))
        if not piece:
            raise OSError("closed")
        pieces += piece
    return bytes(pieces)


def hello(connection: socket.socket) -> None:
    """Answers every request of a connection."""
    while True:
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-One: 1\r\nX-One: 2\r\n\r\nhello")
