"""From the handler's answer to the wire: framing, fields, and what HTTP forbids."""

from __future__ import annotations

import re

import pytest

from host_tests.http.front import hello, serving, stream_echo
from host_tests.http.wire import Client
from wasicloud_host.http import response
from wasicloud_host.http.errors_page import Fault


def answering(answer: bytes):
    return serving(lambda _head, _body, _io: answer)


def test_a_whole_answer_has_its_length_a_date_and_the_requests_id() -> None:
    with serving(hello) as front, front.connect() as client:
        answer = client.get()
        assert (answer.status, answer.body) == (200, b"hello")
        assert answer.header("content-length") == "5"
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", answer.header("date") or "")
        assert answer.header("x-request-id") == front.seen[0].header("x-request-id")
        assert answer.header("server") is None
        assert answer.header("connection") is None


def test_binary_data_arrives_as_it_is() -> None:
    with answering(b"R200\n\nb/wD+") as front, front.connect() as client:
        assert client.get().body == b"\xff\x00\xfe"


def test_a_head_without_fields_and_without_body() -> None:
    with answering(b"R204\n\n") as front, front.connect() as client:
        answer = client.get()
        assert (answer.status, answer.body, answer.header("content-length")) == (204, b"", None)
        assert client.get().status == 204


@pytest.mark.parametrize("answer", [b"R204\n\nuno", b"R304\n\nuno", b"R204\ncontent-length: 2\n\nuno"])
def test_statuses_without_a_body_never_have_one(answer: bytes) -> None:
    with answering(answer) as front, front.connect() as client:
        assert client.get().status in (204, 304)
        assert client.get().status in (204, 304)  # nothing of a body is in between


def test_304_keeps_the_length_it_speaks_of() -> None:
    with answering(b"R304\ncontent-length: 12\netag: x\n\n") as front, front.connect() as client:
        assert client.get().header("content-length") == "12"


def test_head_gives_the_length_and_no_body() -> None:
    with serving(hello) as front, front.connect() as client:
        client.send(b"HEAD / HTTP/1.1\r\nhost: test\r\n\r\n")
        assert client.answer("HEAD").header("content-length") == "5"
        assert client.get().body == b"hello"


def test_head_of_a_streaming_handler_sends_no_body() -> None:
    def handle(_head: bytes, _body: bytes, io) -> bytes:
        io.start(b"200\ncontent-length: 3\n\n")
        io.write(b"abc")
        return b"F"

    with serving(handle) as front, front.connect() as client:
        client.send(b"HEAD / HTTP/1.1\r\nhost: test\r\n\r\n")
        assert client.answer("HEAD").header("content-length") == "3"
        assert client.get().body == b"abc"


def test_the_components_own_date_wins_and_its_request_id_does_not() -> None:
    with answering(b"R200\ndate: then\nx-request-id: mine\n\nu") as front, front.connect() as client:
        answer = client.get(extra="x-request-id: theirs\r\n")
        assert answer.header("date") == "then"
        assert answer.header("x-request-id") == "theirs"


def test_fields_that_are_the_connections_are_dropped() -> None:
    fields = b"connection: close\nkeep-alive: x\ntransfer-encoding: gzip\nupgrade: x\nproxy-connection: x\nhost: x\nx-kept: 1\n"
    with answering(b"R200\n" + fields + b"\nuhi") as front, front.connect() as client:
        answer = client.get()
        names = {name for name, _ in answer.headers}
        assert names == {"x-kept", "content-length", "date", "x-request-id"}
        assert client.get().body == b"hi"


