"""Long bodies in bounded memory, both ways, and nothing kept of connections that ended."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from host_tests.http.front import serving, stream_echo
from host_tests.http.wire import eventually

GROWTH = 64 << 20
SIZE = (1 << 30) if os.environ.get("WASICLOUD_FUZZ") == "full" else (192 << 20)
PIECE = b"z" * (256 << 10)


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_an_echo_of_a_long_body_grows_nothing() -> None:
    with serving(stream_echo, body_bytes=2 * SIZE) as front, front.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: %d\r\n\r\n" % SIZE)
        before = resident()
        most = [before]

        def upload() -> None:
            for _ in range(SIZE // len(PIECE)):
                client.send(PIECE)

        sender = threading.Thread(target=upload)
        sender.start()
        received = 0
        while received < SIZE:
            data = client.sock.recv(1 << 20)
            assert data
            received += len(data)
            most.append(max(most.pop(), resident()))
        sender.join()
        assert most[0] - before < GROWTH


def test_connections_that_ended_leave_nothing() -> None:
    with serving(stream_echo) as front:

        def round_of(count: int) -> None:
            for _ in range(count):
                with front.connect() as client:
                    client.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 50000\r\n\r\n" + PIECE[:50_000])
                    assert client.answer().complete
                front.seen.clear()  # the test's own notes
                front.heads.clear()
            eventually(lambda: front.metrics.snapshot().gauges[("connections",)] == 0)

        round_of(300)
        before = resident()
        round_of(700)
        assert resident() - before < 16 << 20
