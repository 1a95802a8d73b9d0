"""Components linked to components: one process, each with its own configuration, Links and identity."""

from __future__ import annotations

import subprocess
import sys

import pytest

from host_tests.conformance import hosts
from host_tests.providers import servers
from wasicloud_host import config

EXAMPLES = servers.ROOT / "examples"


def gatekeeper(name: str, target: str, key: str = "sesame") -> config.Component:
    """Middleware that passes on to ``target`` what brings its key."""
    link = config.Link("next", "wasi:http/incoming-handler", target=target)
    artifact = str(EXAMPLES / "gatekeeper" / "gatekeeper.wasm")
    return config.Component(name, artifact, config={"key": key}, links=(link,))


def counter() -> config.Component:
    """Counts visits; greets as its own configuration says."""
    link = config.Link("kv", "wasi:keyvalue", provider="memory")
    artifact = str(EXAMPLES / "counter" / "counter.wasm")
    return config.Component("counter", artifact, config={"greeting": "Behind the gate."}, links=(link,))


def chain(*components: config.Component) -> config.HostConfig:
    """A host whose first component answers HTTP."""
    return config.HostConfig("chain", components, (config.Provider("memory", "memory"),), config.Http("127.0.0.1:0"))


@pytest.fixture(scope="module")
def gated(tmp_path_factory):
    with hosts.running(chain(gatekeeper("gate", "counter"), counter()), tmp_path_factory.mktemp("chain")) as host:
        yield host


def test_middleware_answers_for_itself_or_passes_on(gated):
    assert gated.ask("/").status == 401
    first, second = (gated.ask("/", headers={"x-key": "sesame"}).text for _ in range(2))
    assert first.startswith("Behind the gate. You are visitor ")
    assert int(second.rstrip(".\n").split()[-1]) == int(first.rstrip(".\n").split()[-1]) + 1


def test_each_component_has_its_own_configuration(gated):
    assert "Behind the gate." in gated.ask("/", headers={"x-key": "sesame"}).text
    assert gated.ask("/", headers={"x-key": "Behind the gate."}).status == 401


def test_bodies_stream_through_a_chain_of_three(tmp_path):
    components = (gatekeeper("one", "two"), gatekeeper("two", "http"), hosts.guest("http"))
    with hosts.running(chain(*components), tmp_path) as host:
        body = bytes(range(256)) * 8192
        assert host.ask("/echo", "POST", body, {"x-key": "sesame"}).body == body
        assert host.ask("/trap?when=before", headers={"x-key": "sesame"}).status == 500
        assert host.ask("/hello", headers={"x-key": "sesame"}).text == "hello\n"


@pytest.mark.parametrize(
    ("components", "said"),
    [
        ((gatekeeper("one", "two"), gatekeeper("two", "one")), ("one", "two")),
        ((gatekeeper("gate", "hello"), config.Component("hello", str(hosts.GUESTS / "README.md"))), ("hello",)),
    ],
    ids=["cycle", "not-wasm"],
)
def test_a_chain_that_cannot_be_is_refused_in_one_sentence_with_exit_code_2(components, said, tmp_path):
    file = tmp_path / "config.json"
    file.write_text(config.dump(chain(*components)))
    ended = subprocess.run(
        [sys.executable, "-m", "wasicloud_host", "--config", str(file)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 2
    assert len(ended.stderr.strip().splitlines()) == 1, ended.stderr
    assert all(name in ended.stderr for name in said)