def test_repeated_fields_stay_in_order_and_values_that_are_not_utf8_are_decoded() -> None:
    with (
        answering(b"R200\nset-cookie: a\nset-cookie: b\nx-latin:\x01Y2Fm6Q==\n\nu") as front,
        front.connect() as client,
    ):
        headers = client.get().headers
        assert [value for name, value in headers if name == "set-cookie"] == ["a", "b"]
        assert ("x-latin", "café") in headers


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"20",
        b"099",
        b"101",
        b"100",
        b"2000",
        b"abc",
        b"200\nno colon",
        b"200\n: x",
        b"200\na b: x",
        b"200\na: x\rb: y",
        b"200\na: x\0",
        b"200\na:\x01DQpib29t",  # base64 of CR LF …
        b"200\na:\x01!!",
        b"200\ncontent-length: -1",
        b"200\ncontent-length: x",
        b"200\ncontent-length: 1\ncontent-length: 2",
        "200\nnäme: x".encode(),
    ],
)
def test_a_head_that_http_does_not_allow_is_an_error_of_the_server(head: bytes) -> None:
    with pytest.raises(Fault) as caught:
        response.parse_head(head)
    assert caught.value.status == 500
    with answering(b"R" + head + b"\n\nuhi") as front, front.connect() as client:
        assert client.get().status == 500


@pytest.mark.parametrize("length", [2, 4])
def test_a_whole_answer_that_belies_its_content_length_is_an_error(length: int) -> None:
    with answering(b"R200\ncontent-length: %d\n\nuabc" % length) as front, front.connect() as client:
        answer = client.get()
        assert answer.status == 500
        assert answer.header("content-type") == "application/problem+json"


def test_http_10_gets_a_close_unless_it_asks_to_stay() -> None:
    with serving(hello) as front:
        with front.connect() as client:
            client.send(b"GET / HTTP/1.0\r\n\r\n")
            assert client.answer().header("connection") == "close"
            assert client.is_closed()
        with front.connect() as client:
            for _ in range(2):
                client.send(b"GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n")
                assert client.answer().header("connection") == "keep-alive"
        assert front.seen[0].authority == ""


def test_http_10_gets_a_stream_without_chunks_ended_by_the_close() -> None:
    with serving(stream_echo) as front, front.connect() as client:
        client.send(b"POST / HTTP/1.0\r\ncontent-length: 3\r\nconnection: keep-alive\r\n\r\nabc")
        answer = client.answer()
        assert (answer.body, answer.complete) == (b"abc", True)
        assert answer.header("transfer-encoding") is None
        assert answer.header("connection") == "close"


def test_heads_seen_before_and_new_ones_give_the_same() -> None:
    reader = response.HeadReader()
    for number in range(2000):
        head = b"200\nx-number: %d\n" % (number % 700)
        assert reader.read(head) == response.parse_head(head)


def test_a_request_id_that_is_not_sane_is_replaced() -> None:
    with serving(hello) as front, front.connect() as client:
        for bad in ("a b", "x" * 200, '"quoted"', "-", "a;b"):
            given = client.get(extra=f"x-request-id: {bad}\r\n").header("x-request-id")
            assert given
            assert given != bad
        ids = {client.get().header("x-request-id") for _ in range(50)}
        assert len(ids) == 50


def test_traceparent_is_passed_through() -> None:
    value = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with serving(hello) as front, front.connect() as client:
        client.get(extra=f"traceparent: {value}\r\ntracestate: a=b\r\n")
        assert front.seen[0].header("traceparent") == value
        assert front.seen[0].header("tracestate") == "a=b"


def test_a_large_whole_answer_to_a_slow_reader_holds_no_thread() -> None:
    """The poll loop sends the rest: more slow readers than threads, and another client is still served at once."""
    large = b"R200\n\nu" + b"x" * (8 << 20)

    def handle(head: bytes, body: bytes, io) -> bytes:
        return large if b"/large" in head else hello(head, body, io)

    with serving(handle, threads=3) as front:
        slow: list[Client] = []
        for _ in range(12):
            client = front.connect()
            client.send(b"GET /large HTTP/1.1\r\nhost: test\r\n\r\nGET /next HTTP/1.1\r\nhost: test\r\n\r\n")
            slow.append(client)
        with front.connect() as quick:
            for _ in range(20):
                assert quick.get().body == b"hello"
        for client in slow:
            with client:
                answer = client.answer()
                assert (len(answer.body), answer.complete) == (8 << 20, True)
                assert client.answer().body == b"hello"  # what was pipelined behind it
