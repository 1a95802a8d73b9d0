"""Every mistake in a manifest is found before anything starts, and said as FILE:LINE path: problem; remedy."""

from pathlib import Path

import pytest

from operator_tests.cli import components
from wasicloud_cli import __main__ as command
from wasicloud_cli import manifests
from wasicloud_cli.problems import Unusable
from wasicloud_operator.api.refs import ObjectKey

COMPONENT = """\
apiVersion: wasicloud.dev/v1alpha1
kind: WasmComponent
metadata: {name: gopher}
spec:
  image: file:gopher.wasm
"""
PROVIDER = """\
---
apiVersion: wasicloud.dev/v1alpha1
kind: CapabilityProvider
metadata: {name: cache}
spec:
  memory: {}
"""
LINK = """\
---
apiVersion: wasicloud.dev/v1alpha1
kind: Link
metadata: {name: kv}
spec:
  component: gopher
  interface: wasi:keyvalue
  provider: cache
"""
GOOD = COMPONENT + PROVIDER + LINK


def test_a_manifest_is_read_with_its_secrets_and_other_kinds_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        GOOD
        + "---\n# only a comment\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
        + "stringData: {password: hunter2}\ndata: {other: aGk=}\n"
        + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: other}\ndata: {a: b}\n"
        + "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n"
    )
    found = manifests.load([tmp_path])
    assert list(found.components) == [ObjectKey("default", "gopher")]
    assert found.secrets[ObjectKey("default", "s")] == {"password": b"hunter2", "other": b"hi"}
    assert found.config_maps[ObjectKey("other", "c")] == {"a": b"b"}
    assert len(found.ignored) == 1
    assert "Deployment is left to the cluster" in found.ignored[0]
    assert "hunter2" not in repr(found)


