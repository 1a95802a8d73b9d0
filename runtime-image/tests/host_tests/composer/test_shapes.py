"""Every shape that goes by one name, and every name that one shape goes by, composes; others are refused by name."""

from __future__ import annotations

import pytest

from host_tests.composer import made
from host_tests.composer.conftest import Compose
from wasicloud_host import errors

KV_B = ("wasi-keyvalue-error", "types", "eventual", "atomic", "eventual-batch")
D1 = "result<list<option<tuple<string, list<u8>>>>, error>"
D2 = "result<list<tuple<string, option<list<u8>>>>, error>"


def imports(*names: str) -> str:
    return " ".join(f"import {name};" for name in names)


def text(folder: str) -> str:
    return dict(made.packages())[folder]


def renamed(folder: str, old: str, new: str, *edits: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """The repository's packages, and one of them once more under another name or version."""
    copy = text(folder)
    for one, other in ((old, new), *edits):
        assert one in copy
        copy = copy.replace(one, other)
    return (*made.packages(), ("renamed", copy))


def test_lk07_both_generations_of_keyvalue_link_in_one_component(compose: Compose) -> None:
    wit = imports("wasi:keyvalue/eventual@0.2.0-draft", "wasi:keyvalue/store@0.2.0-draft")
    assert compose(made.guest(wit)).nodes[0].links == (
        "wasi:keyvalue/wasi-keyvalue-error@0.2.0-draft",
        "wasi:keyvalue/types@0.2.0-draft",
        "wasi:keyvalue/eventual@0.2.0-draft",
        "wasi:keyvalue/store@0.2.0-draft",
    )


def test_lk05_unversioned_logging_links(compose: Compose) -> None:
    wit = renamed("wasi-logging", "package wasi:logging@0.1.0-draft;", "package wasi:logging;")
    compose(made.guest(imports("wasi:logging/logging", "wasi:logging/logging@0.1.0-draft"), wit=wit))


@pytest.mark.parametrize("version", ["0.2.0-draft", "0.2.0-draft-2024-09-27"])
def test_config_store_links_under_its_older_names(compose: Compose, version: str) -> None:
    own = tuple(pair for pair in made.packages() if "wasi-config" not in pair[0])
    copy = text("wasi-config-0.2.0-rc.1").replace("@0.2.0-rc.1", f"@{version}")
    shapes = tuple(pair for pair in own if pair[0] != "shapes")  # they use the package that the copy takes the name of
    compose(made.guest(imports(f"wasi:config/store@{version}"), wit=(*shapes, ("config", copy))))


def test_keyvalue_of_0_1_0_links(compose: Compose) -> None:
    wit = renamed("wasi-keyvalue-0.2.0-draft", "package wasi:keyvalue@0.2.0-draft;", "package wasi:keyvalue@0.1.0;")
    compose(made.guest(imports(*(f"wasi:keyvalue/{name}@0.1.0" for name in KV_B)), wit=wit))


@pytest.mark.parametrize("result", [D1, D2])
def test_kv28_batch_of_draft2_links_in_both_shapes(compose: Compose, result: str) -> None:
    wit = made.changed("wasi-keyvalue-0.2.0-draft2", (D1, result))
    names = [f"wasi:keyvalue/{name}@0.2.0-draft2" for name in ("store", "atomics", "batch")]
    compose(made.guest(imports(*names), wit=wit))


def test_batch_of_draft_has_one_shape_only(compose: Compose) -> None:
    wit = made.changed("wasi-keyvalue-0.2.0-draft", (D1, D2))
    with pytest.raises(
        errors.ComponentRefused, match=r"n0: imports wasi:keyvalue/batch@0.2.0-draft with a shape of get-many"
    ):
        compose(made.guest(imports("wasi:keyvalue/batch@0.2.0-draft"), wit=wit))


@pytest.mark.parametrize("kind", ["string", "list<u8>"])
def test_config_runtime_links_with_text_and_with_bytes(compose: Compose, kind: str) -> None:
    edits = (("option<string>", f"option<{kind}>"), ("tuple<string, string>", f"tuple<string, {kind}>"))
    wit = made.changed("wasi-config-0.2.0-draft", *edits)
    compose(made.guest(imports("wasi:config/runtime@0.2.0-draft"), wit=wit))


def test_config_runtime_of_0_1_0_links_with_bytes(compose: Compose) -> None:
    edits = (("option<string>", "option<list<u8>>"), ("tuple<string, string>", "tuple<string, list<u8>>"))
    wit = renamed("wasi-config-0.2.0-draft", "@0.2.0-draft;", "@0.1.0;", *edits)
    compose(made.guest(imports("wasi:config/runtime@0.1.0"), wit=wit))


METHODS = (
    ("incoming-value-consume-sync: static func(this: incoming-value)", "incoming-value-consume-sync: func()"),
    ("incoming-value-consume-async: static func(this: incoming-value)", "incoming-value-consume-async: func()"),
)
FINISH = ("finish: static func(this: outgoing-value) -> result<_, error>;", "")


@pytest.mark.parametrize("edits", [(), METHODS, (FINISH,), (*METHODS, FINISH)], ids=["C", "old methods", "B", "A"])
def test_blobstore_links_in_every_revision(compose: Compose, edits: tuple[tuple[str, str], ...]) -> None:
    wit = made.changed("wasi-blobstore", *edits)
    names = [f"wasi:blobstore/{name}@0.2.0-draft" for name in ("types", "container", "blobstore")]
    assert compose(made.guest(imports(*names), wit=wit)).nodes[0].links == tuple(names)


def test_blobstore_without_finish_gets_values_that_need_none(compose: Compose) -> None:
    """The instance for it takes the constructor from elsewhere, so the composition aliases it by name."""
    with_finish = compose(made.guest(imports("wasi:blobstore/types@0.2.0-draft")))
    without = compose(
        made.guest(imports("wasi:blobstore/types@0.2.0-draft"), wit=made.changed("wasi-blobstore", FINISH))
    )
    outside = b"wasicloud:shapes/blobstore-unfinished"
    assert without.data.count(outside) == with_finish.data.count(outside) + 1


def test_eventual_links_with_consume_as_methods(compose: Compose) -> None:
    wit = made.changed("wasi-keyvalue-0.2.0-draft", *METHODS)
    compose(made.guest(imports("wasi:keyvalue/eventual@0.2.0-draft"), wit=wit))


def test_everything_that_the_bridge_serves_links_at_once(compose: Compose) -> None:
    text_of = (made.WIT / "bridge" / "worlds.wit").read_text()
    served = sorted({line.split()[1].rstrip(";") for line in text_of.splitlines() if "export wasi:" in line})
    made_of = compose(made.guest(imports(*served)))
    assert set(made_of.nodes[0].imports) == set(served)


def test_lk01_any_level_of_0_2_links(compose: Compose) -> None:
    older = tuple((folder, copy.replace("@0.2.12", "@0.2.0")) for folder, copy in made.packages())
    wit = imports("wasi:http/outgoing-handler@0.2.0", "wasi:cli/environment@0.2.0", "wasi:sockets/tcp@0.2.0")
    compose(made.guest(wit, "export wasi:http/incoming-handler@0.2.0;", older))


def test_lk01_two_levels_of_one_interface_in_one_component_are_one_instance(compose: Compose) -> None:
    """Components composed beforehand of parts from different toolchains import the same interface twice."""
    printed = made.tool("print", "-", data=made.guest(imports("wasi:io/error@0.2.12"))).decode()
    also = '(import "wasi:io/error@0.2.3" (instance (export "error" (type (sub resource)))))'
    twice = made.from_text(printed.rstrip().removesuffix(")") + also + ")")
    names = compose(twice).nodes[0].imports
    assert {"wasi:io/error@0.2.12", "wasi:io/error@0.2.3"} <= set(names)


def test_a_function_that_is_not_served_is_named(compose: Compose) -> None:
    wit = made.changed("wasi-random", ("interface random {", "interface random { get-random-luck: func() -> u8;"))
    with pytest.raises(errors.ComponentRefused) as caught:
        compose(made.guest(imports("wasi:random/random@0.2.12"), wit=wit))
    assert str(caught.value) == (
        "n0: imports get-random-luck of wasi:random/random@0.2.12, which this host does not have; "
        "rebuild it against the WIT of wasi:random/random@0.2.12 as this host serves it"
    )


def test_a_shape_that_is_not_served_is_named_with_both_shapes(compose: Compose) -> None:
    wit = made.changed("wasi-random", ("get-random-u64: func() -> u64", "get-random-u64: func() -> string"))
    with pytest.raises(errors.ComponentRefused) as caught:
        compose(made.guest(imports("wasi:random/random@0.2.12"), wit=wit))
    assert caught.value.problem == (
        "imports wasi:random/random@0.2.12 with a shape of get-random-u64 that this host does not serve "
        "(func() -> string, not func() -> u64)"
    )


def test_types_that_a_world_names_outside_of_interfaces_link(compose: Compose) -> None:
    wit = """
      package test:guest;
      world guest {
        use wasi:http/types@0.2.12.{incoming-request, method, error-code};
        use wasi:io/streams@0.2.12.{stream-error};
        type count = u32;
        type owned = incoming-request;
        record place { x: s8, y: option<count> }
        enum colour { red }
        flags rights { read, write }
        variant shape { dot, at(place), many(list<tuple<place, string>>) }
        type outcome = result<_, shape>;
        export wasi:http/incoming-handler@0.2.12;
      }"""
    compose(made.component(wit, "guest"))
