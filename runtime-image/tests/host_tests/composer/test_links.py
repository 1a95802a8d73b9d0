"""Components linked to components: what composes, and the sentence for each mistake, naming both sides."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tests.composer import made
from host_tests.composer.conftest import Compose
from wasicloud_host import composer, errors
from wasicloud_host.composer import graph

SHOP = """
package acme:shop@1.2.0;
interface types { resource basket { constructor(); add: func(item: string) -> result<u32, problem>; } variant problem { full, unknown(string) } }
interface api { use types.{basket, problem}; pay: func(b: basket) -> result<u64, problem>; }
"""
HANDLER = "wasi:http/incoming-handler"


def shop(text: str = SHOP) -> tuple[tuple[str, str], ...]:
    return (*made.packages(), ("shop", text))


def info(data: bytes, name: str = "x") -> composer.ComponentInfo:
    return composer.inspect(data, name)


def middleware() -> composer.ComponentInfo:
    return info(made.guest("import wasi:http/incoming-handler@0.2.12; import wasi:keyvalue/store@0.2.0-draft;"))


def plain() -> composer.ComponentInfo:
    return info(made.guest("import wasi:blobstore/blobstore@0.2.0-draft;"))


def to(component: str, target: str, interface: str = HANDLER) -> composer.Target:
    return composer.Target(f"{component}-to-{target}", component, interface, target)


def test_middleware_in_front_of_a_component_composes_each_with_its_own_capabilities(compose: Compose) -> None:
    nodes = composer.assemble("front", {"front": middleware(), "back": plain()}, [to("front", "back")])
    result = compose(*nodes)
    assert [node.name for node in result.nodes] == ["front", "back"]
    assert [node.capabilities and node.capabilities.name for node in result.nodes] == [
        "capabilities-0",
        "capabilities-1",
    ]
    assert result.nodes[0].links == ("wasi:keyvalue/store@0.2.0-draft",)
    assert [link.split("/")[0] for link in result.nodes[1].links] == ["wasi:blobstore"] * 3


def test_a_chain_of_eight_composes_and_embeds_the_same_component_once(compose: Compose) -> None:
    names = [f"m{n}" for n in range(7)]
    components = {**{name: middleware() for name in names}, "last": plain()}
    targets = [to(one, other) for one, other in itertools.pairwise([*names, "last"])]
    result = compose(*composer.assemble("m0", components, targets))
    assert len(result.nodes) == 8
    alone = compose(made.guest("import wasi:keyvalue/store@0.2.0-draft;"))
    assert len(result.data) < len(alone.data) + 4 * middleware().size


def test_a_node_that_two_others_link_to_is_one_instance(compose: Compose) -> None:
    user = info(made.guest("import acme:shop/api@1.2.0; import wasi:http/incoming-handler@0.2.12;", wit=shop()))
    second = info(made.guest("import acme:shop/api@1.2.0;", wit=shop()))
    server = info(made.guest("", "export acme:shop/types@1.2.0; export acme:shop/api@1.2.0;", shop()))
    targets = [to("user", "second"), to("user", "server", "acme:shop"), to("second", "server", "acme:shop")]
    nodes = composer.assemble("user", {"user": user, "second": second, "server": server}, targets)
    assert [node.name for node in nodes] == ["user", "second", "server"]
    assert len(compose(*nodes).nodes) == 3


@pytest.mark.parametrize("interface", ["acme:shop", "acme:shop/api", "acme:shop/api@1.2.0"])
def test_an_interface_of_the_users_own_composes_with_its_resources(compose: Compose, interface: str) -> None:
    """Its types come along: a resource can only come from where the interface that uses it comes from."""
    user = info(made.guest("import acme:shop/api@1.2.0;", wit=shop()))
    server = info(made.guest("", "export acme:shop/types@1.2.0; export acme:shop/api@1.2.0;", shop()))
    nodes = composer.assemble("user", {"user": user, "server": server}, [to("user", "server", interface)])
    assert dict(nodes[0].wires) == {
        "acme:shop/types@1.2.0": composer.Wire(1, "acme:shop/types@1.2.0"),
        "acme:shop/api@1.2.0": composer.Wire(1, "acme:shop/api@1.2.0"),
    }
    assert compose(*nodes).nodes[0].wired == {"acme:shop/types@1.2.0": "server", "acme:shop/api@1.2.0": "server"}


def test_a_compatible_version_serves_and_brings_more_than_is_asked(compose: Compose) -> None:
    newer = SHOP.replace("@1.2.0", "@1.7.3").replace("pay:", "refund: func(); pay:")
    user = info(made.guest("import acme:shop/api@1.2.0;", wit=shop()))
    server = info(made.guest("", "export acme:shop/types@1.7.3; export acme:shop/api@1.7.3;", shop(newer)))
    compose(*composer.assemble("user", {"user": user, "server": server}, [to("user", "server", "acme:shop")]))


def test_a_link_may_serve_what_the_host_would_serve_otherwise(compose: Compose) -> None:
    user = info(made.guest("import wasi:keyvalue/store@0.2.0-draft;"))
    server = info(made.guest("", "export wasi:keyvalue/store@0.2.0-draft;"))
    nodes = composer.assemble("user", {"user": user, "server": server}, [to("user", "server", "wasi:keyvalue")])
    result = compose(*nodes)
    assert result.nodes[0].links == ()
    assert result.nodes[0].capabilities is None


def test_a_component_composed_beforehand_runs_as_one(compose: Compose) -> None:
    inner = made.guest("import wasi:http/types@0.2.12; import wasi:keyvalue/store@0.2.0-draft;")
    assert compose(wrapped(inner)).nodes[0].links == ("wasi:keyvalue/store@0.2.0-draft",)


def wrapped(inner: bytes) -> bytes:
    """What `wac` and `wasm-tools compose` make: a component that only instantiates another with its own imports."""
    printed = made.tool("print", "-", data=inner).decode()
    assert printed.startswith("(component")
    head, _, _ = printed.partition("(core module")
    imports = [line.split('"')[1] for line in head.splitlines() if line.strip().startswith("(import")]
    names = [line.split("$")[1].split(" ")[0] for line in head.splitlines() if line.strip().startswith("(import")]
    args = "\n".join(f'(with "{i}" (instance ${n}))' for i, n in zip(imports, names, strict=True))
    nested = printed.replace("(component", "(component $nested", 1)
    export = "wasi:http/incoming-handler@0.2.12"
    return made.from_text(
        head + nested + f'(instance $i (instantiate $nested {args})) (alias export $i "{export}" (instance $h))'
        f'(export "{export}" (instance $h)))'
    )


def refused(components: dict[str, composer.ComponentInfo], *targets: composer.Target) -> errors.LinkRefused:
    with pytest.raises(errors.LinkRefused) as caught:
        composer.assemble("front", components, targets)
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_target_that_is_not_there_is_named() -> None:
    refusal = refused({"front": middleware()}, to("front", "back"))
    assert str(refusal) == (
        "front-to-back: links front to back, but there is no component back; add back or change the Link"
    )


def test_a_target_that_does_not_export_the_interface_is_named_with_what_it_exports() -> None:
    silent = info(made.guest("", "export wasi:random/random@0.2.12;"))
    refusal = refused({"front": middleware(), "back": silent}, to("front", "back"))
    assert refusal.problem == (
        "front imports wasi:http/incoming-handler@0.2.12, but back does not export it"
        " (it exports wasi:random/random@0.2.12)"
    )


def test_versions_that_do_not_match_are_named_on_both_sides() -> None:
    front = info(made.guest("import acme:shop/api@1.2.0;", wit=shop()))
    other = SHOP.replace("@1.2.0", "@2.0.0")
    back = info(made.guest("", "export acme:shop/types@2.0.0; export acme:shop/api@2.0.0;", shop(other)))
    refusal = refused({"front": front, "back": back}, to("front", "back", "acme:shop/api"))
    assert refusal.problem == (
        "front imports acme:shop/api@1.2.0, but back exports acme:shop/api@2.0.0, a version that does not match"
    )


def test_a_link_for_an_interface_that_is_not_imported_changes_nothing() -> None:
    """An admin hears of it in the Link's status; the component runs."""
    nodes = composer.assemble("front", {"front": plain(), "back": plain()}, [to("front", "back")])
    assert [node.name for node in nodes] == ["front"]
    assert nodes[0].wires == {}


