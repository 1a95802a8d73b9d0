"""What only Azure has: several ways to sign in, names it refuses, data of other programs."""

from __future__ import annotations

import base64
import datetime as dt
import http.server
import json
import logging
import ssl
import threading
import time
import urllib.parse

import pytest
from azure.storage.blob import AccountSasPermissions, BlobServiceClient, ResourceTypes, generate_account_sas
from hypothesis import given
from hypothesis import strategies as st

from host_tests import certificates
from host_tests.providers import servers
from host_tests.providers.contract.backends import AZURITE_KEY
from host_tests.providers.contract.objects import LAST, Bytes, content, drain
from host_tests.providers.contract.objects import names as listed
from wasicloud_host import config
from wasicloud_host.capabilities import keyvalue, naming
from wasicloud_host.capabilities.naming import Place
from wasicloud_host.errors import BackendError
from wasicloud_host.providers import registry
from wasicloud_host.providers.azure_blob import names, service

ACCOUNT = "devstoreaccount1"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The emulator."""
    running = servers.azurite(tmp_path_factory.mktemp("azurite"))
    running.start()
    yield running
    running.kill()


@pytest.fixture
def url(server):
    """The account's address."""
    return f"http://127.0.0.1:{server.port}/{ACCOUNT}"


@pytest.fixture
def signed_in(tmp_path):
    """Makes providers that sign in by a secret; they close with the test."""
    opened = []

    def make(secret, kind, **options):
        file = tmp_path / kind
        file.write_text(secret)
        opened.append(registry.open_one(config.Provider("account", "azureBlob", {kind: str(file), **options})))
        return opened[-1]

    yield make
    for provider in opened:
        provider.close()


def sas(**permissions) -> str:
    """A shared access signature of the account."""
    return generate_account_sas(
        account_name=ACCOUNT,
        account_key=AZURITE_KEY,
        resource_types=ResourceTypes(service=True, container=True, object=True),
        permission=AccountSasPermissions(**permissions),
        expiry=dt.datetime.now(dt.UTC) + dt.timedelta(hours=1),
        start=dt.datetime.now(dt.UTC) - dt.timedelta(hours=1),
    )


def works(provider, identifier):
    """Read what was written."""
    bucket = provider.keyvalue(naming.bucket(config.LinkParameters(), identifier))
    bucket.set(b"key", b"value")
    assert bucket.get(b"key") == b"value"
    provider.check()


def test_a_connection_string(signed_in, url):
    text = f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={AZURITE_KEY};BlobEndpoint={url};"
    works(signed_in(text, "connectionStringFile"), "by-connection-string")


def test_an_account_key(signed_in, url):
    works(signed_in(AZURITE_KEY + "\n", "accountKeyFile", accountUrl=url), "by-key")


@pytest.mark.parametrize("mark", ["", "?"])
def test_a_shared_access_signature(signed_in, url, mark):
    text = mark + sas(read=True, write=True, delete=True, list=True, add=True, create=True)
    works(signed_in(text, "sasTokenFile", accountUrl=url), "by-sas")


def test_a_signature_that_may_only_read(signed_in, url, caplog):
    works(signed_in(AZURITE_KEY, "accountKeyFile", accountUrl=url), "read-only")
    token = sas(read=True, list=True)
    provider = signed_in(token, "sasTokenFile", accountUrl=url)
    bucket = provider.keyvalue(naming.bucket(config.LinkParameters(), "read-only"))
    assert bucket.get(b"key") == b"value"
    with caplog.at_level(logging.DEBUG), pytest.raises(BackendError) as caught:
        bucket.set(b"key", b"other")
    assert caught.value.outcome == "denied"
    signature = token.rpartition("sig=")[2]
    assert signature not in str(caught.value)


@pytest.mark.parametrize("kind", ["connectionStringFile", "accountKeyFile"])
def test_a_malformed_credential_is_an_error_that_does_not_show_it(signed_in, url, kind):
    provider = signed_in("not a credential", kind, accountUrl=url)
    with pytest.raises(BackendError) as caught:
        provider.keyvalue(Place("a", "a")).get(b"key")
    assert "not a credential" not in str(caught.value)


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """A tenant's token endpoint, and the environment that AKS gives a pod; holds the assertions that it was shown."""
    files = certificates.write(tmp_path)
    shown = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
            shown.append((self.path, form["client_id"][0], form["client_assertion"][0]))
            body = json.dumps({"access_token": token(), "expires_in": 3600, "token_type": "Bearer"}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.both)
    listener.socket = context.wrap_socket(listener.socket, server_side=True)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    (tmp_path / "projected").write_text("the pod's own token")
    for name, value in {
        "AZURE_TENANT_ID": TENANT,
        "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "projected"),
        "AZURE_AUTHORITY_HOST": f"https://127.0.0.1:{listener.server_port}/",
        "REQUESTS_CA_BUNDLE": str(files.certificate),
    }.items():
        monkeypatch.setenv(name, value)
    server = servers.azurite(tmp_path, "--oauth", "basic", "--cert", str(files.certificate), "--key", str(files.key))
    server.start()
    yield shown, f"https://127.0.0.1:{server.port}/{ACCOUNT}"
    server.kill()
    listener.shutdown()
    listener.server_close()


TENANT = "00000000-0000-0000-0000-000000000001"


