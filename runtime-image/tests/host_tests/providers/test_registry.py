"""A provider that cannot be is refused before anything is served: path, problem, remedy, and no secret."""

from __future__ import annotations

import subprocess
import sys

import pytest

from wasicloud_host import config
from wasicloud_host.errors import ConfigInvalid
from wasicloud_host.providers import registry
from wasicloud_host.providers.redis import settings


def refused(kind, options):
    """The mistake that a provider with these options is."""
    with pytest.raises(ConfigInvalid) as caught:
        registry.open_one(config.Provider("cache", kind, options))
    return caught.value


def test_the_table_is_sorted_and_every_backend_can_be_made(tmp_path):
    assert list(registry.BACKENDS) == sorted(registry.BACKENDS)
    secret = tmp_path / "secret"
    secret.write_text("a2V5")
    options = {
        "azureBlob": {"accountUrl": "https://acct.blob.core.windows.net", "accountKeyFile": str(secret)},
        "filesystem": {"path": str(tmp_path / "data")},
        "memory": {},
        "redis": {"url": "redis://redis.example"},
    }
    opened = registry.open_all([config.Provider(kind, kind, options[kind]) for kind in registry.BACKENDS])
    for kind, provider in opened.items():
        assert (provider.name, provider.type) == (kind, kind)
        assert provider.summary()
        provider.close()


def test_an_unknown_type_names_the_likely_one():
    mistake = refused("reddis", {})
    assert mistake.where == "providers[cache].type"
    assert "redis" in mistake.remedy


def test_a_backend_whose_package_is_missing_says_what_to_install():
    program = (
        "import sys; sys.modules['redis'] = None\n"
        "from wasicloud_host import config\nfrom wasicloud_host.providers import registry\n"
        "registry.open_one(config.Provider('cache', 'redis', {'url': 'redis://x'}))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "install wasi-cloud[redis]" in ended.stderr


@pytest.mark.parametrize(
    ("kind", "options", "where"),
    [
        ("memory", {"size": 1}, "size"),
        ("redis", {}, "url"),
        ("redis", {"url": "redis://x", "pasword": "x"}, "pasword"),
        ("redis", {"url": "http://x"}, "url"),
        ("redis", {"url": "redis:///0"}, "url"),
        ("redis", {"url": "unix:"}, "url"),
        ("redis", {"url": "redis://x/db"}, "url"),
        ("redis", {"url": "redis://x/0?socket_timeout=1"}, "url"),
        ("redis", {"url": "redis://x:port"}, "url"),
        ("redis", {"url": "redis://x", "tls": {"caFile": "/ca"}}, "tls"),
        ("redis", {"url": "rediss://x", "tls": {"caFile": "/no/such/file"}}, "tls.caFile"),
        ("redis", {"url": "redis://x", "username": "me"}, "username"),
        ("redis", {"url": "redis://x", "passwordFile": "/no/such/file"}, "passwordFile"),
        ("redis", {"url": 1}, "url"),
        ("filesystem", {}, "path"),
        ("filesystem", {"path": "/proc/version/data"}, "path"),
        ("azureBlob", {"accountUrl": "https://a.example"}, ""),
        ("azureBlob", {"accountUrl": "ftp://a.example", "workloadIdentity": {}}, "accountUrl"),
        ("azureBlob", {"workloadIdentity": {}}, "accountUrl"),
        ("azureBlob", {"accountUrl": "https://a.example", "accountKeyFile": "/no/such/file"}, "accountKeyFile"),
        ("azureBlob", {"accountUrl": "https://a.example", "workloadIdentity": {}, "sasTokenFile": "/x"}, ""),
        (
            "azureBlob",
            {"accountUrl": "https://a.example", "workloadIdentity": {}, "container": {"prefix": "Demo_"}},
            "container.prefix",
        ),
    ],
)
def test_a_mistake_names_its_place(kind, options, where):
    mistake = refused(kind, options)
    assert mistake.where == ("providers[cache].options." + where).rstrip(".")
    assert mistake.problem
    assert mistake.remedy


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("redis", {"url": "redis://:hunter2@redis.example"}),
        ("redis", {"url": "redis://me:hunter2@redis.example"}),
        ("redis", {"url": "unix:///socket?password=hunter2"}),
        ("azureBlob", {"accountUrl": "https://a.example?sig=hunter2", "workloadIdentity": {}}),
        ("azureBlob", {"accountUrl": "https://me:hunter2@a.example", "workloadIdentity": {}}),
    ],
)
def test_credentials_in_a_URL_are_refused_and_not_repeated(kind, options):
    mistake = refused(kind, options)
    assert "credentials" in str(mistake)
    assert "hunter2" not in str(mistake)


def test_an_empty_secret_is_refused(tmp_path):
    empty = tmp_path / "empty"
    empty.write_text("\n")
    mistake = refused("redis", {"url": "redis://x", "passwordFile": str(empty)})
    assert mistake.where == "providers[cache].options.passwordFile"


@pytest.mark.parametrize(
    ("url", "where", "database"),
    [
        ("redis://redis.example", "redis.example:6379", 0),
        ("redis://redis.example:6380/3", "redis.example:6380", 3),
        ("redis://[::1]:6380", "::1:6380", 0),
        ("unix:///run/redis.sock?db=2", "/run/redis.sock", 2),
    ],
)
def test_where_redis_is(url, where, database):
    parsed = settings.parse({"url": url}, "options")
    assert (str(parsed), parsed.database) == (where, database)