def test_a_link_for_a_package_means_what_the_target_exports_of_it(compose: Compose) -> None:
    """`wasi:http` also names the types, which the host serves."""
    nodes = composer.assemble("front", {"front": middleware(), "back": plain()}, [to("front", "back", "wasi:http")])
    assert list(nodes[0].wires) == ["wasi:http/incoming-handler@0.2.12"]
    compose(*nodes)


def test_a_link_for_an_interface_goes_before_one_for_its_package() -> None:
    components = {"front": middleware(), "one": plain(), "two": plain()}
    nodes = composer.assemble("front", components, [to("front", "one", "wasi:http"), to("front", "two")])
    assert [node.name for node in nodes] == ["front", "two"]


def test_two_links_for_one_import_are_refused() -> None:
    components = {"front": middleware(), "one": plain(), "two": plain()}
    refusal = refused(components, to("front", "one"), to("front", "two"))
    assert refusal.problem == (
        "links wasi:http/incoming-handler@0.2.12 of front to two, which front-to-one links to one"
    )


def test_a_cycle_is_refused_by_its_path() -> None:
    components = {"front": middleware(), "b": middleware(), "c": middleware()}
    refusal = refused(components, to("front", "b"), to("b", "c"), to("c", "b"))
    assert refusal.problem == "the components b → c → b form a cycle"
    assert refused(components, to("front", "front")).problem == "front is linked to itself"


