"""What one client may ask for, each limit exactly at its edge and one beyond."""

from __future__ import annotations

import pytest

from host_tests.http.front import hello, serving, whole_echo
from host_tests.http.wire import Client
from wasicloud_host import config
from wasicloud_host.http import limits as limits_
from wasicloud_host.http.limits import Limits


def head_of(size: int) -> bytes:
    """A request head of exactly `size` bytes."""
    begin, end = b"GET / HTTP/1.1\r\nhost: test\r\nx: ", b"\r\n\r\n"
    return begin + b"a" * (size - len(begin) - len(end)) + end


def refused(client: Client, data: bytes, status: int) -> None:
    client.offer(data)
    answer = client.answer()
    assert (answer.status, answer.header("connection")) == (status, "close")


@pytest.mark.parametrize("step", [100, 100_000])
def test_head_bytes(step: int) -> None:
    with serving(hello, head_bytes=1000) as front:
        for size, status in ((1000, 200), (1001, 431)):
            with front.connect() as client:
                data = head_of(size)
                for at in range(0, size, step):
                    client.offer(data[at : at + step])
                assert client.answer().status == status
        with front.connect() as client:
            refused(client, head_of(5000)[:-4], 431)  # without waiting for its end


def test_header_count() -> None:
    with serving(hello, header_count=10) as front:
        for count, status in ((9, 200), (10, 431)):  # and host
            with front.connect() as client:
                lines = b"".join(b"x-%d: y\r\n" % number for number in range(count))
                client.send(b"GET / HTTP/1.1\r\nhost: test\r\n" + lines + b"\r\n")
                assert client.answer().status == status


def test_target_bytes() -> None:
    with serving(hello, target_bytes=100) as front:
        for length, status in ((100, 200), (101, 414)):
            with front.connect() as client:
                client.send(b"GET /" + b"a" * (length - 1) + b" HTTP/1.1\r\nhost: test\r\n\r\n")
                assert client.answer().status == status
        with front.connect() as client:
            refused(client, b"GET /" + b"a" * 10_000, 414)  # without waiting for its end


def test_body_bytes_by_content_length_before_the_handler() -> None:
    with serving(whole_echo, body_bytes=1000) as front:
        with front.connect() as client:
            client.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 1000\r\n\r\n" + b"x" * 1000)
            assert client.answer().status == 200
        with front.connect() as client:
            refused(
                client, b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 1001\r\nexpect: 100-continue\r\n\r\n", 413
            )
        assert len(front.seen) == 1


@pytest.mark.parametrize("step", [50, 100_000])
def test_body_bytes_by_count_while_streaming(step: int) -> None:
    with serving(whole_echo, body_bytes=1000, inline_body_bytes=0) as front:
        for size, status in ((1000, 200), (1001, 413)):
            with front.connect() as client:
                head = b"POST / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n"
                data = head + b"1\r\nx\r\n" * size + b"0\r\n\r\n"
                for at in range(0, len(data), step):
                    client.offer(data[at : at + step])
                assert client.answer().status == status


def test_the_answer_to_a_body_that_is_too_long_survives_the_upload() -> None:
    with serving(whole_echo, body_bytes=1000) as front, front.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 10000000\r\n\r\n")
        for _ in range(150):
            client.offer(b"x" * 65536)
        assert client.answer().status == 413


def test_trailer_bytes_and_count() -> None:
    head = b"POST / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n0\r\n"
    with serving(whole_echo, head_bytes=1000, header_count=10) as front:
        for trailers, status in (
            (b"x: y\r\n" * 10, 200),
            (b"x: y\r\n" * 11, 431),
            (b"x: " + b"y" * 900 + b"\r\n", 200),
            (b"x: " + b"y" * 1000 + b"\r\n", 431),
        ):
            with front.connect() as client:
                client.send(head + trailers + b"\r\n")
                assert client.answer().status == status
        with front.connect() as client:
            refused(client, head + b"x: " + b"y" * 2000, 431)  # without waiting for its end


def test_connections_beyond_the_limit_wait_until_there_is_room() -> None:
    with serving(hello, connections=3) as front:
        first = [front.connect() for _ in range(3)]
        for client in first:
            assert client.get().status == 200
        with front.connect() as waiting:
            waiting.send(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n")
            waiting.sock.settimeout(0.3)
            with pytest.raises(TimeoutError):
                waiting.answer()
            waiting.sock.settimeout(30)
            for client in first:
                client.sock.close()
            assert waiting.answer().status == 200


def test_limits_follow_from_the_components_settings() -> None:
    found = limits_.from_config(config.Http(max_body_bytes=7, max_concurrent_requests=40))
    assert found.body_bytes == 7
    assert found.threads > 40  # a request beyond the limit still finds a thread that answers 503
    assert Limits().connections >= found.connections > 0
