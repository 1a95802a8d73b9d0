"""Several workers behind one port: one family to its clients, to its metrics and to whoever ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import psutil
import pytest

from host_tests.conformance import hosts
from host_tests.providers import servers
from wasicloud_host import config


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """Two workers that share a folder."""
    folder = tmp_path_factory.mktemp("workers")
    link = config.Link("kv", "wasi:keyvalue", provider="files")
    provider = config.Provider("files", "filesystem", {"path": str(folder / "data")})
    wanted = hosts.configuration("kv-store", hosts.guest("kv-store", link), provider)
    with hosts.running(config.replace(wanted, workers=2), folder) as running:
        yield running


def workers(host) -> set[int]:
    """The processes that serve."""
    return {child.pid for child in psutil.Process(host.process.pid).children()}


def requests(host) -> float:
    """How many the metrics count."""
    lines = [line for line in host.metrics().splitlines() if line.startswith("wasicloud_http_requests_total{")]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def test_all_see_the_same_data_and_the_metrics_are_one_sum(host):
    servers.wait_until(lambda: len(workers(host)) == 2, "the second worker")
    before = requests(host)
    answers = [host.ask("/increment?bucket=default&key=visits&delta=1").status for _ in range(40)]
    assert answers == [200] * 40
    assert host.ask("/get?bucket=default&key=visits").text.strip() == "40"
    assert requests(host) - before == 41


def test_one_that_dies_is_replaced_and_what_it_counted_stays(host):
    servers.wait_until(lambda: len(workers(host)) == 2, "the second worker")
    before, counted = workers(host), requests(host)
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    servers.wait_until(lambda: len(workers(host) - before) == 1, "another worker")
    assert host.ask("/get?bucket=default&key=visits").status in (200, 404)
    assert requests(host) > counted
    assert host.log_has("Worker died and is replaced")


SIGNALLED = """
import os, signal, threading
from wasicloud_host import __main__ as program
for _ in range(3000):
    stopped = program._signals()
    threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGTERM)).start()
    stopped.wait()
"""


def test_a_signal_is_heard_at_whatever_moment_it_comes():
    """Also as the thread that it interrupts begins to wait for it."""
    subprocess.run([sys.executable, "-c", SIGNALLED], check=True, timeout=120)
