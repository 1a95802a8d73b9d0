"""One sentence for each component that cannot be served: what is wrong with it, and what to do."""

from __future__ import annotations

import pytest

from host_tests.composer import made
from host_tests.composer.conftest import Compose
from wasicloud_host import composer, errors


def refusal(data: bytes) -> errors.ComponentRefused:
    with pytest.raises(errors.ComponentRefused) as caught:
        composer.inspect(data, "gopher")
    assert str(caught.value) == f"gopher: {caught.value.problem}; {caught.value.remedy}"
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is empty"),
        (b"\0as", "is cut short within its first 8 bytes"),
        (b"\0asm\x0d\0", "is cut short within its first 8 bytes"),
        (b"<!doctype html>", "is not WebAssembly"),
        (b"(component)", "is WebAssembly text"),
        (b"\x7fELF\x02\x01", "is precompiled code"),
        (b"\0asm\x0a\0\x01\0", "is WebAssembly of an unknown kind (version 10, layer 1)"),
    ],
)
def test_lk06_bytes_that_are_no_component_are_refused(data: bytes, problem: str) -> None:
    assert refusal(data).problem == problem


def test_lk06_a_core_module_is_refused_with_the_command_that_makes_it_a_component() -> None:
    plain = refusal(b"\0asm\x01\0\0\0")
    assert plain.problem == "is a core module, not a component"
    assert "wasm-tools component embed" in plain.remedy
    preview1 = made.from_text('(module (import "wasi_snapshot_preview1" "fd_write" (func)))')
    assert "--adapt wasi_snapshot_preview1" in refusal(preview1).remedy


SERVED = (
    "wasi:blobstore, wasi:cli, wasi:clocks, wasi:config, wasi:filesystem, wasi:http, wasi:io, wasi:keyvalue,"
    " wasi:logging, wasi:random, wasi:sockets"
)
ASYNC_WIT = """
package wasi:http@0.3.0;
interface types { resource request; resource response; }
interface handler { use types.{request, response}; handle: async func(request: request) -> result<response>; }
interface client { use types.{request, response}; send: async func(request: request) -> result<response>; }
world service { import client; export handler; }
"""


def test_lk04_a_component_of_wasi_0_3_is_refused_with_a_reason(compose: Compose) -> None:
    with pytest.raises(errors.ComponentRefused) as caught:
        compose(made.component(ASYNC_WIT, "service", ()))
    assert caught.value.problem == "is built for WASI 0.3 (it imports wasi:http/types@0.3.0)"
    assert "WASI 0.2" in caught.value.remedy


@pytest.mark.parametrize("use", ["a: async func();", "a: func(b: stream<u8>);", "a: func() -> future<string>;"])
def test_lk04_async_interfaces_are_refused(compose: Compose, use: str) -> None:
    wit = f"package test:guest;\ninterface late {{ {use} }}\nworld guest {{ import late; {made.HANDLER} }}"
    with pytest.raises(errors.ComponentRefused, match="n0: uses async functions, streams or futures"):
        compose(made.component(wit, "guest"))


def test_lk04_async_code_behind_plain_interfaces_is_refused(compose: Compose) -> None:
    data = made.from_text('(component (core func (canon task.cancel)) (instance $i) (export "a:b/c" (instance $i)))')
    with pytest.raises(errors.ComponentRefused, match="uses async functions"):
        compose(data)


@pytest.mark.parametrize(
    ("wit", "problem", "remedy"),
    [
        (
            "package wasi:sql@0.2.0-draft; interface readwrite { exec: func(); }",
            "imports wasi:sql/readwrite@0.2.0-draft, which nothing serves",
            f"remove the import; this host serves {SERVED}",
        ),
        (
            "package acme:billing@1.0.0; interface ledger { post: func(); }",
            "imports acme:billing/ledger@1.0.0, which nothing serves",
            "add a Link with `interface: acme:billing` and a component that exports it as `target`",
        ),
        (
            "package wasi:keyvalue@0.2.0-rc.1; interface store { open: func(); }",
            "imports wasi:keyvalue/store@0.2.0-rc.1, a version that is not served",
            "rebuild it against wasi:keyvalue/store@0.2.0-draft or wasi:keyvalue/store@0.2.0-draft2",
        ),
        (
            "package wasicloud:bridge; interface plumbing { input-closed: func(); }",
            "imports wasicloud:bridge/plumbing, which nothing serves",
            "add a Link with `interface: wasicloud:bridge` and a component that exports it as `target`",
        ),
    ],
)
def test_lk03_an_import_that_nobody_provides_is_named(compose: Compose, wit: str, problem: str, remedy: str) -> None:
    _, package, _, interface, *_ = wit.replace(";", "").split()
    path, _, version = package.partition("@")
    name = f"{path}/{interface}" + (f"@{version}" if version else "")
    with pytest.raises(errors.ComponentRefused) as caught:
        compose(made.guest(f"import {name};", wit=(*made.packages(), ("unknown", wit))))
    assert (caught.value.where, caught.value.problem, caught.value.remedy) == ("n0", problem, remedy)


