"""The configuration contract: what is written is read back, and what is wrong is named by its path."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wasicloud_host import config
from wasicloud_host.errors import ConfigInvalid

FULL = config.HostConfig(
    name="demo/gopher",
    components=(
        config.Component(
            name="gopher",
            artifact="/artifacts/gopher.wasm",
            config={"greeting": "hello"},
            instances=config.Instances(max_requests=128),
            egress=config.Egress(allowed_hosts=("*.internal:8443",)),
            links=(
                config.Link(
                    name="kv",
                    interface="wasi:keyvalue",
                    provider="cache",
                    identifiers=("default",),
                    parameters=config.LinkParameters(
                        prefix="team-a/", buckets={"users": config.BucketParameters(prefix="")}
                    ),
                ),
            ),
        ),
    ),
    providers=(config.Provider(name="cache", type="redis", options={"url": "redis://localhost:6379/0"}),),
    http=config.Http(listen="127.0.0.1:0", request_timeout_seconds=2.5),
)


def smallest(**more: Any) -> dict[str, Any]:
    return {"schema": 1, "name": "a", "components": [{"name": "a", "artifact": "a.wasm"}], **more}


def test_what_is_dumped_is_parsed_back_equal() -> None:
    assert config.parse(config.dump(FULL)) == FULL


def test_equal_configurations_dump_equal_bytes_and_leave_defaults_out() -> None:
    text = config.dump(config.parse(json.dumps(smallest())))
    assert json.loads(text) == smallest()


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        (smallest(htp={}), "htp"),
        (smallest(http={"maxBodyByte": 1}), "http.maxBodyByte"),
        (smallest(http={"maxBodyBytes": "1"}), "http.maxBodyBytes"),
        (smallest(http={"requestTimeoutSeconds": 0}), "http.requestTimeoutSeconds"),
        (smallest(workers=True), "workers"),
        (smallest(workers=0), "workers"),
        (smallest(components=[]), "components"),
        (smallest(components=[{"name": "a"}]), "components[0].artifact"),
        (smallest(components=[{"name": "a", "artifact": "x"}, {"name": "a", "artifact": "x"}]), "components"),
        (
            smallest(
                components=[{"name": "a", "artifact": "x", "links": [{"name": "l", "interface": "wasi:keyvalue"}]}]
            ),
            "components[a].links[l]",
        ),
        (
            smallest(
                components=[
                    {"name": "a", "artifact": "x", "links": [{"name": "l", "interface": "i", "provider": "no"}]}
                ]
            ),
            "components[a].links[l].provider",
        ),
        ({**smallest(), "schema": 99}, "schema"),
        ([], "schema"),
    ],
)
def test_a_mistake_is_named_by_its_path(raw: Any, where: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        config.parse(json.dumps(raw))
    assert caught.value.where == where
    assert caught.value.problem
    assert caught.value.remedy


def test_a_misspelt_field_is_answered_with_the_one_that_was_meant() -> None:
    with pytest.raises(ConfigInvalid, match="did you mean 'maxBodyBytes'"):
        config.parse(json.dumps(smallest(http={"maxBodyByte": 1})))


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="cannot be read"):
        config.load(tmp_path / "missing.json")


def test_parsed_values_are_frozen() -> None:
    parsed = config.parse(config.dump(FULL))
    with pytest.raises(TypeError):
        parsed.components[0].config["x"] = "y"  # type: ignore[index]
