"""The host's configuration says everything, holds no secret, and is equal for equal objects."""

import json
from dataclasses import replace

from operator_tests import samples
from wasicloud_host import config
from wasicloud_operator.build import host_config, mounts
from wasicloud_operator.domain import bindings

REF = {"name": "auth", "key": "password"}
GOPHER = samples.a_component(
    config={"greeting": "hello"},
    configFrom=[{"configMapRef": {"name": "a"}}, {"secretRef": {"name": "b"}}],
    http={"requestTimeout": "5s", "maxConcurrentRequests": 3, "maxBodyBytes": "1Mi"},
    instances={"maxRequests": 9, "memory": "64Mi"},
    egress={"allowedHosts": ["api.example.com"]},
)
BLOBBY = samples.a_component("blobby")
PROVIDERS = (
    samples.a_provider("cache", redis={"url": "rediss://r:6380/0", "username": "app", "passwordSecretRef": REF, "tls": {"caSecretRef": {"name": "ca", "key": "ca.crt"}}}),
    samples.a_provider("blobs", azureBlob={"accountUrl": "https://a", "container": {"prefix": "demo-"}, "accountKeySecretRef": REF}),
    samples.a_provider("files", filesystem={"persistentVolumeClaim": {"claimName": "data"}}),
    samples.a_provider("connected", azureBlob={"connectionStringSecretRef": REF}),
    samples.a_provider("identified", azureBlob={"accountUrl": "https://a", "workloadIdentity": {"clientId": "x"}}),
)  # fmt: skip
LINKS = (
    samples.a_link("kv", provider="cache", identifiers=["d"], parameters={"prefix": "p/", "layout": "hash", "buckets": {"u": {"prefix": "", "name": "n"}}}),
    samples.a_link("blob", provider="blobs", interface="wasi:blobstore"),
    samples.a_link("next", target="blobby", interface="wasi:http/incoming-handler"),
    samples.a_link("files", "blobby", provider="files"),
    samples.a_link("more", "blobby", provider="connected", identifiers=["1"]),
    samples.a_link("most", "blobby", provider="identified", identifiers=["2"]),
)  # fmt: skip
BOUND = bindings.bind(GOPHER, LINKS, PROVIDERS, (GOPHER, BLOBBY))


def rendered() -> config.HostConfig:
    return host_config.render(BOUND, mounts.PodPaths(BOUND), digests={"gopher": "sha256:00"})


def test_the_host_reads_what_is_rendered() -> None:
    assert config.parse(config.dump(rendered())) == rendered()


def test_every_field_arrives() -> None:
    whole = rendered()
    gopher, blobby = whole.components
    assert (whole.name, whole.http.request_timeout_seconds, whole.http.max_concurrent_requests) == ("gopher", 5.0, 3)
    assert (whole.http.max_body_bytes, gopher.instances.memory_bytes, gopher.instances.max_requests) == (
        1 << 20,
        64 << 20,
        9,
    )
    assert (gopher.image, gopher.digest, dict(gopher.config)) == (
        "registry.example/gopher:1",
        "sha256:00",
        {"greeting": "hello"},
    )
    assert gopher.config_directories == ("/etc/wasicloud/sources/gopher/0", "/etc/wasicloud/sources/gopher/1")
    assert gopher.egress.allowed_hosts == ("api.example.com",)
    assert [link.name for link in gopher.links] == ["blob", "kv", "next"]
    kv = gopher.links[1]
    assert (kv.identifiers, kv.parameters.prefix, kv.parameters.layout) == (("d",), "p/", "hash")
    assert kv.parameters.buckets["u"] == config.BucketParameters(prefix="", name="n")
    assert (gopher.links[2].target, blobby.name) == ("blobby", "blobby")


def test_providers_get_files_in_place_of_secrets() -> None:
    options = {provider.name: (provider.type, dict(provider.options)) for provider in rendered().providers}
    password = "/etc/wasicloud/secrets/{}/auth/password"
    assert options == {
        "cache": (
            "redis",
            {"url": "rediss://r:6380/0", "username": "app", "passwordFile": password.format("cache"),
             "tls": {"caFile": "/etc/wasicloud/secrets/cache/ca/ca.crt"}},
        ),
        "blobs": ("azureBlob", {"accountUrl": "https://a", "container": {"prefix": "demo-"}, "accountKeyFile": password.format("blobs")}),
        "files": ("filesystem", {"path": "/var/lib/wasicloud/data/files"}),
        "connected": ("azureBlob", {"connectionStringFile": password.format("connected")}),
        "identified": ("azureBlob", {"accountUrl": "https://a", "workloadIdentity": {"clientId": "x"}}),
    }  # fmt: skip


def test_the_digest_follows_the_meaning() -> None:
    again = bindings.bind(GOPHER, LINKS[::-1], PROVIDERS[::-1], (BLOBBY, GOPHER))
    assert host_config.render(again, mounts.PodPaths(again), digests={"gopher": "sha256:00"}) == rendered()
    before = host_config.config_digest(rendered())
    assert before == host_config.config_digest(rendered())
    assert before != host_config.config_digest(replace(rendered(), workers=2))
    assert before.startswith("sha256:")
    assert host_config.digest({"a": 1, "b": 2}) == host_config.digest(json.loads('{"b": 2, "a": 1}'))
