"""Ten thousand mixed requests: every good one is answered right, and nothing is left behind."""

from __future__ import annotations

import concurrent.futures
import http.client
import os
import socket
import threading
import time
from typing import ClassVar

import psutil
import pytest

from host_tests.conformance import hosts
from wasicloud_host import config

REQUESTS = int(os.environ.get("WASICLOUD_ENDURANCE", "10000"))
CONNECTIONS = 64
_SETTLED_SECONDS = 45
ROOM = {"threads": 8, "descriptors": 8, "memory": 48 << 20}
"""How far the numbers may move; memory in bytes."""


class Client(threading.local):
    """One keep-alive connection for each thread of the load."""

    connection: http.client.HTTPConnection | None = None
    opened: ClassVar[list[http.client.HTTPConnection]] = []

    def open(self, port):
        """A new connection, to be closed with all others."""
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.opened.append(self.connection)

    def close_all(self):
        """The load is over."""
        while self.opened:
            self.opened.pop().close()


def _good(host, client, number):
    body = b"%d:" % number + os.urandom(number % 3000)
    for attempt in (0, 1):  # a server may close an idle connection as the next request is sent (RFC 9112 9.3.1)
        if client.connection is None:
            client.open(host.port)
        try:
            client.connection.request("POST", "/echo", body)
            response = client.connection.getresponse()
            answer = response.read()
        except (ConnectionError, http.client.BadStatusLine):
            client.connection.close()
            client.connection = None
            if attempt:
                raise
            continue
        if response.status == 503:
            return "overloaded"
        assert (response.status, answer == body) == (200, True)
        return "good"
    return None


def _trap(host, client, number):
    assert host.ask("/trap?when=before").status in (500, 503)
    return "trap"


def _timeout(host, client, number):
    assert host.ask("/spin").status in (504, 503)
    return "timeout"


def _oversize(host, client, number):
    try:
        assert host.ask("/sink", "POST", bytes(70_000)).status in (413, 503)
    except ConnectionError:  # the answer came while the upload was still being sent
        return "oversize"
    return "oversize"


def _leave(host, client, number):
    with socket.create_connection(("127.0.0.1", host.port), timeout=30) as leaving:
        leaving.sendall(b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 50000\r\n\r\nabc")
    return "left"


def _deed(number):
    """Mostly good requests; a spinning one seldom, since each costs its whole timeout of a core."""
    if number % 1000 == 500:
        return _timeout
    return {7: _trap, 23: _oversize, 41: _leave}.get(number % 50, _good)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("reuse", [1, 50])
def test_good_requests_among_traps_timeouts_and_vanishing_clients_are_answered_right_and_nothing_leaks(tmp_path, reuse):
    component = hosts.guest("http", instances=config.Instances(max_requests=reuse))
    wanted = hosts.configuration(
        "http",
        component,
        request_timeout_seconds=2.0,
        max_body_bytes=60_000,
        max_concurrent_requests=128,
        access_log=False,
    )
    with hosts.running(wanted, tmp_path) as host:
        _load(host, REQUESTS // 5)
        before = _settled(host, {})
        counts = _load(host, REQUESTS)
        after = _settled(host, before)
        assert counts["good"] > REQUESTS * 0.85
        assert host.ask("/hello").status == 200
        for what, room in ROOM.items():
            assert after[what] - before[what] <= room, (before, after)


def _load(host, requests):
    client = Client()
    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        outcomes = list(pool.map(lambda number: _deed(number)(host, client, number), range(requests)))
    client.close_all()
    return {outcome: outcomes.count(outcome) for outcome in set(outcomes)}


def _settled(host, before):
    """The process's numbers once it has had time to let go: threads that nobody needs end after half a minute."""
    process = psutil.Process(host.process.pid)
    deadline = time.monotonic() + _SETTLED_SECONDS
    while True:
        time.sleep(2)
        numbers = _numbers(process)
        small = all(numbers[what] - before.get(what, 0) <= room for what, room in ROOM.items())
        if time.monotonic() > deadline or (before and small):
            return numbers


def _numbers(process):
    return {
        "threads": process.num_threads(),
        "descriptors": process.num_fds(),
        "memory": process.memory_info().rss,
    }
