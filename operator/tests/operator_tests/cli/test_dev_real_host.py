"""`wasicloud dev` with the real host, the counter example and a real Redis: what `make run` promises, and swaps at a steady load."""

import http.client
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from operator_tests.cli.dev_process import DevProcess

COUNTER = Path(__file__).parents[4] / "examples" / "counter"
COMMAND = (sys.executable, "-m", "wasicloud_cli", "dev", "--port", "0")
CLIENTS = 4

MANIFEST = """\
apiVersion: wasicloud.dev/v1alpha1
kind: WasmComponent
metadata: {{name: counter}}
spec:
  image: file:counter.wasm
  config: {{greeting: Good day!}}
---
apiVersion: wasicloud.dev/v1alpha1
kind: CapabilityProvider
metadata: {{name: here}}
spec: {{memory: {{}}}}
---
apiVersion: wasicloud.dev/v1alpha1
kind: CapabilityProvider
metadata: {{name: there}}
spec:
  redis: {{url: "redis://127.0.0.1:{port}", passwordSecretRef: {{name: auth, key: password}}}}
---
apiVersion: wasicloud.dev/v1alpha1
kind: CapabilityProvider
metadata: {{name: nowhere}}
spec:
  redis: {{url: "redis://127.0.0.1:1"}}
---
apiVersion: v1
kind: Secret
metadata: {{name: auth}}
stringData: {{password: swordfish}}
---
apiVersion: wasicloud.dev/v1alpha1
kind: Link
metadata: {{name: counter-keyvalue}}
spec: {{component: counter, interface: wasi:keyvalue, provider: {provider}}}
"""


@pytest.fixture(scope="module")
def redis_port() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--requirepass", "swordfish"],
        stdout=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: is_open(port), "redis-server")
        yield port
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def manifest(tmp_path: Path, redis_port: int) -> Callable[[str], Path]:
    shutil.copy(COUNTER / "counter.wasm", tmp_path)
    file = tmp_path / "app.yaml"

    def write(provider: str) -> Path:
        file.write_text(MANIFEST.format(port=redis_port, provider=provider))
        return file

    return write


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def eventually(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=60) as response:
        return str(response.read().decode())


class Load:
    """Clients that keep their connections and ask without a pause; every answer that is not a visit's is a failure."""

    def __init__(self, url: str) -> None:
        self.answers = 0
        self.failures: list[str] = []
        self._address = urlsplit(url).netloc
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(CLIENTS)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        connection = http.client.HTTPConnection(self._address, timeout=60)
        while not self._stop.is_set():
            try:
                connection.request("GET", "/")
                response = connection.getresponse()
                body = response.read()
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
                continue
            self.answers += 1
            if response.status != 200 or not body.startswith(b"Good day! You are visitor"):
                self.failures.append(f"{response.status} {body[:200]!r}")
        connection.close()


def test_the_example_answers_and_counts_visits() -> None:
    with DevProcess(str(COUNTER / "manifest.yaml"), command=COMMAND) as dev:
        url = dev.url("counter")
        assert "visitor 1." in get(url)
        assert "visitor 2." in get(url)
        dev.says('"status": 200')  # the logs follow the table
        assert dev.stop() == 0


def test_an_edited_link_moves_requests_at_a_steady_load_and_none_fails(
    manifest: Callable[[str], Path], redis_port: int
) -> None:
    store = redis.Redis(port=redis_port, password="swordfish")
    with store, DevProcess(str(manifest("here")), command=COMMAND) as dev:
        url = dev.url("counter")
        with Load(url) as load:
            for turn in range(4):
                to_redis = turn % 2 == 0
                manifest("there" if to_redis else "here")
                dev.says("a new host serves", turn + 1)
                eventually(lambda to_redis=to_redis: goes_to(store, load) is to_redis, "the data's place")
        assert load.failures == []
        assert "swordfish" not in dev.text
        assert dev.stop() == 0


def goes_to(store: "redis.Redis", load: Load) -> bool:
    """Whether Redis is written while requests are answered; what an old host still finishes counts, so ask again."""
    before, seen = written(store), load.answers
    eventually(lambda: load.answers > seen + 200, "more answers")
    return written(store) > before


def written(store: "redis.Redis") -> int:
    return int(
        store.info("commandstats")
        .get("cmdstat_incrby", store.info("commandstats").get("cmdstat_incr", {}))
        .get("calls", 0)
    )


def test_a_provider_that_does_not_answer_leaves_the_old_host_serving(manifest: Callable[[str], Path]) -> None:
    with DevProcess(str(manifest("here")), command=COMMAND) as dev:
        url = dev.url("counter")
        with Load(url) as load:
            manifest("nowhere")
            dev.says("the new host is not ready (")
            dev.says("provider nowhere: ")
            seen = load.answers
            eventually(lambda: load.answers > seen + 200, "answers of the old host")
            manifest("there")
            dev.says("a new host serves")
        assert load.failures == []
        assert dev.stop() == 0


def passed_on(url: str, key: str = "sesame") -> tuple[int, str]:
    request = urllib.request.Request(url, headers={"x-key": key})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return int(response.status), str(response.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ""


def test_middleware_by_link_runs_in_one_process_and_follows_edits_of_both(tmp_path: Path) -> None:
    for name in ("counter", "gatekeeper"):
        shutil.copytree(COUNTER.parent / name, tmp_path / name, ignore=shutil.ignore_patterns("target"))
    manifest = tmp_path / "gatekeeper" / "manifest.yaml"
    text = manifest.read_text()
    with DevProcess(str(manifest), command=COMMAND) as dev:
        gate, behind = dev.url("gatekeeper"), dev.url("counter")
        assert passed_on(gate) == (200, "The gate is open. You are visitor 1.\n")
        assert passed_on(gate, "wrong")[0] == 401
        assert get(behind).startswith("The gate is open.")  # the target of a Link has a URL of its own, too
        manifest.write_text(text.replace("The gate is open.", "Come in!"))  # the target's own configuration
        eventually(
            lambda: passed_on(gate)[1].startswith("Come in!"), "the edit of the target in the process of the gate"
        )
        manifest.write_text(
            text.replace("interface: wasi:http/incoming-handler", "interface: wasi:http/outgoing-handler")
        )
        dev.says("gatekeeper-counter")
        assert passed_on(gate)[0] == 200
        assert dev.stop() == 0
