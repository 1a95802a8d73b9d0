"""wasi:http rules that show from outside: what a client of the host sees of a guest's behaviour."""

from __future__ import annotations

import concurrent.futures
import http.client
import http.server
import socket
import threading
import time
import zlib

import pytest

from host_tests.conformance import hosts
from host_tests.providers import servers
from wasicloud_host import config


@pytest.fixture(scope="module")
def host(alone):
    return alone("http")


def exchange(host, request: bytes, seconds: float = 30) -> bytes:
    """Everything the host answers on a raw connection until it closes."""
    with socket.create_connection(("127.0.0.1", host.port), timeout=seconds) as client:
        client.sendall(request)
        answer = b""
        while data := client.recv(65536):
            answer += data
        return answer


def test_ht01_the_guest_sees_method_target_scheme_and_authority_as_the_client_sent_them(host):
    seen = host.ask("/headers/a%2Fb/../?q=%20&x", "PROPFIND", headers={"Host": "some.host:81"})
    assert seen.status == 404 or seen.json()["method"] == "other:PROPFIND"
    seen = host.ask("/headers?q=%2F&x", headers={"Host": "some.host:81"}).json()
    assert (seen["method"], seen["path"], seen["scheme"].upper(), seen["authority"]) == (
        "GET",
        "/headers?q=%2F&x",
        "HTTP",
        "some.host:81",
    )


def test_ht02_values_of_one_name_keep_their_order_and_values_that_are_not_utf8_arrive_whole(host):
    raw = b"GET /headers HTTP/1.1\r\nhost: a\r\nx-many: 1\r\nx-many: 2\r\nx-raw: \xff\xfe\r\nconnection: close\r\n\r\n"
    body = exchange(host, raw).partition(b"\r\n\r\n")[2]
    assert body.index(b'"1"') < body.index(b'"2"')
    assert b"fffe" in body.lower()


@pytest.mark.parametrize("path", ["/trap?when=before", "/return", "/return?leak=1"])
def test_ht05_a_guest_that_gives_no_response_is_a_500_and_the_next_request_is_served(host, path):
    for _ in range(2):
        assert host.ask(path).status == 500
    assert host.ask("/hello").text == "hello\n"


def test_ht06_the_first_chunk_reaches_the_client_while_the_guest_still_runs(host):
    connection = http.client.HTTPConnection("127.0.0.1", host.port, timeout=30)
    connection.request("GET", "/slow?count=2&ms=1500")
    response = connection.getresponse()
    begun = time.monotonic()
    assert response.read1(100) == b"line 0\n"
    assert response.read() == b"line 1\n"
    assert time.monotonic() - begun > 0.5
    connection.close()


def test_ht07_a_body_written_before_the_response_is_set_is_delivered(host):
    assert host.ask("/before-set").body


def test_ht08_a_body_dropped_without_finish_is_visibly_broken(host):
    with pytest.raises((http.client.IncompleteRead, http.client.BadStatusLine, ConnectionError)):
        host.ask("/unfinished?bytes=10")


def test_ht08_a_body_leaked_at_the_end_is_a_clean_end(host):
    assert host.ask("/leaked-body").status == 200


@pytest.mark.parametrize("path", ["/short", "/long"])
def test_ht09_a_body_that_does_not_match_its_content_length_never_looks_whole(host, path):
    announced = {"/short": 10, "/long": 3}[path]
    try:
        answer = host.ask(path)
    except (http.client.HTTPException, ConnectionError):
        return
    assert answer.status >= 500 or len(answer.body) == announced


def test_ht10_an_error_code_becomes_a_5xx(host):
    assert host.ask("/error?code=internal-error").status in range(500, 600)


def test_ht11_the_guest_chooses_the_status(host):
    assert host.ask("/status?code=418").status == 418


def test_ht12_trailers_come_in_and_go_out(host):
    request = (
        b"POST /trailers HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nte: trailers\r\nconnection: close\r\n\r\n"
        b"3\r\nabc\r\n0\r\nx-sum: 6\r\n\r\n"
    )
    answer = exchange(host, request).lower()
    assert b"x-sum" in answer
    assert b"\r\nx-bytes: " in answer.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("path", ["/status?code=204&body=text", "/status?code=304&body=text"])
def test_ht13_204_and_304_have_no_body(host, path):
    answer = exchange(host, b"GET %b HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n" % path.encode())
    assert answer.partition(b"\r\n\r\n")[2] == b""


def test_ht13_head_has_no_body(host):
    answer = exchange(host, b"HEAD /hello HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.partition(b"\r\n\r\n")[2] == b""


@pytest.mark.parametrize("path", ["/echo", "/splice"])
def test_ht13_an_echo_of_some_megabytes_comes_back_whole(host, path):
    body = bytes(range(256)) * 4096 * 5 + b"tail"
    assert host.ask(path, "POST", body).body == body


def test_ht13_an_upload_is_counted_and_checked(host):
    body = b"\x00\xff0123456789" * 100_000
    assert host.ask("/hash", "POST", body).json() == {"bytes": len(body), "crc32": f"{zlib.crc32(body):08x}"}


def test_ht13_a_client_that_leaves_is_told_to_the_guest(host):
    with socket.create_connection(("127.0.0.1", host.port), timeout=30) as client:
        client.sendall(b"GET /endless?ms=5 HTTP/1.1\r\nhost: a\r\n\r\n")
        assert client.recv(100)
    assert host.log_has('"stream"')
    assert host.ask("/hello").status == 200


def test_ht13_an_upload_that_is_cut_is_told_to_the_guest(host):
    with socket.create_connection(("127.0.0.1", host.port), timeout=30) as client:
        client.sendall(b"POST /sink HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\nabc")
        time.sleep(0.2)
    assert host.ask("/hello").status == 200


def test_ht16_a_fresh_instance_serves_every_request(host):
    assert {host.ask("/state").text.strip() for _ in range(5)} == {"1"}


def test_ht16_reuse_is_what_max_requests_says(tmp_path):
    component = hosts.guest("http", instances=config.Instances(max_requests=3))
    with hosts.running(hosts.configuration("http", component), tmp_path) as host:
        seen = [int(host.ask("/state").text) for _ in range(9)]
        assert max(seen) == 3
        assert seen.count(1) >= 3


def test_ht17_requests_that_sleep_do_not_wait_for_each_other(host):
    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: host.ask("/sleep?ms=2000").status, range(10)))
    assert answers == [200] * 10
    assert time.monotonic() - begun < 15