MISTAKES: dict[str, tuple[str, str]] = {
    "unknown field": (
        COMPONENT + "  replica: 2\n",
        "a.yaml:6 spec.replica: is not a known field; did you mean 'replicas'?",
    ),
    "wrong type": (COMPONENT + "  config:\n    port: 80\n", 'a.yaml:7 spec.config.port: must be a string, not a whole number; write "80" in quotes'),
    "truth": (COMPONENT + "  config: {a: yes}\n", 'a.yaml:6 spec.config.a: must be a string, not true or false; write "true" in quotes'),
    "date": (COMPONENT + "  config: {a: 2026-01-01}\n", "a.yaml:6 spec.config.a: must be a string, not date; write it in quotes"),
    "itself": ("a: &a [*a]\n", "a.yaml: is not YAML; name a YAML manifest"),
    "key with a dot": (COMPONENT + "  config:\n    a.b: 80\n", "a.yaml:7 spec.config.a.b: must be a string"),
    "list item": (
        COMPONENT + "  egress:\n    allowedHosts:\n      - ok.example\n      - https://no.example\n",
        "a.yaml:9 spec.egress.allowedHosts[1]: 'https://no.example' is not a host; write host",
    ),
    "missing field": (COMPONENT.replace("  image: file:gopher.wasm", "  replicas: 1"), "a.yaml:4 spec.image: is missing; add it"),
    "null": (COMPONENT + "  service:\n", "a.yaml:6 spec.service: is null; give it a value"),
    "name": (COMPONENT.replace("gopher}", "Gopher}"), "a.yaml:3 metadata.name: 'Gopher' cannot become a Service's name; use at most 52"),
    "namespace": (COMPONENT.replace("gopher}", "gopher, namespace: a/b}"), "a.yaml:3 metadata.namespace: 'a/b' is no namespace; use"),
    "version": (COMPONENT.replace("v1alpha1", "v1"), "a.yaml:1 apiVersion: is 'wasicloud.dev/v1'; write wasicloud.dev/v1alpha1"),
    "no kind": ("metadata: {name: a}\n", "a.yaml:1 kind: is missing; add it"),
    "no manifest": ("- a\n- b\n", "a.yaml:1: is not a manifest; write apiVersion, kind, metadata and spec"),
    "not YAML": ("a: [1\n", "a.yaml:2: is not YAML (expected ',' or ']'"),
    "tab": ("a:\n\tb: 1\n", "a.yaml:2: is not YAML ("),
    "twice": (COMPONENT + COMPONENT[COMPONENT.index("spec") :], "a.yaml:6 spec: is written twice; remove one of the two"),
    "same object twice": (GOOD + "---\n" + COMPONENT, "WasmComponent default/gopher stands already in"),
    "one end of a Link": (GOOD.replace("  provider: cache\n", ""), "a.yaml:16 spec: has neither provider nor target; write exactly one"),
    "credentials": (
        COMPONENT + PROVIDER.replace("memory: {}", "redis: {url: 'redis://u:hunter2@h'}"),
        "a.yaml:11 spec.redis.url: holds credentials; put the user into username",
    ),
    "secret that is no text": (COMPONENT + "---\nkind: Secret\nmetadata: {name: s}\nstringData: {a: 1}\n", "a.yaml:9 stringData.a: must be a string; write it in quotes"),
    "secret that is not base64": (COMPONENT + "---\nkind: Secret\nmetadata: {name: s}\ndata: {a: hunter2}\n", "a.yaml:9 data.a: is not base64; encode it"),
    "no component": (PROVIDER, "the manifests hold no WasmComponent; add one"),
    "no such provider": (
        GOOD.replace("provider: cache", "provider: cahce"),
        "a.yaml:16 spec: Link kv names CapabilityProvider cahce, which does not exist; create it or correct spec.provider (there are cache)",
    ),
    "no such target": (
        GOOD.replace("provider: cache", "target: blobby"),
        "a.yaml:16 spec: Link kv leads from gopher to WasmComponent blobby, which does not exist; create it",
    ),
    "link of nobody": (
        GOOD.replace("component: gopher", "component: gofer"),
        "a.yaml:17 spec.component: WasmComponent gofer is not in these manifests; add it or correct the name",
    ),
    "import that nothing serves": (
        COMPONENT,
        f"a.yaml:5 spec.image: gopher imports {components.STORE}, which no Link serves; add a Link with component: gopher, interface: wasi:keyvalue and a provider",
    ),
    "two links for one import": (GOOD + LINK.replace("name: kv", "name: kv2"), "Links kv and kv2 both serve wasi:keyvalue for gopher; remove one"),
    "no such Secret": (
        COMPONENT + PROVIDER.replace("memory: {}", "redis: {url: redis://h, passwordSecretRef: {name: s, key: k}}") + LINK,
        "a.yaml:11 spec.redis: Secret s with key k is not in these manifests; add it: kind: Secret",
    ),
    "no such ConfigMap": (
        COMPONENT + "  configFrom:\n    - configMapRef: {name: c}\n" + PROVIDER + LINK,
        "a.yaml:7 spec.configFrom[0]: ConfigMap c is not in these manifests; add it",
    ),
    "no such file": (GOOD.replace("gopher.wasm", "gofer.wasm"), "gofer.wasm cannot be read (No such file or directory); build the component"),
    "not a component": (GOOD.replace("gopher.wasm", "a.yaml"), "is not WebAssembly; name the .wasm file of a component"),
    "workers with memory": (GOOD.replace("gopher.wasm", "gopher.wasm\n  workers: 2"), "keeps its data in the memory of one process and gopher asks for 2 workers"),
    "nothing serves HTTP": (COMPONENT.replace("gopher.wasm", "library.wasm"), "a.yaml:5 spec.image: gopher does not export wasi:http/incoming-handler@0.2.x"),
    "interface that nothing serves": (COMPONENT.replace("gopher.wasm", "strange.wasm"), "a.yaml:5 spec.image: gopher imports wasi:messaging/producer@0.2.0-draft, which nothing serves; remove the import"),
    "interface that a component must serve": (COMPONENT.replace("gopher.wasm", "own.wasm"), "gopher imports acme:app/thing, which nothing serves; add a Link with `interface: acme:app` and a component"),
    "cycle": (
        COMPONENT.replace("gopher.wasm", "front.wasm") + "---\n" + COMPONENT.replace("gopher.wasm", "front.wasm").replace("{name: gopher", "{name: blobby")
        + LINK.replace("wasi:keyvalue", components.HANDLER).replace("provider: cache", "target: blobby")
        + LINK.replace("wasi:keyvalue", components.HANDLER).replace("provider: cache", "target: gopher")
        .replace("component: gopher", "component: blobby").replace("name: kv", "name: back"),
        "Links with a target form a cycle, gopher → blobby → gopher; remove one of them",
    ),
    "target that does not export it": (
        COMPONENT.replace("gopher.wasm", "front.wasm") + "---\n" + COMPONENT.replace("gopher.wasm", "library.wasm").replace("{name: gopher", "{name: blobby")
        + LINK.replace("wasi:keyvalue", components.HANDLER).replace("provider: cache", "target: blobby"),
        "gopher imports wasi:http/incoming-handler@0.2.0, but blobby does not export it",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_ends_dev_with_code_2_and_its_place(
    mistake: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, said = MISTAKES[mistake]
    (tmp_path / "gopher.wasm").write_bytes(components.made((components.STORE,)))
    (tmp_path / "front.wasm").write_bytes(components.made((components.HANDLER,)))
    (tmp_path / "strange.wasm").write_bytes(components.made(("wasi:messaging/producer@0.2.0-draft",)))
    (tmp_path / "own.wasm").write_bytes(components.made(("acme:app/thing",)))
    (tmp_path / "library.wasm").write_bytes(components.made((), ("acme:app/thing",)))
    (tmp_path / "a.yaml").write_text(text)
    assert command.main(["dev", str(tmp_path / "a.yaml"), "--no-watch", "--port", "0"]) == 2
    printed = capsys.readouterr()
    assert said in printed.err.replace(f"{tmp_path}/", "")
    assert printed.out == ""
    assert "hunter2" not in printed.err
    assert "Traceback" not in printed.err


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(COMPONENT + "  a: 1\n" + PROVIDER.replace("memory: {}", "mongo: {}"))
    (tmp_path / "b.yaml").write_text("{")
    with pytest.raises(Unusable) as raised:
        manifests.load([tmp_path])
    assert len(raised.value.problems) == 3


@pytest.mark.parametrize(
    ("path", "said"),
    [("missing.yaml", "cannot be read (No such file or directory); check the path"), ("empty", "holds no manifest"), ("bytes.yaml", "is not UTF-8 text")],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_named(path: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Unusable) as raised:
        manifests.load([tmp_path / path])
    assert said in str(raised.value)
    assert path in str(raised.value)
