"""One process or several: the same answers, one set of metrics, replaced when they die, drained when told."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import psutil
import pytest

from host_tests.conformance import hosts
from host_tests.providers import servers
from wasicloud_host import config

WAIT_SECONDS = 60


def until(true, what):
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if true():
            return
        time.sleep(0.05)
    pytest.fail(f"{what} did not happen in {WAIT_SECONDS} s")


def made(host):
    """How many requests the metrics count."""
    lines = [line for line in host.metrics().splitlines() if line.startswith("wasicloud_http_requests_total{")]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def workers_of(host):
    return psutil.Process(host.process.pid).children()


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    wanted = config.replace(hosts.configuration("http", hosts.guest("http")), workers=2)
    with hosts.running(wanted, tmp_path_factory.mktemp("pair")) as host:
        until(lambda: len(workers_of(host)) == 2, "two workers")
        yield host


def test_workers_share_the_port_and_one_set_of_metrics(pair):
    before = made(pair)
    for _ in range(40):
        assert pair.ask("/hello").text == "hello\n"
    assert made(pair) == before + 40


def test_a_worker_that_dies_is_replaced_and_its_numbers_stay(pair):
    assert pair.ask("/hello").status == 200
    before = made(pair)
    victim = workers_of(pair)[0]
    victim.kill()
    until(lambda: len(workers_of(pair)) == 2 and victim.pid not in {w.pid for w in workers_of(pair)}, "a new worker")
    until(pair.ready, "readiness")
    for _ in range(10):
        assert pair.ask("/hello").status == 200
    until(lambda: made(pair) == before + 10, "a count of all requests")


def test_workers_end_with_their_parent(tmp_path):
    wanted = config.replace(hosts.configuration("http", hosts.guest("http")), workers=2)
    with hosts.running(wanted, tmp_path) as host:
        until(lambda: len(workers_of(host)) == 2, "two workers")
        orphans = workers_of(host)
        host.process.kill()
        host.process.wait()
        until(lambda: not any(orphan.is_running() and orphan.status() != "zombie" for orphan in orphans), "their end")


@pytest.mark.parametrize("workers", [1, 2])
def test_sigterm_lets_a_request_finish_and_ends_with_code_0(workers, tmp_path):
    wanted = config.replace(hosts.configuration("http", hosts.guest("http")), workers=workers)
    with hosts.running(wanted, tmp_path) as host:
        answers = []
        slow = threading.Thread(target=lambda: answers.append(host.ask("/sleep?ms=2000").status))
        slow.start()
        time.sleep(0.7)
        host.process.send_signal(signal.SIGTERM)
        slow.join()
        assert answers == [200]
        assert host.process.wait(WAIT_SECONDS) == 0


def test_memory_is_refused_for_more_than_one_worker(tmp_path):
    link = config.Link("kv", "wasi:keyvalue", provider="memory")
    wanted = hosts.configuration("kv-store", hosts.guest("kv-store", link), config.Provider("memory", "memory"))
    ended = run(config.replace(wanted, workers=2), tmp_path)
    assert ended.returncode == 2
    assert "not shared between the 2 workers" in ended.stderr


def test_a_port_that_is_taken_is_code_3_in_one_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        wanted = hosts.configuration("http", hosts.guest("http"))
        ended = run(config.listening(wanted, f"127.0.0.1:{taken.getsockname()[1]}"), tmp_path)
    assert ended.returncode == 3
    assert len([line for line in ended.stderr.splitlines() if not line.startswith("{")]) == 1


def test_a_configuration_that_is_wrong_is_code_2_with_its_path(tmp_path):
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"schema": 1, "name": "x", "components": [{"name": "x", "artefact": "x.wasm"}]}))
    ended = start(file)
    assert ended.returncode == 2
    assert "components[0].artefact" in ended.stderr
    assert "did you mean 'artifact'" in ended.stderr


def run(wanted, folder):
    chosen = config.replace(wanted, management=config.Management(f"127.0.0.1:{servers.free_port()}"))
    file = folder / "config.json"
    file.write_text(config.dump(chosen))
    return start(file)


def start(file):
    argv = [sys.executable, "-m", "wasicloud_host", "--config", str(file)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=WAIT_SECONDS * 2, check=False, env=os.environ)
