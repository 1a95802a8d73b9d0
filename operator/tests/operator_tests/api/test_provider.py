"""A CapabilityProvider is exactly one backend, names Secrets and holds none."""

from typing import Any

import pytest

from operator_tests import samples
from wasicloud_operator.api import provider
from wasicloud_operator.api.errors import SpecInvalid

REF = {"name": "auth", "key": "password"}
AZURE = {"accountUrl": "https://acct.blob.core.windows.net"}


@pytest.mark.parametrize(
    ("spec", "type_"),
    [
        (
            {"redis": {"url": "rediss://redis.example:6380/0", "passwordSecretRef": REF, "tls": {"caSecretRef": REF}}},
            "redis",
        ),
        ({"redis": {"url": "unix:///run/redis.sock"}}, "redis"),
        ({"azureBlob": {**AZURE, "accountKeySecretRef": REF, "container": {"prefix": "demo-"}}}, "azureBlob"),
        ({"azureBlob": {"connectionStringSecretRef": REF}}, "azureBlob"),
        ({"azureBlob": {**AZURE, "workloadIdentity": {"clientId": "x"}}}, "azureBlob"),
        ({"memory": {}}, "memory"),
        ({"filesystem": {"persistentVolumeClaim": {"claimName": "data"}}}, "filesystem"),
        ({"filesystem": {"path": "./data"}}, "filesystem"),
    ],
)
def test_each_type_is_read(spec: dict[str, Any], type_: str) -> None:
    assert samples.a_provider(**spec).spec.type == type_


MISTAKES: dict[str, tuple[dict[str, Any], str, str]] = {
    "none": ({"redis": None}, "spec.redis", "is null"),
    "two": ({"memory": {}, "redis": {"url": "redis://a"}}, "spec", "has redis and memory"),
    "no url": ({"redis": {}}, "spec.redis.url", "is missing"),
    "credentials in the url": ({"redis": {"url": "redis://app:hunter2@a"}}, "spec.redis.url", "holds credentials"),
    "not redis": ({"redis": {"url": "http://a"}}, "spec.redis.url", "is not a redis://"),
    "tls without TLS": ({"redis": {"url": "redis://a", "tls": {}}}, "spec.redis.tls", "needs a rediss:// URL"),
    "ref without a key": ({"redis": {"url": "redis://a", "passwordSecretRef": {"name": "a"}}}, "spec.redis.passwordSecretRef.key", "is missing"),
    "no credential": ({"azureBlob": AZURE}, "spec.azureBlob", "has none of its alternatives"),
    "two credentials": ({"azureBlob": {**AZURE, "accountKeySecretRef": REF, "sasTokenSecretRef": REF}}, "spec.azureBlob", "has accountKeySecretRef and sasTokenSecretRef"),
    "no account": ({"azureBlob": {"accountKeySecretRef": REF}}, "spec.azureBlob.accountUrl", "is missing"),
    "token in the url": ({"azureBlob": {"accountUrl": "https://a?sig=hunter2", "accountKeySecretRef": REF}}, "spec.azureBlob.accountUrl", "holds credentials"),
    "bad prefix": ({"azureBlob": {**AZURE, "accountKeySecretRef": REF, "container": {"prefix": "Up_"}}}, "spec.azureBlob.container.prefix", "cannot begin"),
    "no volume": ({"filesystem": {}}, "spec.filesystem", "has none of its alternatives"),
    "unknown type": ({"mongo": {}}, "spec.mongo", "is not a known field"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_without_showing_a_secret(mistake: str) -> None:
    spec, path, problem = MISTAKES[mistake]
    with pytest.raises(SpecInvalid) as raised:
        samples.a_provider(**spec)
    assert raised.value.path == path
    assert problem in raised.value.problem
    assert "hunter2" not in str(raised.value)


def test_secrets_that_the_pods_need_are_listed() -> None:
    redis = samples.a_provider(
        redis={"url": "rediss://a", "passwordSecretRef": REF, "tls": {"caSecretRef": {"name": "ca", "key": "ca.crt"}}}
    )
    assert [(ref.name, ref.key) for ref in provider.secret_refs(redis)] == [("auth", "password"), ("ca", "ca.crt")]
    assert list(provider.secret_refs(samples.a_provider())) == []
    azure = samples.a_provider(azureBlob={**AZURE, "sasTokenSecretRef": REF})
    assert [ref.name for ref in provider.secret_refs(azure)] == ["auth"]
