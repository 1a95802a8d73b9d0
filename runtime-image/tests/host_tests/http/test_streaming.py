"""Bodies in both directions while the handler runs: early bytes, bounded memory, trailers, and failures that show."""

from __future__ import annotations

import os
import threading
import time

import pytest

from host_tests.http.front import hello, read_all, serving, stream_echo, undata, whole_echo
from host_tests.http.wire import eventually
from wasicloud_host import errors

CHUNKED = b"POST / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n"


def sized(length: int, path: str = "/") -> bytes:
    return f"POST {path} HTTP/1.1\r\nhost: test\r\ncontent-length: {length}\r\n\r\n".encode()


def test_a_small_body_that_is_here_comes_with_the_head() -> None:
    with serving(whole_echo) as front, front.connect() as client:
        client.send(sized(3) + b"abc")
        assert client.answer().body == b"abc"
        assert front.seen[0].body == b"uabc"
        client.send(sized(2) + b"\xff\x00")
        assert client.answer().body == b"\xff\x00"
        assert front.seen[1].body == b"b/wA="


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 1_048_577, 16 << 20])
@pytest.mark.parametrize("handle", [whole_echo, stream_echo])
@pytest.mark.parametrize("coding", ["length", "chunks"])
def test_every_size_comes_back_as_it_was(size: int, handle, coding: str) -> None:
    data = os.urandom(size)
    with serving(handle) as front, front.connect() as client:
        if coding == "length":
            message = sized(size) + data
        else:
            pieces = [data[at : at + 50_000] for at in range(0, size, 50_000)]
            message = CHUNKED + b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"
        sender = threading.Thread(target=client.send, args=(message,))
        sender.start()
        answer = client.answer()
        sender.join()
        assert answer.complete
        assert answer.body == data
        assert client.get().status == 200  # the connection is at a message's boundary


def test_the_first_bytes_of_an_answer_arrive_while_the_upload_is_open() -> None:
    with serving(stream_echo) as front, front.connect() as client:
        client.send(CHUNKED + b"5\r\nfirst\r\n")
        head = client._until(b"\r\n\r\n")
        assert b"chunked" in head
        assert client._until(b"first\r\n") == b"5\r\nfirst\r\n"
        client.send(b"6\r\nsecond\r\n0\r\n\r\n")
        assert client._until(b"0\r\n\r\n").endswith(b"second\r\n0\r\n\r\n")