def test_shapes_that_differ_between_linked_components_are_named(compose: Compose) -> None:
    other = SHOP.replace("pay: func(b: basket) -> result<u64, problem>", "pay: func(b: basket) -> u64")
    user = info(made.guest("import acme:shop/api@1.2.0;", wit=shop()))
    server = info(made.guest("", "export acme:shop/types@1.2.0; export acme:shop/api@1.2.0;", shop(other)))
    nodes = composer.assemble("user", {"user": user, "server": server}, [to("user", "server", "acme:shop")])
    with pytest.raises(errors.ComponentRefused) as caught:
        compose(*nodes)
    assert caught.value.problem == (
        "imports acme:shop/api@1.2.0 with a shape of pay that server does not serve"
        " (func(b: basket) -> result<u64, variant {full, unknown(string)}>, not func(b: basket) -> u64)"
    )


def test_resources_of_two_components_capabilities_are_not_mixed_up(compose: Compose) -> None:
    """A bucket that one component opened means nothing to another's capabilities: refused before the engine sees it."""
    lend = "package acme:lend; interface lend { use wasi:keyvalue/store@0.2.0-draft.{bucket}; lend: func() -> bucket; }"
    wit = (*made.packages(), ("lend", lend))
    user = info(made.guest("import acme:lend/lend; import wasi:keyvalue/store@0.2.0-draft;", wit=wit))
    server = info(made.guest("import wasi:keyvalue/store@0.2.0-draft;", "export acme:lend/lend;", wit))
    nodes = composer.assemble("user", {"user": user, "server": server}, [to("user", "server", "acme:lend")])
    with pytest.raises(errors.ComponentRefused) as caught:
        compose(*nodes)
    assert str(caught.value) == (
        "user: imports acme:lend/lend, whose bucket must be the one of wasi:keyvalue/store@0.2.0-draft,"
        " but server uses another; both components need that resource from the same component"
    )


edges = st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=15)


@given(edges)
def test_every_graph_is_ordered_or_refused_for_a_cycle_that_is_there(links: set[tuple[int, int]]) -> None:
    empty = composer.ComponentInfo(0, (), (), asynchronous=False, data=b"")
    nodes = [
        composer.Node(
            f"n{one}", empty, {f"i{other}": composer.Wire(other, "e") for a, other in sorted(links) if a == one}
        )
        for one in range(6)
    ]
    try:
        order = graph.order(nodes)
    except errors.LinkRefused as refusal:
        words = [word for word in refusal.problem.replace("→", " ").split() if word[0] == "n" and word[1:].isdigit()]
        path = [int(word[1:]) for word in words]
        path = path * 2 if len(path) == 1 else path
        assert path[0] == path[-1]
        assert all(step in links for step in itertools.pairwise(path))
        return
    assert sorted(order) == list(range(6))
    assert all(order.index(other) < order.index(one) for one, other in links)
