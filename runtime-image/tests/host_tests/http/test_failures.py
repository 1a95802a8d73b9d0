"""What a client is told when a handler fails: the status, a readable body, the request's id, and nothing of the inside."""

from __future__ import annotations

import json

import pytest

from host_tests.http.front import hello, serving
from wasicloud_host import errors
from wasicloud_host.http.errors_page import Fault, from_error_code


def raising(error: BaseException):
    def handle(_head: bytes, _body: bytes, _io) -> bytes:
        raise error

    return serving(handle)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.Overloaded("secret", retry_after=7), 503),
        (errors.RequestTimeout("secret"), 504),
        (errors.ComponentTrapped("secret"), 500),
        (errors.BodyTooLarge("secret"), 413),
        (errors.RequestBodyBroken("secret"), 400),
        (RuntimeError("secret"), 500),
        (SystemExit("secret"), 500),
        (UnicodeDecodeError("utf-8", b"secret", 0, 1, "secret"), 500),
    ],
)
def test_errors_of_the_handler(error: BaseException, status: int) -> None:
    with raising(error) as front, front.connect() as client:
        answer = client.get(extra="x-request-id: abc-1\r\n")
        assert answer.status == status
        assert answer.header("content-type") == "application/problem+json"
        assert answer.header("x-request-id") == "abc-1"
        page = json.loads(answer.body)
        assert page["status"] == status
        assert page["requestId"] == "abc-1"
        assert page["title"]
        assert page["detail"].endswith(".")
        assert b"secret" not in answer.body
        assert answer.header("retry-after") == ("7" if status == 503 else None)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"N", 500),
        (b"A", 500),
        (b"F", 500),
        (b"", 500),
        (b"?", 500),
        (b"R", 500),
        (b"R200", 500),
        (b"R200\n\nb!!!", 500),
        (b"EDNS-error:NXDOMAIN:3", 502),
        (b"Econnection-refused", 502),
        (b"EHTTP-request-denied", 502),
        (b"Econnection-timeout", 504),
        (b"EDNS-timeout", 504),
        (b"EHTTP-response-timeout", 504),
        (b"Einternal-error:secret", 500),
        (b"EHTTP-response-body-size:12", 500),
        (b"E", 500),
        (b"E\xff\xfe", 500),
    ],
)
def test_final_answers_that_are_no_response(answer: bytes, status: int) -> None:
    with serving(lambda *_: answer) as front, front.connect() as client:
        found = client.get()
        assert found.status == status
        assert b"secret" not in found.body
        assert json.loads(found.body)["status"] == status


def test_an_error_code_is_named_without_its_payload() -> None:
    assert "connection-refused" in from_error_code("connection-refused").detail
    assert "host" not in from_error_code("DNS-error:host:1").detail
    assert from_error_code("<script>").detail == Fault(500).detail


def test_an_error_to_head_has_no_body() -> None:
    with raising(RuntimeError()) as front, front.connect() as client:
        client.send(b"HEAD / HTTP/1.1\r\nhost: test\r\n\r\n")
        assert client.answer("HEAD").status == 500
        assert client.rest() == b""


def test_the_server_goes_on_after_a_failure() -> None:
    failing = [True]

    def handle(head: bytes, body: bytes, io) -> bytes:
        if failing[0]:
            raise MemoryError
        return hello(head, body, io)

    with serving(handle) as front:
        for _ in range(50):
            with front.connect() as client:
                assert client.get().status == 500
        failing[0] = False
        with front.connect() as client:
            assert client.get().status == 200


def test_a_fault_of_the_host_is_logged_with_the_requests_id() -> None:
    with raising(RuntimeError("inside")) as front:
        with front.connect() as client:
            client.get(extra="x-request-id: abc-2\r\n")
        line = next(json.loads(line) for line in front.log_text().splitlines() if "abc-2" in line)
        assert line["level"] == "error"
        assert "inside" in line["error"]
