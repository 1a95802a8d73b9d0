"""Structured lines: the access log of the edge, and the writer that everybody shares."""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
import time

import pytest

from host_tests.http.front import hello, serving, stream_echo
from wasicloud_host import errors, log


def lines_of(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_one_line_for_each_request() -> None:
    with serving(stream_echo, access_log=True) as front:
        with front.connect() as client:
            client.send(
                b'POST /a%22b"\\?token=secret HTTP/1.1\r\nhost: test\r\nx-request-id: r-1\r\ncontent-length: 5\r\n\r\nhello'
            )
            client.answer()
        (line,) = lines_of(front.log_text())
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
        assert 0 < line.pop("durationSeconds") < 30
        assert line == {
            "level": "info",
            "message": "Request",
            "requestId": "r-1",
            "method": "POST",
            "path": '/a%22b"\\',
            "status": 200,
            "outcome": "ok",
            "receivedBytes": 5,
            "sentBytes": 5,
            "component": "tested",
        }


@pytest.mark.parametrize(
    ("raises", "status", "outcome"),
    [
        (errors.Overloaded("x"), 503, "overloaded"),
        (errors.RequestTimeout("x"), 504, "timeout"),
        (errors.ComponentTrapped("x"), 500, "trapped"),
        (errors.ClientGone("x"), 499, "client-gone"),
    ],
)
def test_outcomes(raises: Exception, status: int, outcome: str) -> None:
    def handle(_head: bytes, _body: bytes, _io) -> bytes:
        raise raises

    with serving(handle, access_log=True) as front:
        with front.connect() as client:
            client.send(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n")
            client.rest()
        (line,) = lines_of(front.log_text())
        assert (line["status"], line["outcome"]) == (status, outcome)


def test_what_is_no_request_has_a_line_too() -> None:
    with serving(hello, access_log=True) as front:
        with front.connect() as client:
            client.send(b"\x16\x03\x01\r\n\r\n")
            answer = client.answer()
        (line,) = lines_of(front.log_text())
        assert (line["status"], line["outcome"], line["method"]) == (400, "refused", "-")
        assert line["requestId"] == answer.header("x-request-id")


def test_the_access_log_can_be_switched_off() -> None:
    with serving(hello, access_log=False) as front:
        with front.connect() as client:
            client.get()
        assert front.log_text() == ""


class Pipe:
    def __init__(self) -> None:
        self.read, self.write = os.pipe()

    def __enter__(self) -> Pipe:
        return self

    def __exit__(self, *_: object) -> None:
        for descriptor in (self.read, self.write):
            with contextlib.suppress(OSError):
                os.close(descriptor)


def test_lines_have_the_common_fields_and_any_text() -> None:
    with Pipe() as pipe:
        writer = log.Log(pipe.write, host="gopher")
        writer.write("warning", 'Täxt "quoted"\n', count=3, odd=object(), lone="\udc80")
        writer.close()
        (line,) = lines_of(os.read(pipe.read, 65536).decode())
        assert line["level"] == "warning"
        assert line["message"] == 'Täxt "quoted"\n'
        assert (line["host"], line["count"]) == ("gopher", 3)
        assert line["time"].endswith("Z")


def test_lines_of_one_thread_stay_in_order_and_none_is_lost() -> None:
    found: list[bytes] = []
    with Pipe() as pipe:

        def read() -> None:
            with os.fdopen(os.dup(pipe.read), "rb") as file:
                found.append(file.read())

        reader = threading.Thread(target=read)
        reader.start()
        writer = log.Log(pipe.write)

        def work(name: int) -> None:
            for number in range(2000):
                writer.write("info", "x", name=name, number=number)

        threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        writer.close(30)
        os.close(pipe.write)
        reader.join()
    lines = lines_of(found[0].decode())
    for name in range(4):
        assert [line["number"] for line in lines if line["name"] == name] == list(range(2000))


def test_a_reader_that_does_not_read_stops_nobody() -> None:
    with Pipe() as pipe:
        writer = log.Log(pipe.write)
        began = time.monotonic()
        for number in range(150_000):
            writer.put(lambda value: b"x" * 100 + b"%d" % value, number)
        assert time.monotonic() - began < 20
        assert len(writer._queue) <= 100_000
        assert writer._lost > 0
        drained = bytearray()

        def drain() -> None:
            while data := os.read(pipe.read, 1 << 20):
                drained.extend(data)

        drainer = threading.Thread(target=drain)
        drainer.start()
        writer.close(30)
        os.close(pipe.write)
        drainer.join()
        assert b"Log lines lost" in drained


def test_nothing_raises_to_whoever_logs() -> None:
    writer = log.Log(-1)
    writer.write("info", "nobody reads")
    writer.put(lambda value: value.missing, object())
    writer.close()
    with Pipe() as pipe:
        writer = log.Log(pipe.write)
        writer.put(lambda value: value.missing, object())
        writer.write("info", "after")
        writer.close()
        first, second = lines_of(os.read(pipe.read, 65536).decode())
        assert first["message"] == "A log line could not be written"
        assert second["message"] == "after"


def test_a_forked_process_writes_its_own_lines() -> None:
    with Pipe() as pipe:
        writer = log.Log(pipe.write)
        writer.write("info", "parent")
        writer.close()
        child = os.fork()
        if child == 0:
            writer.write("info", "child")
            writer.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert [line["message"] for line in lines_of(os.read(pipe.read, 65536).decode())] == ["parent", "child"]