def token() -> str:
    """What the emulator takes for a tenant's token: it reads the claims and checks no signature."""
    now = int(time.time())
    claims = {
        "aud": "https://storage.azure.com",
        "iss": f"https://sts.windows.net/{TENANT}/",
        "iat": now - 60,
        "nbf": now - 60,
        "exp": now + 3600,
        "tid": TENANT,
        "oid": TENANT,
    }
    parts = [{"alg": "HS256", "typ": "JWT"}, claims, "unsigned"]
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)


def test_workload_identity_signs_in_by_the_pod_s_own_token(authority, caplog):
    shown, url = authority
    options = {"accountUrl": url, "workloadIdentity": {"clientId": "the identity"}}
    provider = registry.open_one(config.Provider("account", "azureBlob", options))
    with caplog.at_level(logging.DEBUG):
        works(provider, "by-identity")
    assert shown == [(f"/{TENANT}/oauth2/v2.0/token", "the identity", "the pod's own token")]
    assert "the pod's own token" not in caplog.text
    assert token().partition(".")[2][:40] not in caplog.text
    provider.close()


def test_data_that_other_programs_wrote(signed_in, url):
    account = BlobServiceClient(url, credential={"account_name": ACCOUNT, "account_key": AZURITE_KEY})
    theirs = account.create_container("demo-photos")
    theirs.upload_blob("2024/cat.jpg", b"meow")
    provider = signed_in(AZURITE_KEY, "accountKeyFile", accountUrl=url, container={"prefix": "demo-"})
    blobs = provider.blobstore()
    photos = naming.container(config.LinkParameters(), "photos")
    assert blobs.container_exists(photos)
    assert blobs.container_created_at(photos) > 0
    assert listed(blobs, photos) == {"2024/cat.jpg"}
    year = naming.container(config.LinkParameters(prefix="2024/"), "photos")
    assert content(blobs, year, "cat.jpg") == b"meow"
    blobs.write(photos, "new.txt", Bytes(b"new"))
    assert theirs.download_blob("new.txt").readall() == b"new"

    named = config.LinkParameters(buckets={"config": config.BucketParameters(name="demo-photos", prefix="2024/")})
    assert provider.keyvalue(naming.bucket(named, "config")).get(b"cat.jpg") == b"meow"
    account.close()


def test_a_bucket_is_made_by_its_first_write_and_not_before(signed_in, url):
    provider = signed_in(AZURITE_KEY, "accountKeyFile", accountUrl=url)
    bucket = provider.keyvalue(naming.bucket(config.LinkParameters(), "late"))
    assert bucket.get(b"key") is None
    assert bucket.exists(b"key") is False
    assert set(keyvalue.walk(bucket)) == set()
    bucket.delete(b"key")
    assert bucket.increment(b"key", 1, signed=False) == 1


def test_a_long_object_that_changes_while_it_is_read_is_never_a_mixture(signed_in, url):
    blobs = signed_in(AZURITE_KEY, "accountKeyFile", accountUrl=url).blobstore()
    place = Place("long-reads", "long-reads")
    blobs.create_container(place)
    length = service.READ_AT_ONCE + service.PIECE + 1
    blobs.write(place, "object", Bytes(b"a" * length))
    reader = blobs.read(place, "object", 0, LAST)
    assert reader.size == length
    assert set(reader.read(100)) == {ord("a")}
    blobs.write(place, "object", Bytes(b"b" * length))
    with pytest.raises(BackendError, match="changed while it was read"):
        drain(reader)
    assert content(blobs, place, "object") == b"b" * length


def test_a_count_whose_answer_is_lost_is_an_error_and_not_made_twice(signed_in, server):
    wire = servers.Wire(server.port)
    provider = signed_in(AZURITE_KEY, "accountKeyFile", accountUrl=f"http://127.0.0.1:{wire.port}/{ACCOUNT}")
    bucket = provider.keyvalue(naming.bucket(config.LinkParameters(), "lost"))
    bucket.increment(b"n", 1, signed=False)
    wire.swallow = b"PUT "
    with pytest.raises(BackendError):
        bucket.increment(b"n", 1, signed=False)
    assert wire.swallowed == 1
    assert bucket.get(b"n") == b"2"
    wire.close()


@given(st.text(max_size=80), st.sampled_from(["", names.BUCKET]))
def test_a_container_of_any_name_has_one_that_Azure_takes(text, kind):
    named = names.container("demo-", Place(text, text), kind)
    assert 3 <= len(named) <= 63
    assert names._CONTAINER.fullmatch(named)


@given(st.text(max_size=80), st.text(max_size=80))
def test_containers_of_different_names_are_different(one, other):
    places = Place(one, one), Place(other, other)
    assert (names.container("p", places[0]) == names.container("p", places[1])) == (one == other)
    assert names.container("p", places[0]) != names.container("p", places[1], names.BUCKET)


@given(st.text(max_size=80), st.sampled_from(["", "team-a/", "../", "a", "~", "//"]))
def test_a_blob_of_any_name_comes_back(text, prefix):
    place = Place("c", "c", prefix=prefix)
    full = names.blob(place, text)
    assert names.name(place, full) == text
    segments = full.split("/")
    assert "." not in segments
    assert ".." not in segments
    assert full


@given(st.text(max_size=20), st.text(max_size=20))
def test_blobs_of_different_names_are_different(one, other):
    place = Place("c", "c")
    assert (names.blob(place, one) == names.blob(place, other)) == (one == other)