def test_ht18_lines_on_stdout_and_stderr_reach_the_log_with_the_request(host):
    answer = host.ask("/log?text=a-line-of-ht18", headers={"x-request-id": "ht18"})
    assert answer.headers["x-request-id"] == "ht18"
    assert host.log_has("a-line-of-ht18")
    lines = [line for line in host.log() if "a-line-of-ht18" in str(line.get("message"))]
    assert {line["stream"] for line in lines} == {"stdout", "stderr"}
    assert {line["requestId"] for line in lines} == {"ht18"}


def test_ht19_a_guest_that_spins_leaks_or_exits_costs_one_request(tmp_path):
    component = hosts.guest("http", instances=config.Instances(memory_bytes=32 << 20))
    wanted = hosts.configuration("http", component, request_timeout_seconds=1.0)
    with hosts.running(wanted, tmp_path) as host:
        assert host.ask("/spin").status == 504
        assert host.ask("/sleep?ms=60000").status == 504
        assert host.ask("/oom").status == 500
        assert host.ask("/exit?code=1").status == 500
        assert host.ask("/hello").status == 200
        kinds = [line for line in host.metrics().splitlines() if "traps_total{" in line]
        assert {kind for kind in ("timeout", "memory", "exit") if any(f'"{kind}"' in line for line in kinds)} >= {
            "timeout",
            "exit",
        }


def test_informational_responses_come_before_the_final_one(alone):
    answer = exchange(alone("early-hints"), b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 103 ")
    assert b"HTTP/1.1 200 " in answer


class _Upstream(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path.startswith("/slow"):
            time.sleep(1.5)
        self._answer(b"from upstream " + self.path.encode())

    def do_POST(self):
        self._answer(self.rfile.read(int(self.headers.get("content-length", "0"))))

    def _answer(self, body):
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.send_header("x-seen-host", self.headers["host"])
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def upstream():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Upstream)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_ht14_a_request_goes_out_and_its_answer_comes_back(host, upstream):
    answer = host.ask(f"/proxy?url={upstream}/path")
    assert (answer.status, answer.body) == (200, b"from upstream /path")
    assert answer.headers["x-seen-host"] == upstream.removeprefix("http://")


def test_ht14_requests_go_out_at_once_and_are_awaited_together(host, upstream):
    begun = time.monotonic()
    lines = host.ask(f"/fanout?url={upstream}/slow&n=8").text.splitlines()
    assert len(lines) == 8
    assert all('"status": 200' in line for line in lines), lines
    assert time.monotonic() - begun < 10


def test_ht14_a_body_streams_out_and_back_at_once(host):
    body = bytes(1 << 20)
    echo = f"http://127.0.0.1:{host.port}/echo"
    assert host.ask(f"/double-echo?url={echo}", "POST", body).body == body


def test_ht14_what_is_not_allowed_is_refused_by_name_and_is_not_asked(upstream, tmp_path):
    component = hosts.guest("http", egress=config.Egress(("allowed.example",)))
    with hosts.running(hosts.configuration("http", component), tmp_path) as host:
        answer = host.ask(f"/proxy?url={upstream}/")
        assert answer.status == 502
        assert "denied" in answer.text.lower()


def test_ht14_a_slow_answer_is_a_timeout_by_name(host, upstream):
    answer = host.ask(f"/proxy?url={upstream}/slow&timeout=200")
    assert answer.status == 502
    assert "timeout" in answer.text.lower()


def test_ht14_nobody_there_is_connection_refused(host):
    answer = host.ask(f"/proxy?url=http://127.0.0.1:{servers.free_port()}/")
    assert answer.status == 502
    assert "refused" in answer.text.lower()


def test_a_body_above_the_limit_is_413(tmp_path):
    wanted = hosts.configuration("http", hosts.guest("http"), max_body_bytes=1000)
    with hosts.running(wanted, tmp_path) as host:
        assert host.ask("/sink", "POST", bytes(2000)).status == 413
        assert host.ask("/sink", "POST", bytes(1000)).status == 200


def test_more_requests_than_the_limit_are_503_with_retry_after(tmp_path):
    wanted = hosts.configuration("http", hosts.guest("http"), max_concurrent_requests=2)
    with hosts.running(wanted, tmp_path) as host, concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: host.ask("/sleep?ms=3000"), range(6)))
        assert sorted({answer.status for answer in answers}) == [200, 503]
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers if answer.status == 503)
        assert all(answer.headers["x-request-id"] for answer in answers)


def test_configuration_is_the_environment_too(alone):
    assert alone("http").ask("/env").json()["environment"]["greeting"] == "hello"
