"""A client that sends bytes as they are and reads answers strictly: what the server does wrong must not be repaired here."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from dataclasses import dataclass, field

DEADLINE = 30.0


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""
    trailers: list[tuple[str, str]] = field(default_factory=list)
    complete: bool = True
    """The body ended as its framing says; false if the connection was cut before."""

    def header(self, name: str) -> str | None:
        found = [value for key, value in self.headers if key == name]
        assert len(found) <= 1, f"{name} repeated: {found}"
        return found[0] if found else None

    def text(self) -> str:
        return self.body.decode()


class Cut(Exception):
    """The connection ended where an answer should have begun."""


class Client:
    def __init__(self, address: tuple[str, int]) -> None:
        self.sock = socket.create_connection(address, timeout=DEADLINE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, data: bytes) -> Client:
        self.sock.sendall(data)
        return self

    def offer(self, data: bytes) -> Client:
        """Send to a server that may have closed already."""
        with contextlib.suppress(OSError):
            self.sock.sendall(data)
        return self

    def half_close(self) -> Client:
        self.sock.shutdown(socket.SHUT_WR)
        return self

    def reset(self) -> None:
        """Vanish: the server gets a reset, not an orderly end."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def get(self, path: str = "/", extra: str = "") -> Answer:
        self.send(f"GET {path} HTTP/1.1\r\nhost: test\r\n{extra}\r\n".encode())
        return self.answer()

    def answer(self, method: str = "GET") -> Answer:
        """The next final answer; 1xx ones before it are thrown away."""
        while (found := self.one(method)).status < 200:
            pass
        return found

    def one(self, method: str = "GET") -> Answer:
        """The next answer, 1xx included."""
        head = self._until(b"\r\n\r\n")
        status_line, *lines = head[:-4].decode("latin-1").split("\r\n")
        version, status, _phrase = status_line.split(" ", 2)
        assert version == "HTTP/1.1"
        answer = Answer(int(status), _fields(lines))
        if answer.status >= 200:
            self._body(answer, method)
        return answer

    def _body(self, answer: Answer, method: str) -> None:
        length = answer.header("content-length")
        coding = answer.header("transfer-encoding")
        assert not (length and coding), "two framings"
        if method == "HEAD" or answer.status in (204, 304):
            return
        if coding is not None:
            assert coding == "chunked"
            self._chunks(answer)
        elif length is not None:
            answer.body = self._exactly(int(length))
            answer.complete = len(answer.body) == int(length)
        else:
            answer.body, answer.complete = self._to_end()

    def _chunks(self, answer: Answer) -> None:
        try:
            while size := int(self._until(b"\r\n"), 16):
                piece = self._exactly(size)
                answer.body += piece
                if len(piece) < size:
                    answer.complete = False
                    return
                assert self._exactly(2) == b"\r\n"
            while line := self._until(b"\r\n")[:-2]:
                answer.trailers += _fields([line.decode("latin-1")])
        except Cut:
            answer.complete = False

    def _more(self) -> bool:
        try:
            data = self.sock.recv(65536)
        except ConnectionError:
            return False
        self._buffer += data
        return bool(data)

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            if not self._more():
                raise Cut(self._buffer)
        found, _, self._buffer = self._buffer.partition(mark)
        return found + mark

    def _exactly(self, size: int) -> bytes:
        found = bytearray(self._buffer)  # a long body by += on bytes would take quadratic time
        while len(found) < size:
            self._buffer = b""
            if not self._more():
                break
            found += self._buffer
        self._buffer = bytes(found[size:])
        return bytes(found[:size])

    def _to_end(self) -> tuple[bytes, bool]:
        """All bytes until the connection ends, and whether it ended in order."""
        clean = True
        while True:
            try:
                data = self.sock.recv(65536)
            except ConnectionError:
                clean = False
                break
            if not data:
                break
            self._buffer += data
        found, self._buffer = self._buffer, b""
        return found, clean

    def is_closed(self) -> bool:
        """Whether the server ends the connection without another byte (waits for it)."""
        return not self._buffer and not self._more()

    def rest(self) -> bytes:
        """Everything until the connection ends."""
        return self._to_end()[0]


def _fields(lines: list[str]) -> list[tuple[str, str]]:
    fields = []
    for line in lines:
        name, colon, value = line.partition(": ")
        assert colon, line
        assert name == name.lower(), line
        fields.append((name, value))
    return fields


def eventually(condition: object, seconds: float = DEADLINE) -> None:
    """Wait until `condition()` holds."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.005)
