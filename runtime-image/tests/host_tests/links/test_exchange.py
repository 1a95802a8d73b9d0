"""The functions of exchange.wit: clocks, randomness, waiting, and the streams of the request being served."""

from __future__ import annotations

import base64
import threading
import time

import pytest

from host_tests.links.served import Request
from wasicloud_host.errors import BodyTooLarge, ClientGone, RequestBodyBroken

FOREVER = (1 << 64) - 1


def test_clocks(world):
    served = world()
    first = served.call("monotonic-now")
    assert served.call("monotonic-now") >= first
    assert abs(served.call("wall-now") - time.time_ns()) < 60 * 10**9


def test_random_bytes_are_base64_of_the_asked_length(world):
    served = world()
    assert len(base64.b64decode(served.call("random", 256))) == 256
    assert served.call("random", 32) != served.call("random", 32)
    assert served.call("random", 0) == b""
    assert len(served.call("random", (1 << 32) - 1)) < 2 << 20, "no component makes the host allocate gigabytes"


def test_wait_without_interests_sleeps(world):
    served = world()
    begun = time.monotonic_ns()
    assert served.call("wait", b"", begun + 50_000_000) == b"o"
    assert time.monotonic_ns() - begun >= 50_000_000


def test_wait_looks_and_returns_at_once(world):
    served = world()
    assert served.call("wait", b"0:r,0:w", 0) == b"o1"
    served.request.client.sendall(b"x")
    assert served.call("wait", b"0:r,0:w", 0) == b"o0,1"


def test_wait_wakes_when_the_client_sends(world):
    served = world()
    threading.Timer(0.05, served.request.client.sendall, (b"body",)).start()
    assert served.call("wait", b"0:r", FOREVER) == b"o0"
    assert served.call("stream-read", 0, 2, 0) == b"oubo"
    assert served.call("stream-read", 0, 100, 0) == b"oudy"
    assert served.call("stream-read", 0, 100, 0) == b"w"


def test_no_wait_outlives_the_request(world):
    served = world(seconds=0.1)
    assert served.call("wait", b"0:r", FOREVER) == b"o"


@pytest.mark.parametrize("interests", [b"99:r", b"99:h", b"99:w", b"99:t"])
def test_unknown_handles_are_ready(world, interests):
    assert world().call("wait", interests, FOREVER) == b"o0"


def test_the_end_of_the_body_is_an_end_and_stays_one(world):
    served = world()
    served.request.client.close()
    assert served.call("wait", b"0:r", FOREVER) == b"o0"
    for _ in range(3):
        assert served.call("stream-read", 0, 100, 1) == b"n"


def test_trailers_come_after_the_rest_of_the_body_is_thrown_away(world):
    served = world(request=Request(trailers=b"x-sum: 1\n"))
    served.request.client.sendall(b"unread")
    assert served.call("stream-trailers", 0) == b"w"
    threading.Timer(0.05, served.request.client.close).start()
    assert served.call("wait", b"0:t", FOREVER) == b"o0"
    assert served.call("stream-trailers", 0) == b"ox-sum: 1\n"


def test_a_request_without_trailers(world):
    served = world()
    served.request.client.close()
    assert served.call("stream-trailers", 0) == b"n"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RequestBodyBroken("cut"), b"econnection-terminated"),
        (BodyTooLarge("too long"), b"eHTTP-request-body-size:"),
        (ClientGone("gone"), b"econnection-terminated"),
    ],
)
def test_a_broken_upload_is_told_after_a_wait_too(world, error, code):
    served = world()
    served.request.error = error
    assert served.call("wait", b"0:r", FOREVER) == b"o0"
    assert served.call("stream-read", 0, 100, 1) == code


def test_the_response(world):
    served = world()
    assert served.call("response-informational", 103, b"link: x\n") == b"o"
    assert served.call("response-start", b"200\n\n") == b"o"
    assert served.call("stream-write", 0, b"uhello ", 1) == b"o"
    assert served.call("stream-write", 0, b"b/w==", 0) == b"o"
    assert served.request.started == b"103 link: x\n200\n\n"
    assert served.request.written == b"hello \xff"
    served.request.error = ClientGone("gone")
    assert served.call("stream-write", 0, b"ulost", 1) == b"econnection-terminated"


def test_between_requests_handle_0_is_closed(world):
    served = world()
    served.session.end_request()
    assert served.call("stream-read", 0, 100, 1) == b"econnection-terminated"
    assert served.call("stream-write", 0, b"ux", 1) == b"econnection-terminated"


def test_a_second_request_sees_nothing_of_the_first(world):
    served = world()
    served.request.client.sendall(b"unread")
    assert served.call("wait", b"0:r", FOREVER) == b"o0"
    served.session.end_request()
    second = Request()
    served.session.begin_request(second, time.monotonic() + 60)
    assert served.call("stream-read", 0, 100, 0) == b"w"
    second.close()


@pytest.mark.parametrize("name", ["stream-read", "stream-write", "stream-finish", "future-poll", "stream-trailers"])
def test_functions_on_handles_nobody_gave_are_errors(world, name):
    arguments = {"stream-read": (7, 1, 1), "stream-write": (7, b"ux", 1), "stream-finish": (7, b"")}.get(name, (7,))
    assert world().call(name, *arguments).startswith(b"e")


def test_dropping_what_nobody_knows_is_fine(world):
    served = world()
    assert served.call("stream-drop", 7) == b"o"
    assert served.call("handle-drop", 7) == b"o"
    assert served.call("stream-abort", 7) == b"o"
