"""Settings: what the chart writes is read, and a mistake is one sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wasicloud_operator import settings

ROOT = Path(__file__).parents[4]
IMAGE = {"WASICLOUD_HOST_IMAGE": "registry.example/host:1"}


def test_only_the_host_image_has_to_be_said() -> None:
    found = settings.from_environment(IMAGE)
    assert found.host.image == "registry.example/host:1"
    assert found.namespaces == ()
    assert found.lease_namespace == ""
    assert found.host.network_policies


def test_everything_can_be_said() -> None:
    found = settings.from_environment(
        IMAGE
        | {
            "WASICLOUD_NAMESPACE": "a, b",
            "WASICLOUD_LEADER_ELECTION": "true",
            "WASICLOUD_LEASE_NAMESPACE": "system",
            "WASICLOUD_PLAIN_HTTP_REGISTRIES": "127.0.0.1:5000",
            "WASICLOUD_NETWORK_POLICIES": "false",
            "WASICLOUD_LOG_LEVEL": "debug",
            "WASICLOUD_WORKERS": "3",
            "POD_NAME": "operator-0",
        }
    )
    assert found.namespaces == ("a", "b")
    assert (found.lease_namespace, found.identity, found.workers) == ("system", "operator-0", 3)
    assert found.host.plain_http == ("127.0.0.1:5000",)
    assert not found.host.network_policies
    assert found.log_level == "DEBUG"


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "WASICLOUD_HOST_IMAGE is not set; set it to the host image"),
        (IMAGE | {"WASICLOUD_LEADER_ELECTION": "yes"}, "WASICLOUD_LEADER_ELECTION is 'YES'; write one of true, false"),
        (IMAGE | {"WASICLOUD_LEADER_ELECTION": "true"}, "WASICLOUD_LEASE_NAMESPACE is not set"),
        (IMAGE | {"WASICLOUD_WORKERS": "0"}, "WASICLOUD_WORKERS is '0'; write a whole number above 0"),
        (IMAGE | {"WASICLOUD_LOG_LEVEL": "loud"}, "WASICLOUD_LOG_LEVEL is 'LOUD'; write one of debug"),
    ],
)
def test_a_mistake_names_the_variable_and_the_remedy(variables: dict[str, str], said: str) -> None:
    with pytest.raises(settings.SettingInvalid, match=re.escape(said)):
        settings.from_environment(variables)


def test_every_variable_that_the_chart_writes_is_read() -> None:
    chart = (ROOT / "helm" / "wasi-cloud" / "templates" / "deployment.yaml").read_text()
    written = set(re.findall(r"name: (WASICLOUD_[A-Z_]+|POD_NAME)", chart))
    read = (ROOT / "operator" / "src" / "wasicloud_operator" / "settings.py").read_text()
    assert written
    assert not [name for name in written if f'"{name}"' not in read]


def test_nothing_else_reads_the_environment() -> None:
    package = ROOT / "operator" / "src" / "wasicloud_operator"
    readers = [path.name for path in package.rglob("*.py") if re.search(r"os\.(environ|getenv)", path.read_text())]
    assert readers == ["__main__.py"], "and that hands it to settings"
