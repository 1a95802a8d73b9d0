"""Push and pull through a real registry: open, with TLS and a password, with bearer tokens; and its failures as sentences."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from host_tests.oci import components, identities, registries
from wasicloud_host import errors
from wasicloud_host.oci import cache, credentials, manifest, pull, push, reference, registry

NOTHING_KEPT = cache.Cache()
OPEN = registry.Access()


def login(username: str, password: str, ca_file: Path | None = None) -> registry.Access:
    """Access with one account for every registry on 127.0.0.1."""
    return registry.Access(credentials.Keyring((("127.0.0.1:*", credentials.Login(username, password)),)), ca_file)


def test_what_was_pushed_is_pulled_by_tag_and_by_digest(wanted: reference.Reference) -> None:
    component = components.empty("first")
    digest = push.push(component, "first.wasm", wanted, OPEN)
    by_tag = pull.pull(wanted, OPEN, NOTHING_KEPT)
    assert (by_tag.data, by_tag.digest) == (component, digest)
    assert pull.pull(by_tag.reference, OPEN, NOTHING_KEPT).data == component


def test_a_tag_that_moved_is_seen_by_always_and_not_by_a_pinned_reference(
    wanted: reference.Reference, folder: Path
) -> None:
    kept = cache.Cache((folder,))
    push.push(components.empty("old"), "a.wasm", wanted, OPEN)
    old = pull.pull(wanted, OPEN, kept)
    push.push(components.empty("new"), "a.wasm", wanted, OPEN)
    assert pull.pull(wanted, OPEN, kept).data == components.empty("old")
    assert pull.pull(wanted, OPEN, kept, pull.Options("Always")).data == components.empty("new")
    assert pull.pull(old.reference, OPEN, kept, pull.Options("Always")).data == components.empty("old")


def test_what_is_cached_needs_no_registry(tmp_path: Path, folder: Path) -> None:
    kept = cache.Cache((folder,))
    with registries.running(tmp_path / "registry") as address:
        wanted = reference.parse(f"{address}/gone:1")
        push.push(components.empty("kept"), "a.wasm", wanted, OPEN)
        pinned = pull.pull(wanted, OPEN, kept).reference
    for again in (wanted, pinned):
        assert pull.pull(again, OPEN, kept).data == components.empty("kept")
    assert pull.pull(pinned, OPEN, kept, pull.Options("Always")).data == components.empty("kept")
    with pytest.raises(errors.ArtifactRefused, match="cannot be reached"):
        pull.pull(wanted, OPEN, kept, pull.Options("Always"))


def test_never_does_not_ask_the_registry(wanted: reference.Reference, folder: Path) -> None:
    push.push(components.empty("x"), "x.wasm", wanted, OPEN)
    with pytest.raises(errors.ArtifactRefused, match="imagePullPolicy is Never"):
        pull.pull(wanted, OPEN, cache.Cache((folder,)), pull.Options("Never"))


def test_tls_and_a_password_work_together(locked_registry: str, identity: identities.Identity, repository: str) -> None:
    wanted = reference.parse(f"{locked_registry}/{repository}:1")
    access = login(registries.USER, registries.PASSWORD, identity.certificate_file)
    push.push(components.empty("locked"), "a.wasm", wanted, access)
    assert pull.pull(wanted, access, NOTHING_KEPT).data == components.empty("locked")


@pytest.mark.parametrize(
    ("account", "says"),
    [
        (None, "asks for a login (401); name a Secret with the account in spec.imagePullSecrets"),
        ((registries.USER, "wrong"), "refuses the account 'tester' (401); correct the Secret"),
        (("nobody", registries.PASSWORD), "refuses the account 'nobody' (401); correct the Secret"),
    ],
)
def test_a_missing_or_wrong_account_is_one_sentence_without_the_password(
    locked_registry: str, identity: identities.Identity, account: tuple[str, str] | None, says: str
) -> None:
    access = (
        login(*account, identity.certificate_file) if account else registry.Access(ca_file=identity.certificate_file)
    )
    with pytest.raises(errors.ArtifactRefused) as refusal:
        pull.pull(reference.parse(f"{locked_registry}/a:1"), access, NOTHING_KEPT)
    assert says in str(refusal.value)
    assert account is None or account[1] not in str(refusal.value)


def test_a_certificate_that_nobody_vouches_for_is_refused(locked_registry: str, tmp_path: Path) -> None:
    stranger = identities.make(tmp_path)
    with pytest.raises(errors.ArtifactRefused, match=r"certificate of .* is not trusted; give its authority"):
        pull.pull(
            reference.parse(f"{locked_registry}/a:1"), registry.Access(ca_file=stranger.certificate_file), NOTHING_KEPT
        )


def test_plain_http_beyond_this_machine_must_be_allowed_by_name(
    wanted: reference.Reference, identity: identities.Identity
) -> None:
    push.push(components.empty("x"), "x.wasm", wanted, OPEN)
    strict = registry.Access(ca_file=identity.certificate_file)  # naming an authority means TLS, here too
    with pytest.raises(errors.ArtifactRefused, match="speaks plain HTTP; add it to the registries that may"):
        pull.pull(wanted, strict, NOTHING_KEPT)
    named = registry.Access(ca_file=identity.certificate_file, plain_http=frozenset({wanted.registry}))
    assert pull.pull(wanted, named, NOTHING_KEPT).data == components.empty("x")


def test_what_does_not_exist_is_said_so(wanted: reference.Reference) -> None:
    with pytest.raises(errors.ArtifactRefused, match=r"has no such artifact; correct spec\.image"):
        pull.pull(wanted, OPEN, NOTHING_KEPT)


def test_a_registry_that_is_not_there_is_said_so_soon() -> None:
    with pytest.raises(errors.ArtifactRefused, match="cannot be reached"):
        pull.pull(reference.parse(f"127.0.0.1:{registries.free_port()}/a:1"), OPEN, NOTHING_KEPT)


def test_a_host_that_does_not_resolve_is_said_so() -> None:
    with pytest.raises(errors.ArtifactRefused, match=r"cannot be (resolved|reached)"):
        pull.pull(reference.parse("registry.invalid/a:1"), OPEN, NOTHING_KEPT)


def test_only_components_are_pushed(wanted: reference.Reference) -> None:
    with pytest.raises(errors.ComponentRefused, match=r"notes\.txt"):
        push.push(b"hello", "notes.txt", wanted, OPEN)


def test_an_artifact_without_webassembly_in_it_is_refused(wanted: reference.Reference) -> None:
    written = manifest.write(b"not wasm", "a.wasm", manifest.Description((), (), "2026-01-01T00:00:00Z"), {})
    repository = registry.Repository(wanted, OPEN, "pull,push")
    for blob in (b"not wasm", written.config):
        push._upload(repository, blob)
    call = registry.Call(
        "PUT", repository.url("manifests/1"), body=written.manifest, content_type=manifest.MANIFEST, allowed=(201,)
    )
    repository.read(call, 1000)
    with pytest.raises(errors.ArtifactRefused, match="holds no WebAssembly"):
        pull.pull(wanted, OPEN, NOTHING_KEPT)


def test_a_component_beyond_the_limit_is_refused_before_it_is_read(wanted: reference.Reference) -> None:
    push.push(components.empty("large"), "a.wasm", wanted, OPEN)
    with pytest.raises(errors.ArtifactRefused, match="more than the 4 that are allowed"):
        pull.pull(wanted, OPEN, NOTHING_KEPT, pull.Options(max_bytes=4))


class Liar:
    """A registry whose every answer is given; counts what it was asked."""

    def __init__(self, answers: Mapping[str, registries.Answer]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str | None]] = []

    def __call__(self, path: str, headers: Mapping[str, str]) -> registries.Answer:
        self.asked.append((path, headers.get("Authorization")))
        return self.answers.get(path, (404, {}, b""))


def _artifact(component: bytes) -> tuple[bytes, str]:
    written = manifest.write(component, "a.wasm", manifest.Description((), (), ""), {})
    return written.manifest, f"/v2/a/blobs/{manifest.digest_of(component)}"


def test_bytes_that_are_not_what_the_manifest_promised_are_refused_and_not_kept(folder: Path) -> None:
    described, blob = _artifact(components.empty("promised"))
    liar = Liar({"/v2/a/manifests/1": (200, {}, described), blob: (200, {}, components.empty("received"))})
    with registries.scripted(liar) as address, pytest.raises(errors.ArtifactRefused, match="was promised"):
        pull.pull(reference.parse(f"{address}/a:1"), OPEN, cache.Cache((folder,)))
    assert not (folder / "blobs" / "sha256" / manifest.digest_of(components.empty("received"))[7:]).exists()


def test_a_manifest_that_is_not_the_one_that_was_pinned_is_refused() -> None:
    described, _ = _artifact(components.empty("other"))
    pinned = "sha256:" + "00" * 32
    with (
        registries.scripted(Liar({f"/v2/a/manifests/{pinned}": (200, {}, described)})) as address,
        pytest.raises(errors.ArtifactRefused, match="was promised"),
    ):
        pull.pull(reference.parse(f"{address}/a@{pinned}"), OPEN, NOTHING_KEPT)


def test_more_bytes_than_the_manifest_says_are_not_read() -> None:
    described, blob = _artifact(components.empty("small"))
    liar = Liar({"/v2/a/manifests/1": (200, {}, described), blob: (200, {}, b"\0asm" * 1_000_000)})
    with registries.scripted(liar) as address, pytest.raises(errors.ArtifactRefused, match="is larger than"):
        pull.pull(reference.parse(f"{address}/a:1"), OPEN, NOTHING_KEPT)


def test_a_redirect_is_followed_without_the_credentials() -> None:
    component = components.empty("elsewhere")
    described, blob = _artifact(component)
    storage = Liar({"/bytes": (200, {}, component)})
    with registries.scripted(storage) as elsewhere:

        def answer(path: str, headers: Mapping[str, str]) -> registries.Answer:
            if "Authorization" not in headers:
                return 401, {"WWW-Authenticate": 'Basic realm="tests"'}, b""
            return (307, {"Location": f"http://{elsewhere}/bytes"}, b"") if path == blob else (200, {}, described)

        with registries.scripted(answer) as address:
            assert pull.pull(reference.parse(f"{address}/a:1"), login("ann", "secret"), NOTHING_KEPT).data == component
    assert storage.asked == [("/bytes", None)]


def test_redirects_in_circles_end() -> None:
    with (
        registries.scripted(lambda path, _: (302, {"Location": path}, b"")) as address,
        pytest.raises(errors.ArtifactRefused, match="redirects in circles"),
    ):
        pull.pull(reference.parse(f"{address}/a:1"), OPEN, NOTHING_KEPT)


def test_a_rate_limit_is_named() -> None:
    with (
        registries.scripted(lambda *_: (429, {"Retry-After": "3600"}, b"")) as address,
        pytest.raises(errors.ArtifactRefused, match=r"limits the rate of pulls \(429\)"),
    ):
        pull.pull(reference.parse(f"{address}/a:1"), OPEN, NOTHING_KEPT)


@pytest.mark.parametrize("right", [True, False])
def test_a_registry_that_wants_bearer_tokens_is_given_them(
    tmp_path: Path, identity: identities.Identity, repository: str, right: bool
) -> None:
    asked: list[str] = []

    def issue(path: str, headers: Mapping[str, str]) -> registries.Answer:
        expected = "Basic " + base64.b64encode(b"ann:secret").decode()
        if headers.get("Authorization") != expected:
            return 401, {}, b""
        query = parse_qs(urlsplit(path).query)
        asked.append(query["scope"][0])
        return (
            200,
            {},
            json.dumps({"token": identities.token(identity, query["service"][0], query["scope"][0])}).encode(),
        )

    with registries.scripted(issue) as issuer:
        settings = {
            "AUTH_TOKEN_REALM": f"http://{issuer}/token",
            "AUTH_TOKEN_SERVICE": "registry of the tests",
            "AUTH_TOKEN_ISSUER": "tests",
            "AUTH_TOKEN_ROOTCERTBUNDLE": str(identity.certificate_file),
        }
        with registries.running(tmp_path / "registry", **settings) as address:
            wanted = reference.parse(f"{address}/{repository}:1")
            if not right:
                with pytest.raises(errors.ArtifactRefused, match="refuses the account 'ann'"):
                    pull.pull(wanted, login("ann", "wrong"), NOTHING_KEPT)
                return
            push.push(components.empty("token"), "a.wasm", wanted, login("ann", "secret"))
            assert pull.pull(wanted, login("ann", "secret"), NOTHING_KEPT).data == components.empty("token")
    assert asked == [f"repository:{repository}:pull,push", f"repository:{repository}:pull"]
