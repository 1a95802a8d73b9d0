"""What every scenario stands on: the operator installed by the chart, a namespace of its own, backends, a visitor.

The cluster is KUBECONFIG's; `e2e/run` makes one if there is none and builds and loads the images. Settings by environment:
E2E_TAG (of the images), E2E_REPOSITORY (their prefix), E2E_HOST_ADDRESS (of this machine as pods see it), E2E_KEEP (leave
namespaces for a look).
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import release
import servers
from kube import Namespace, kubectl, until
from visitor import Visitor
from wasicloud_host.oci import push, reference, registry

EXAMPLES = servers.ROOT / "examples"


@dataclass(frozen=True)
class Artifacts:
    """The registry, and the components in it."""

    address: str

    def push(self, file: Path, name: str, tag: str = "1") -> str:
        """Push a component; its image."""
        local = f"127.0.0.1:{self.address.rpartition(':')[2]}/{name}:{tag}"
        push.push(file.read_bytes(), file.name, reference.parse(local), registry.Access())
        return f"{self.address}/{name}:{tag}"

    @property
    def counter(self) -> str:
        return f"{self.address}/counter:1"

    @property
    def hello(self) -> str:
        return f"{self.address}/hello:1"


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Artifacts]:
    with servers.registry(tmp_path_factory.mktemp("registry")) as address:
        made = Artifacts(address)
        made.push(EXAMPLES / "counter" / "counter.wasm", "counter")
        made.push(EXAMPLES / "hello" / "rust" / "hello.wasm", "hello")
        yield made


@pytest.fixture(scope="session")
def operator(artifacts: Artifacts) -> Iterator[release.Release]:
    """The operator, installed by the chart for all namespaces."""
    installed = release.Release("wasi-cloud", "wasi-cloud")
    installed.install(plain_http=artifacts.address)
    yield installed
    installed.remove()


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Redis]:
    with servers.redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Azurite]:
    with servers.azurite(tmp_path_factory.mktemp("azurite")) as server:
        yield server


@pytest.fixture
def namespace(request: pytest.FixtureRequest, operator: release.Release) -> Iterator[Namespace]:
    """A namespace that enforces the Pod Security Standard `restricted`, as all of them do here."""
    del operator
    with own_namespace(request, "") as made:
        yield made


@pytest.fixture
def other_namespace(request: pytest.FixtureRequest, operator: release.Release) -> Iterator[Namespace]:
    """A second one."""
    del operator
    with own_namespace(request, "-other") as made:
        yield made


class own_namespace:  # noqa: N801 a context manager
    """A namespace named for the test, gone after it."""

    def __init__(self, request: pytest.FixtureRequest, suffix: str) -> None:
        words = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower()).strip("-")
        self._namespace = Namespace(f"{words[:40]}-{time.time_ns() // 1_000_000 % 100_000:05d}{suffix}")

    def __enter__(self) -> Namespace:
        name = self._namespace.name
        kubectl("create", "namespace", name)
        kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
        until("the default service account", lambda: self._namespace.get("serviceaccount", "default"))
        return self._namespace

    def __exit__(self, *_: object) -> None:
        if not os.environ.get("E2E_KEEP"):
            kubectl("delete", "namespace", self._namespace.name, "--wait=false")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed scenario shows what was in its namespaces, while it is there."""
    report = yield
    if report.when == "call":
        for name in ("namespace", "other_namespace"):
            made = getattr(item, "funcargs", {}).get(name)
            if report.failed and made is not None:
                report.sections.append((f"namespace {made.name}", made.diagnosis()))
    return report


@pytest.fixture(scope="session")
def visitor(operator: release.Release) -> Iterator[Visitor]:
    """A client in a namespace of its own."""
    namespace = Namespace(f"visitor-{os.getpid()}")
    kubectl("create", "namespace", namespace.name)
    until("the default service account", lambda: namespace.get("serviceaccount", "default"))
    made = Visitor(namespace)
    namespace.apply(made.body(operator.host_image))
    namespace.run("wait", "pod/visitor", "--for=condition=Ready", "--timeout=60s")
    yield made
    kubectl("delete", "namespace", namespace.name, "--wait=false")


@pytest.fixture(scope="session")
def figures() -> Iterator[dict[str, str]]:
    """What was measured; printed at the end and written to E2E_FIGURES if set."""
    found: dict[str, str] = {}
    yield found
    FIGURES.update(found)


FIGURES: dict[str, str] = {}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if FIGURES:
        terminalreporter.section("figures")
        for name, value in FIGURES.items():
            terminalreporter.write_line(f"{name}: {value}")