def test_a_head_leaves_before_the_handler_waits() -> None:
    release = threading.Event()

    def handle(_head: bytes, _body: bytes, io) -> bytes:
        io.start(b"200\n\n")
        io.about_to_block()
        release.wait(30)
        return b"F"

    with serving(handle) as front, front.connect() as client:
        client.send(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n")
        assert b"200 OK" in client._until(b"\r\n\r\n")
        release.set()
        assert client._until(b"0\r\n\r\n") == b"0\r\n\r\n"


def test_request_trailers_reach_the_handler_and_response_trailers_the_client() -> None:
    seen = []

    def handle(_head: bytes, body: bytes, io) -> bytes:
        assert body == b"s"
        assert read_all(body, io) == b"abc"
        seen.append(io.trailers())
        io.start(b"200\n\n")
        io.write(b"hi")
        return b"Fx-sum: 1\nx-latin:\x01Y2Fm6Q==\ncontent-length: 9\n"

    with serving(handle) as front, front.connect() as client:
        client.send(CHUNKED + b"3\r\nabc\r\n0\r\nX-Check: 7\r\nAuthorization: no\r\nHost: other\r\n\r\n")
        answer = client.answer()
        assert seen == [b"x-check: 7\n"]
        assert (answer.body, answer.trailers) == (b"hi", [("x-sum", "1"), ("x-latin", "café")])
        assert client.get().complete is not None


def test_there_are_no_trailers_without_trailers() -> None:
    def handle(_head: bytes, body: bytes, io) -> bytes:
        read_all(body, io)
        return b"R200\n\nu" + repr(io.trailers()).encode()

    with serving(handle) as front, front.connect() as client:
        client.send(CHUNKED + b"0\r\n\r\n")
        assert client.answer().body == b"None"
        assert client.get().body == b"None"


def test_reading_without_waiting_says_so() -> None:
    tries = []

    def handle(_head: bytes, body: bytes, io) -> bytes:
        while (piece := io.read(10, False)) is None:
            tries.append(piece)
            time.sleep(0.01)
        return b"R200\n\nu" + piece

    with serving(handle) as front, front.connect() as client:
        client.send(sized(3))
        eventually(lambda: len(tries) > 2)
        client.send(b"abc")
        assert client.answer().body == b"abc"


def test_reading_respects_the_limit() -> None:
    sizes = []

    def handle(_head: bytes, body: bytes, io) -> bytes:
        while piece := io.read(1000, True):
            sizes.append(len(piece))
        return b"R200\n\nu"

    with serving(handle, inline_body_bytes=0) as front, front.connect() as client:
        client.send(sized(4500) + b"x" * 4500)
        assert client.answer().status == 200
        assert sum(sizes) == 4500
        assert max(sizes) == 1000


def test_a_client_that_never_reads_stops_the_handler_after_bounded_bytes() -> None:
    written = [0]

    def handle(_head: bytes, _body: bytes, io) -> bytes:
        io.start(b"200\n\n")
        for _ in range(4096):
            io.write(b"x" * 65536)
            written[0] += 65536
        return b"F"

    with serving(handle, stall_seconds=1.0) as front, front.connect() as client:
        client.send(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n")
        eventually(lambda: front.errors)
        assert isinstance(front.errors[0], errors.ClientGone)
        assert written[0] < 64 << 20
        assert not client.answer().complete


def test_writing_without_waiting_holds_one_piece_back_at_most() -> None:
    results = []

    def handle(_head: bytes, _body: bytes, io) -> bytes:
        io.start(b"200\n\n")
        piece = b"y" * 65536
        while io.write(piece, block=False):
            results.append(True)
        results.append(False)
        while not io.flush():
            time.sleep(0.01)
        return b"F"

    with serving(handle) as front, front.connect() as client:
        client.send(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n")
        eventually(lambda: False in results)
        answer = client.answer()
        assert answer.complete
        assert answer.body == b"y" * 65536 * results.count(True)


def test_a_stream_that_is_given_up_is_cut() -> None:
    def handle(_head: bytes, _body: bytes, io) -> bytes:
        io.start(b"200\n\n")
        io.write(b"half")
        return b"A"

    with serving(handle) as front:
        with front.connect() as client:
            answer = client.get()
            assert (answer.body, answer.complete) == (b"half", False)
        with front.connect() as client:  # without chunks only a reset shows it
            client.send(b"GET / HTTP/1.0\r\n\r\n")
            assert client.answer().complete is False


@pytest.mark.parametrize("error", [errors.ComponentTrapped("x"), errors.RequestTimeout("x"), RuntimeError("x")])
def test_a_failure_in_the_middle_of_a_stream_is_cut(error: Exception) -> None:
    def handle(_head: bytes, _body: bytes, io) -> bytes:
        io.start(b"200\n\n")
        io.write(b"half")
        raise error

    with serving(handle) as front, front.connect() as client:
        answer = client.get()
        assert (answer.body, answer.complete) == (b"half", False)


def test_a_stream_shorter_than_its_content_length_is_cut() -> None:
    def handle(_head: bytes, _body: bytes, io) -> bytes:
        io.start(b"200\ncontent-length: 10\n\n")
        io.write(b"half")
        return b"F"

    with serving(handle) as front, front.connect() as client:
        answer = client.get()
        assert (answer.body, answer.complete) == (b"half", False)


def test_a_stream_longer_than_its_content_length_is_refused_to_the_handler_and_cut() -> None:
    def handle(_head: bytes, _body: bytes, io) -> bytes:
        io.start(b"200\ncontent-length: 3\n\n")
        io.write(b"ab")
        try:
            io.write(b"cd")
        except errors.RequestError:
            return b"F"
        raise AssertionError

    with serving(handle) as front, front.connect() as client:
        answer = client.get()
        assert (answer.body, answer.complete) == (b"ab", False)


def test_an_upload_cut_in_the_middle_is_an_error_to_the_handler() -> None:
    for message in (
        sized(10) + b"abc",
        CHUNKED + b"5\r\nabc",
        CHUNKED + b"3\r\nabc\r\n",
        CHUNKED + b"3\r\nabc\r\n0\r\n",
    ):
        with serving(stream_echo) as front, front.connect() as client:
            client.send(message).half_close()
            answer = client.answer()
            assert answer.status == 400 or not answer.complete
            eventually(lambda front=front: front.errors)
            assert isinstance(front.errors[0], errors.RequestBodyBroken)


def test_a_handler_that_overlooks_a_cut_upload_cannot_answer_it_with_success() -> None:
    def careless(_head: bytes, body: bytes, io) -> bytes:
        try:
            read_all(body, io)
        except errors.RequestBodyBroken:
            return b"R200\n\nufine"
        return b"R200\n\nuwhole"

    with serving(careless) as front, front.connect() as client:
        client.send(sized(10) + b"abc").half_close()
        assert client.answer().status == 400


def test_a_client_that_vanishes_is_told_to_the_handler_at_its_next_write() -> None:
    entered, gone = threading.Event(), threading.Event()

    def handle(_head: bytes, _body: bytes, io) -> bytes:
        io.start(b"200\n\n")
        io.write(b"x")
        entered.set()
        io.about_to_block()
        gone.wait(30)
        eventually(lambda: io.client_gone)
        io.write(b"y")
        raise AssertionError

    with serving(handle) as front:
        client = front.connect()
        client.send(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n")
        assert entered.wait(30)
        client.reset()
        gone.set()
        eventually(lambda: front.errors)
        assert isinstance(front.errors[0], errors.ClientGone)
        with front.connect() as other:
            other.send(b"BAD\r\n\r\n")
            assert other.answer().status == 400


def test_a_client_that_vanishes_is_told_to_the_handler_at_its_next_read() -> None:
    def handle(_head: bytes, body: bytes, io) -> bytes:
        read_all(body, io)
        return b"R200\n\nu"

    with serving(handle) as front:
        client = front.connect()
        client.send(sized(10) + b"abc")
        eventually(lambda: front.seen)
        client.reset()
        eventually(lambda: front.errors)
        assert isinstance(front.errors[0], errors.ClientGone)


def test_informational_responses_go_out_before_the_answer() -> None:
    def handle(_head: bytes, _body: bytes, io) -> bytes:
        io.informational(103, b"link: </a.css>; rel=preload\nconnection: x\n")
        with pytest.raises(errors.RequestError):
            io.informational(101, b"")
        with pytest.raises(errors.RequestError):
            io.informational(200, b"")
        return b"R200\n\nuhi"

    with serving(handle) as front, front.connect() as client:
        client.send(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n")
        early = client.one()
        assert (early.status, early.headers) == (103, [("link", "</a.css>; rel=preload")])
        assert client.one().body == b"hi"
        client.send(b"GET / HTTP/1.0\r\n\r\n")
        assert client.one().status == 200  # HTTP/1.0 knows no 1xx


def test_100_continue_is_sent_when_the_handler_first_reads() -> None:
    may_read = threading.Event()

    def handle(_head: bytes, body: bytes, io) -> bytes:
        may_read.wait(30)
        return b"R200\n\nu" + read_all(body, io)

    with serving(handle) as front, front.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 3\r\nexpect: 100-continue\r\n\r\n")
        client.sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.one()
        client.sock.settimeout(30)
        may_read.set()
        assert client.one().status == 100
        client.send(b"abc")
        assert client.one().body == b"abc"
        assert client.get().status == 200


def test_100_continue_is_not_sent_if_the_body_is_not_read_or_already_here() -> None:
    fields = b"content-length: 3\r\nexpect: 100-continue\r\n\r\n"
    with serving(hello) as front, front.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nhost: test\r\n" + fields)
        answer = client.one()
        assert (answer.status, answer.header("connection")) == (200, "close")
    with serving(whole_echo) as front, front.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nhost: test\r\n" + fields + b"abc")
        assert client.one().body == b"abc"
    with serving(whole_echo) as front, front.connect() as client:
        client.send(b"POST / HTTP/1.0\r\n" + fields)
        client.send(b"abc")
        assert client.one().body == b"abc"  # HTTP/1.0 knows no 1xx


def test_a_body_that_the_handler_leaves_is_swallowed_if_small_else_the_connection_ends() -> None:
    with serving(hello) as front:
        with front.connect() as client:
            client.send(sized(100_000) + b"x" * 100_000)
            assert client.answer().status == 200
        with front.connect() as client:
            client.send(sized(50 << 20))
            answer = client.answer()
            assert (answer.body, answer.header("connection")) == (b"hello", "close")
            for _ in range(100):  # the answer is not destroyed by what is still being sent
                client.offer(b"x" * 65536)


def test_a_body_that_nobody_read_must_still_be_http() -> None:
    with serving(hello) as front, front.connect() as client:
        client.send(CHUNKED + b"nonsense\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: test\r\n\r\n")
        assert client.answer().status == 400
        assert client.rest() == b""
        assert len(front.seen) == 1


def test_a_head_that_http_does_not_allow_is_an_error_while_nothing_was_sent() -> None:
    def handle(_head: bytes, _body: bytes, io) -> bytes:
        try:
            io.start(b"200\nbad name: x\n\n")
        except Exception:
            return b"N"
        return b"F"

    with serving(handle) as front, front.connect() as client:
        assert client.get().status == 500


def test_undata_of_the_tests_agrees_with_the_edge() -> None:
    assert undata(b"b/wA=") == b"\xff\x00"