def test_lk03_middleware_without_its_link_is_told_to_link(compose: Compose) -> None:
    with pytest.raises(errors.ComponentRefused) as caught:
        compose(made.guest("import wasi:http/incoming-handler@0.2.12;"))
    assert caught.value.problem == "imports wasi:http/incoming-handler@0.2.12, which another component must serve"
    assert "`interface: wasi:http/incoming-handler`" in caught.value.remedy


def test_lk02_a_draft_is_not_another_draft(compose: Compose) -> None:
    copy = dict(made.packages())["wasi-keyvalue-0.2.0-draft2"].replace("0.2.0-draft2", "0.2.0-draft3")
    data = made.guest("import wasi:keyvalue/store@0.2.0-draft3;", wit=(*made.packages(), ("draft3", copy)))
    with pytest.raises(
        errors.ComponentRefused, match=r"imports wasi:keyvalue/store@0.2.0-draft3, a version that is not served"
    ):
        compose(data)


def test_a_function_outside_of_interfaces_is_refused_by_name(compose: Compose) -> None:
    with pytest.raises(errors.ComponentRefused, match="imports the func log outside of any interface"):
        compose(made.guest("import log: func(line: string);"))


def test_a_component_that_does_not_answer_http_says_what_it_exports(compose: Compose) -> None:
    with pytest.raises(errors.ComponentRefused) as caught:
        compose(made.guest("", "export wasi:random/random@0.2.12; export greet: func() -> string;"))
    assert caught.value.problem == (
        "does not export wasi:http/incoming-handler@0.2.x, which answers HTTP requests"
        " (it exports greet, wasi:random/random@0.2.12)"
    )


def test_a_command_is_told_apart(compose: Compose) -> None:
    wit = made.changed(
        "wasi-cli", ("interface environment", "interface run { run: func() -> result; }\ninterface environment")
    )
    with pytest.raises(errors.ComponentRefused, match="it is a command; build the HTTP variant"):
        compose(made.guest("", "export wasi:cli/run@0.2.12;", wit))


def test_a_handler_of_another_shape_is_refused(compose: Compose) -> None:
    wit = made.changed(
        "wasi-http", ("handle: func(request: incoming-request", "handle: func(again: u32, request: incoming-request")
    )
    with pytest.raises(errors.ComponentRefused, match="with a shape of handle that this host does not call"):
        compose(made.guest("", wit=wit))


def test_names_in_messages_cannot_break_the_line(compose: Compose) -> None:
    noisy = "x" * 500
    with pytest.raises(errors.ComponentRefused) as caught:
        compose(made.guest(f"import {noisy}: func();"))
    assert len(str(caught.value)) < 400


def nested(depth: int, member: bytes) -> bytes:
    """A component whose type section holds ``depth`` types, each made of the one before it by ``member``."""
    entries = [b"\x7d", *(member.replace(b"?", bytes([n & 0x7F | 0x80, n >> 7])) for n in range(depth))]
    body = len(entries).to_bytes(1, "little") if depth < 127 else bytes([len(entries) & 0x7F | 0x80, len(entries) >> 7])
    body += b"".join(entries)
    return (
        b"\0asm\x0d\0\x01\0\x07"
        + bytes([len(body) & 0x7F | 0x80, len(body) >> 7 & 0x7F | 0x80, len(body) >> 14])
        + body
    )


@pytest.mark.parametrize("member", [b"\x6b?", b"\x6f\x02??"], ids=["deep", "wide"])
def test_types_that_grow_without_end_are_refused(member: bytes) -> None:
    assert "has a type that nests deeper or is larger than this host accepts" in refusal(nested(1000, member)).problem


def test_instances_that_double_without_end_are_refused() -> None:
    """Each instance exports the one before it twice: 2^60 items to describe, in a hundred lines."""
    lines = ["(instance $i0)"]
    lines += [
        f'(instance $i{n} (export "a" (instance $i{n - 1})) (export "b" (instance $i{n - 1})))' for n in range(1, 40)
    ]
    data = made.from_text("(component " + "\n".join(lines) + ' (export "x" (instance $i39)))')
    assert refusal(data).problem == "is more complex than this host accepts"


def test_more_imports_than_any_world_has_are_refused() -> None:
    body = "".join(f'(import "wasi:io/error@0.2.{n}" (instance))' for n in range(1001))
    assert refusal(made.from_text(f"(component {body})")).problem == "is more complex than this host accepts"


def test_components_that_nest_without_end_are_refused() -> None:
    parts = ['(component $c0 (instance $e) (export "i" (instance $e)))']
    parts += [
        f"(component $c{n} (alias outer 1 $c{n - 1} (component $p)) (instance $q (instantiate $p))"
        f' (alias export $q "i" (instance $r)) (export "i" (instance $r)))'
        for n in range(1, 70)
    ]
    last = '(instance $x (instantiate $c69)) (alias export $x "i" (instance $y)) (export "y" (instance $y))'
    data = made.from_text(f"(component {' '.join(parts)} {last})")
    assert "nests components more than 50 deep" in refusal(data).problem
