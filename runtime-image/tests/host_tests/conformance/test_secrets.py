"""No credential shows: every way to sign in, used, refused and cut off; then everything that others can see is searched."""

from __future__ import annotations

import base64
import datetime as dt
from contextlib import contextmanager
from urllib.parse import quote, unquote

import pytest
from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas

from host_tests.conformance import hosts
from host_tests.conformance.conftest import linked
from host_tests.providers import servers
from host_tests.providers.contract.backends import AZURITE_KEY, Backend
from wasicloud_host import config
from wasicloud_host.providers import registry

ACCOUNT = "devstoreaccount1"
PASSWORD = "pass:word of/the@secrets+test"
WRONG = "d3Jvbmcgc2VjcmV0IG9mIGEgdGVzdCBvZiBzZWNyZXRz"


def _signature() -> str:
    now = dt.datetime.now(dt.UTC)
    return generate_account_sas(
        account_name=ACCOUNT,
        account_key=AZURITE_KEY,
        resource_types=ResourceTypes(service=True, container=True, object=True),
        permission=AccountSasPermissions(read=True, write=True, delete=True, list=True, add=True, create=True),
        expiry=now + dt.timedelta(hours=1),
        start=now - dt.timedelta(hours=1),
    )


@contextmanager
def _redis(folder):
    server = servers.redis_server(folder, "--requirepass", PASSWORD)
    server.start()
    try:
        options = {"url": f"redis://127.0.0.1:{server.port}"}
        yield _signing_in("redis", options, "passwordFile", PASSWORD, (PASSWORD,), folder, server)
    finally:
        server.kill()


def _azure(kind):
    @contextmanager
    def running(folder):
        home = folder / "azurite"
        home.mkdir()
        server = servers.azurite(home)
        server.start()
        url = f"http://127.0.0.1:{server.port}/{ACCOUNT}"
        try:
            if kind == "connectionStringFile":
                string = (
                    f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={AZURITE_KEY};BlobEndpoint={url};"
                )
                yield _signing_in("azureBlob", {}, kind, string, (string, AZURITE_KEY), folder, server)
            elif kind == "accountKeyFile":
                yield _signing_in("azureBlob", {"accountUrl": url}, kind, AZURITE_KEY, (AZURITE_KEY,), folder, server)
            else:
                token = _signature()
                parts = (token, token.rpartition("sig=")[2])
                yield _signing_in("azureBlob", {"accountUrl": url}, kind, token, parts, folder, server)
        finally:
            server.kill()

    return running


def _signing_in(kind, options, field, secret, parts, folder, server) -> Backend:
    file = folder / "secret"
    file.write_text(secret)
    return Backend(kind, {**options, field: str(file)}, servers=[server], secrets=tuple(parts))


WAYS = {
    "redis-password": _redis,
    "azure-account-key": _azure("accountKeyFile"),
    "azure-connection-string": _azure("connectionStringFile"),
    "azure-shared-access-signature": _azure("sasTokenFile"),
}


@pytest.fixture(params=WAYS)
def signed_in(request, tmp_path):
    """A backend that wants a credential, and its file."""
    folder = tmp_path / "backend"
    folder.mkdir()
    with WAYS[request.param](folder) as backend:
        yield backend


def spellings(secret: str) -> set[str]:
    """How a credential may look where it has leaked."""
    plain = unquote(secret)
    encoded = {base64.b64encode(text.encode()).decode() for text in (secret, plain)}
    return {secret, plain, quote(plain), quote(plain, safe=""), repr(plain)[1:-1], *encoded}


def assert_nothing_of(secrets, text):
    """None of the credentials is in it, however it is written."""
    found = [secret for whole in secrets for secret in spellings(whole) if secret in text]
    assert not found


def seen_by(ask, *paths):
    """The bodies and headers of these answers."""
    answers = [ask(path) for path in paths]
    return "\n".join(f"{answer.status} {dict(answer.headers)} {answer.body!r}" for answer in answers)


def test_no_credential_is_in_anything_that_others_can_see(signed_in, tmp_path):
    backend = signed_in
    file = next(hosts.Path(value) for key, value in backend.options.items() if key.endswith("File"))
    right = file.read_text()
    with (
        hosts.running(linked("kv-draft2", backend), tmp_path) as keys,
        hosts.running(linked("blobstore-finish", backend), tmp_path) as blobs,
    ):
        for rule in ("KV02", "KV11", "KV16", "KV17", "KV19"):
            assert keys.rule(rule)["ok"] is True
        for rule in ("BS03", "BS09", "BS14", "BS16"):
            assert blobs.rule(rule)["ok"] is True

        def everything():
            told = seen_by(keys.ask, "/get?bucket=default&key=k", "/increment?bucket=default&key=k&delta=1", "/KV01")
            told += seen_by(blobs.ask, "/get?container=none&name=k", "/list?container=none", "/BS01")
            return told + keys.told() + blobs.told()

        assert_nothing_of(backend.secrets, everything())
        file.write_text(WRONG)  # the next connection is refused
        for server in backend.servers:
            server.kill()
        assert_nothing_of((*backend.secrets, WRONG), everything())  # nobody is there
        for server in backend.servers:
            server.start()
        told = everything()
        assert_nothing_of((*backend.secrets, WRONG), told)
        file.write_text(right)
        servers.wait_until(lambda: keys.rule("KV05").get("ok") is True, "the right credential")
        assert_nothing_of((*backend.secrets, WRONG), everything())


def test_no_credential_is_in_the_words_of_our_own_objects(signed_in):
    wanted = config.Provider("tested", signed_in.type, signed_in.options)
    whole = linked("kv-store", signed_in)
    provider = registry.open_one(wanted)
    try:
        place = signed_in.place("words")
        bucket = provider.keyvalue(place)
        bucket.set(b"key", b"value")
        objects = (wanted, whole, config.dump(whole), provider, provider.summary(), bucket, provider.blobstore())
        inside = [value for held in (provider, bucket) for value in getattr(held, "__dict__", {}).values()]
        assert_nothing_of(signed_in.secrets, "\n".join(f"{item!r} {item}" for item in (*objects, *inside)))
    finally:
        provider.close()
