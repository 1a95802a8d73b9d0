"""Every older shape of an interface keeps its rules; one that cannot be served is refused by name before anything is served."""

from __future__ import annotations

import subprocess
import sys

import pytest

from host_tests.conformance import hosts, rules, shapes
from wasicloud_host import config

EARLIEST_KEYVALUE = shapes.versions("wasi:keyvalue/", "0.2.0-draft", "0.1.0")

LINKED = {
    "keyvalue-0.1.0": ("kv-eventual", (EARLIEST_KEYVALUE,)),
    "keyvalue-0.1.0-consume-as-methods": ("kv-eventual", (EARLIEST_KEYVALUE, shapes.consume_as_methods)),
    "keyvalue-0.2.0-draft-consume-as-methods": ("kv-eventual", (shapes.consume_as_methods,)),
    "blobstore-consume-as-methods": ("blobstore", (shapes.consume_as_methods,)),
}

BUILT_IN = {
    "config-runtime-of-bytes": (shapes.config_of_bytes,),
    "config-runtime-0.1.0": (
        shapes.config_of_bytes,
        shapes.versions("wasi:config/runtime", "0.2.0-draft", "0.1.0"),
    ),
    "config-store-0.2.0-draft": (shapes.versions("wasi:config/store", "0.2.0-rc.1", "0.2.0-draft"),),
    "config-store-0.2.0-draft-2024-09-27": (
        shapes.versions("wasi:config/store", "0.2.0-rc.1", "0.2.0-draft-2024-09-27"),
    ),
    "logging-without-version": (shapes.versions("wasi:logging/logging", "0.1.0-draft", ""),),
}


@pytest.mark.parametrize("shape", LINKED)
def test_a_linked_interface_keeps_every_rule_in_its_older_shape(shape, tmp_path):
    guest, edits = LINKED[shape]
    interface = "wasi:keyvalue" if guest in rules.KEYVALUE else "wasi:blobstore"
    link = config.Link("link", interface, provider="memory")
    component = config.Component(guest, str(shapes.made(guest, tmp_path, *edits)), links=(link,))
    wanted = hosts.configuration(guest, component, config.Provider("memory", "memory"))
    broken = {}
    with hosts.running(wanted, tmp_path) as host:
        for rule in (rules.KEYVALUE | rules.BLOBSTORE)[guest]:
            if rule not in rules.NEEDS_A_SETTING | rules.ENDS_THE_INSTANCE:
                found = host.rule(rule)
                if found.get("ok") is not True:
                    broken[rule] = found
    assert not broken


@pytest.mark.parametrize("shape", BUILT_IN)
def test_config_and_logging_keep_every_rule_in_their_older_shapes(shape, tmp_path):
    artifact = shapes.made("config-logging", tmp_path, *BUILT_IN[shape])
    component = config.Component("config-logging", str(artifact), config={"greeting": "hello"})
    with hosts.running(hosts.configuration("config-logging", component), tmp_path) as host:
        found = {
            rule: host.rule(rule, rules.PARAMETERS.get(rule, "")) for rule in rules.WITHOUT_BACKEND["config-logging"]
        }
    assert not {rule: answer for rule, answer in found.items() if answer.get("ok") is not True}


def test_a_shape_that_nobody_serves_is_refused_by_name(tmp_path):
    link = config.Link("link", "wasi:keyvalue", provider="memory")
    component = config.Component(
        "guest", str(shapes.made("kv-store", tmp_path, shapes.unknown_function)), links=(link,)
    )
    file = tmp_path / "config.json"
    file.write_text(config.dump(hosts.configuration("guest", component, config.Provider("memory", "memory"))))
    command = [sys.executable, "-m", "wasicloud_host", "--config", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 2, ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    for part in ("guest", "wasi:keyvalue/store@0.2.0-draft", "contains"):
        assert part in ended.stderr
