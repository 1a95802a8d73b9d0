"""A server around a scripted handler, and handlers that many tests use."""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from host_tests.http.wire import Client
from wasicloud_host import config
from wasicloud_host.http.limits import Limits
from wasicloud_host.http.metrics import Metrics
from wasicloud_host.http.request_io import RequestIO
from wasicloud_host.http.server import Server
from wasicloud_host.log import Log

Handle = Callable[[bytes, bytes, RequestIO], bytes]


class Request:
    """A handler's view of one request, taken apart for assertions."""

    def __init__(self, head: bytes, body: bytes) -> None:
        method, target, scheme, authority, *lines = head.decode().split("\n")
        self.method, self.target, self.scheme, self.authority = method, target, scheme, authority
        self.headers = [tuple(line.split(": ", 1)) if ": " in line else (line, "") for line in lines if line]
        self.body = body

    def header(self, name: str) -> str | None:
        found = [value for key, value in self.headers if key == name]
        return found[0] if found else None


class Front:
    """A running server, the requests its handler saw, and its log's lines."""

    def __init__(self, handle: Handle, limits: Limits, settings: config.Http) -> None:
        self.seen: list[Request] = []
        self.heads: list[bytes] = []
        self.errors: list[BaseException] = []
        self.metrics = Metrics()
        read, write = os.pipe()
        self._log_file = os.fdopen(read, "rb")
        self._log_write = write
        self.log = Log(write)
        self._handle = handle
        self.server = Server(settings, self._run, self.metrics, self.log, "tested", limits)
        self.lines: list[bytes] = []
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        self.address = self.server.start()

    def _run(self, head: bytes, body: bytes, io: RequestIO) -> bytes:
        self.heads.append(head)
        self.seen.append(Request(head, body))
        try:
            return self._handle(head, body, io)
        except Exception as error:
            self.errors.append(error)
            raise

    def _read_log(self) -> None:
        for line in self._log_file:
            self.lines.append(line)

    def connect(self) -> Client:
        return Client(self.address)

    def close(self) -> None:
        self.server.close(timeout=10)
        self.log.close()
        os.close(self._log_write)
        self._reader.join(10)
        self._log_file.close()

    def log_text(self) -> str:
        """Everything that was logged; ends the server."""
        self.close()
        return b"".join(self.lines).decode()


@contextmanager
def serving(handle: Handle, *, access_log: bool = False, **limits: Any) -> Iterator[Front]:
    """A server with this handler; keyword arguments are fields of `Limits`."""
    settings = config.Http(listen="127.0.0.1:0", access_log=access_log)
    front = Front(handle, replace(Limits(), **limits), settings)
    try:
        yield front
    finally:
        if not front._log_file.closed:
            front.close()


def hello(_head: bytes, _body: bytes, _io: RequestIO) -> bytes:
    return b"R200\ncontent-type: text/plain\n\nuhello"


def undata(data: bytes) -> bytes:
    return base64.b64decode(data[1:]) if data[:1] == b"b" else data[1:]


def read_all(body: bytes, io: RequestIO) -> bytes:
    """The whole body of a request, streamed or not."""
    if body != b"s":
        return undata(body)
    pieces = []
    while piece := io.read(65536, True):
        pieces.append(piece)
    return b"".join(pieces)


def whole_echo(_head: bytes, body: bytes, io: RequestIO) -> bytes:
    """Reads everything, then answers with it."""
    return b"R200\n\nb" + base64.b64encode(read_all(body, io))


def stream_echo(_head: bytes, body: bytes, io: RequestIO) -> bytes:
    """Answers with each piece as it comes."""
    io.start(b"200\ncontent-type: application/octet-stream\n\n")
    if body == b"s":
        while piece := io.read(65536, True):
            io.write(piece)
    elif body:
        io.write(undata(body))
    return b"F" + (io.trailers() or b"")
