"""A configuration that cannot be right stops the host before it serves: exit code 2, one sentence with path, problem, remedy."""

from __future__ import annotations

import copy
import json
import socket
import subprocess
import sys

import pytest

from host_tests.conformance import hosts
from host_tests.providers import servers
from host_tests.providers.contract.backends import AZURITE_KEY

SECRET = "hunter2-of-the-mistakes"
REDIS = {"name": "cache", "type": "redis", "options": {"url": "redis://127.0.0.1:6379"}}


def document(provider=None, link=None, **top):
    """A configuration that is right, but for what a test changes."""
    wire = {"name": "kv", "interface": "wasi:keyvalue", "provider": "cache", **(link or {})}
    component = {"name": "guest", "artifact": str(hosts.GUESTS / "kv-store.wasm"), "links": [wire]}
    return {
        "schema": 1,
        "name": "guest",
        "components": [component],
        "providers": [provider or copy.deepcopy(REDIS)],
        "http": {"listen": "127.0.0.1:0"},
        "management": {"listen": "127.0.0.1:0"},
        **top,
    }


def azure(**options):
    """An Azure provider with these options."""
    return {"name": "cache", "type": "azureBlob", "options": options}


def redis(**options):
    """A Redis provider with these options added."""
    return {**REDIS, "options": {**REDIS["options"], **options}}


ACCOUNT = "http://127.0.0.1:10000/devstoreaccount1"
URL = "providers[cache].options.accountUrl"

MISTAKES = {
    "unknown-field": (document(colour="blue"), "colour", "is not a known field", "known are"),
    "misspelt-field": (document(worker=2), "worker", "is not a known field", "did you mean 'workers'?"),
    "unknown-field-of-a-provider": (
        document(redis(pasword="x")),
        "providers[cache].options.pasword",
        "is not a known field",
        "did you mean 'passwordFile'",
    ),
    "unknown-type": (
        document({**REDIS, "type": "reddis"}),
        "providers[cache].type",
        "is not a known backend",
        "'redis'",
    ),
    "unknown-interface": (
        document(link={"interface": "wasi:sql"}),
        "components[guest].links[kv].interface",
        "'wasi:sql' is not an interface",
        "use wasi:keyvalue or wasi:blobstore",
    ),
    "link-to-nowhere": (
        document(link={"provider": "cash"}),
        "provider",
        "'cash' is not among the providers",
        "correct the name",
    ),
    "unknown-layout": (
        document(link={"parameters": {"layout": "sets"}}),
        "parameters.layout",
        "is 'sets'",
        "use one of strings, hash",
    ),
    "password-in-url": (
        document(redis(url=f"redis://:{SECRET}@127.0.0.1:6379")),
        "providers[cache].options.url",
        "holds credentials",
        "passwordSecretRef",
    ),
    "signature-in-url": (
        document(azure(accountUrl=f"{ACCOUNT}?sig={SECRET}", workloadIdentity={})),
        URL,
        "holds credentials",
        "Secret references",
    ),
    "missing-secret-file": (
        document(redis(passwordFile="/no/such/secret")),
        "providers[cache].options.passwordFile",
        "/no/such/secret cannot be read",
        "mount the Secret's key",
    ),
    "missing-key-file": (
        document(azure(accountUrl=ACCOUNT, accountKeyFile="/no/such/key")),
        "providers[cache].options.accountKeyFile",
        "cannot be read",
        "mount the Secret's key",
    ),
    "account-is-no-url": (
        document(azure(accountUrl="devstoreaccount1", workloadIdentity={})),
        URL,
        "is not a URL",
        "write https://ACCOUNT.blob.core.windows.net",
    ),
    "no-account": (document(azure(workloadIdentity={})), URL, "is missing", "write https://ACCOUNT"),
    "two-ways-to-sign-in": (
        document(azure(accountUrl=ACCOUNT, workloadIdentity={}, sasTokenFile="/x")),
        "providers[cache].options",
        "needs one way to sign in",
        "give one of",
    ),
    "no-way-to-sign-in": (
        document(azure(accountUrl=ACCOUNT)),
        "providers[cache].options",
        "needs one way to sign in",
        "give one of",
    ),
    "memory-of-several-workers": (
        document({"name": "cache", "type": "memory"}, workers=2),
        "providers[cache].type",
        "not shared",
        "set workers to 1",
    ),
}


def refused(configuration, folder):
    """What the host says on standard error as it refuses."""
    file = folder / "config.json"
    file.write_text(json.dumps(configuration))
    command = [sys.executable, "-m", "wasicloud_host", "--config", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 2, (ended.returncode, ended.stderr)
    assert ended.stdout == ""
    return ended.stderr


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_stops_the_host_with_path_problem_and_remedy(mistake, tmp_path):
    configuration, path, problem, remedy = MISTAKES[mistake]
    said = refused(configuration, tmp_path)
    assert len(said.strip().splitlines()) == 1, said
    assert path in said
    assert problem in said
    assert remedy in said
    assert SECRET not in said


def test_the_port_is_not_even_opened(tmp_path):
    port = servers.free_port()
    configuration = document(redis(pasword="x"), http={"listen": f"127.0.0.1:{port}"})
    refused(configuration, tmp_path)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_an_account_that_refuses_the_key_is_never_ready_and_says_why(tmp_path):
    """Not exit code 2: a key may be on its way (rotation), so the host waits for it, and no traffic comes meanwhile."""
    home = tmp_path / "azurite"
    home.mkdir()
    server = servers.azurite(home)
    server.start()
    try:
        key = tmp_path / "key"
        key.write_text("d3JvbmcgYWNjb3VudCBrZXkgb2YgYSB0ZXN0IQ==")
        options = {"accountUrl": f"http://127.0.0.1:{server.port}/devstoreaccount1", "accountKeyFile": str(key)}
        management = servers.free_port()
        configuration = document(azure(**options), management={"listen": f"127.0.0.1:{management}"})
        file = tmp_path / "config.json"
        file.write_text(json.dumps(configuration))
        log = tmp_path / "log"
        with log.open("wb") as output:
            process = subprocess.Popen([sys.executable, "-m", "wasicloud_host", "--config", str(file)], stderr=output)
        host = hosts.Host(process, 0, management, log)
        try:
            servers.wait_until(lambda: "refused the credentials" in log.read_text(), "the account's refusal")
            assert not host.ready()
            key.write_text(AZURITE_KEY)
            servers.wait_until(host.ready, "readiness with the right key")
        finally:
            process.terminate()
            process.wait(60)
        assert "d3JvbmcgYWNj" not in log.read_text()
    finally:
        server.kill()


def test_what_is_right_is_served(tmp_path):
    """The document that the mistakes are made in has none of its own."""
    wanted = hosts.config.parse(json.dumps(document({"name": "cache", "type": "memory"})))
    with hosts.running(wanted, tmp_path) as host:
        assert host.ask("/KV05").status == 200
