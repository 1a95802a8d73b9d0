"""A component is bound to what its Links name, or the admin reads in one sentence why not."""

from typing import Any

import pytest

from operator_tests import samples
from wasicloud_operator.domain import bindings
from wasicloud_operator.domain.verdicts import Contradiction, Missing

GOPHER, BLOBBY, AUTH = (samples.a_component(name) for name in ("gopher", "blobby", "auth"))
CACHE, BLOBS = samples.a_provider("cache"), samples.a_provider("blobs")
HTTP = {"interface": "wasi:http/incoming-handler"}


def bind(links: list[Any], component: Any = GOPHER, providers: Any = (CACHE, BLOBS)) -> bindings.Bindings:
    return bindings.bind(component, links, providers, (GOPHER, BLOBBY, AUTH))


def test_a_component_without_links_is_bound_to_nothing() -> None:
    bound = bind([])
    assert bound.component == GOPHER
    assert (bound.members[0].links, bound.providers) == ((), ())


def test_only_its_own_links_and_their_providers_are_bound() -> None:
    bound = bind([samples.a_link("a", provider="cache"), samples.a_link("b", "blobby", provider="blobs")])
    assert [link.name for link in bound.links] == ["a"]
    assert [provider.name for provider in bound.providers] == ["cache"]


def test_a_chain_brings_every_component_with_its_own_links() -> None:
    bound = bind(
        [
            samples.a_link("front", "auth", target="gopher", **HTTP),
            samples.a_link("middle", "gopher", target="blobby", **HTTP),
            samples.a_link("kv", "gopher", provider="cache"),
            samples.a_link("blob", "blobby", provider="blobs", interface="wasi:blobstore"),
        ],
        AUTH,
    )
    assert [member.name for member in bound.members] == ["auth", "gopher", "blobby"]
    assert [[link.name for link in member.links] for member in bound.members] == [["front"], ["kv", "middle"], ["blob"]]
    assert [provider.name for provider in bound.providers] == ["blobs", "cache"]


def test_the_order_of_the_objects_does_not_matter() -> None:
    links = [samples.a_link(name, provider="cache", identifiers=[name]) for name in "abc"]
    assert bind(links) == bind(links[::-1])


def test_two_callers_share_one_target() -> None:
    bound = bind(
        [
            samples.a_link("1", "auth", target="gopher", interface="acme:a/a"),
            samples.a_link("2", "auth", target="blobby", interface="acme:b/b"),
            samples.a_link("3", "gopher", target="blobby", interface="acme:b/b"),
        ],
        AUTH,
    )
    assert [member.name for member in bound.members] == ["auth", "gopher", "blobby"]


def test_a_provider_that_is_not_there_is_awaited_by_name() -> None:
    with pytest.raises(Missing) as raised:
        bind([samples.a_link("a", provider="cahce")])
    assert (raised.value.reason, raised.value.link) == ("ProviderNotFound", "a")
    assert "CapabilityProvider cahce" in raised.value.message
    assert "blobs, cache" in raised.value.message


def test_a_target_that_is_not_there_is_awaited_by_name() -> None:
    with pytest.raises(Missing) as raised:
        bind([samples.a_link("a", target="nobody", **HTTP)])
    assert (raised.value.reason, raised.value.link) == ("TargetNotFound", "a")
    assert "from gopher to WasmComponent nobody" in raised.value.message


def test_a_cycle_is_named() -> None:
    with pytest.raises(Contradiction) as raised:
        bind(
            [
                samples.a_link("a", "gopher", target="blobby", **HTTP),
                samples.a_link("b", "blobby", target="auth", **HTTP),
                samples.a_link("c", "auth", target="gopher", **HTTP),
            ]
        )
    assert (raised.value.reason, raised.value.link) == ("LinkCycle", "c")
    assert "gopher → blobby → auth → gopher" in raised.value.message


@pytest.mark.parametrize(("first", "second"), [([], []), (["a", "b"], ["b"]), ([""], ["default"])])
def test_two_links_for_one_identifier_contradict(first: list[str], second: list[str]) -> None:
    with pytest.raises(Contradiction, match="Links one and two both serve") as raised:
        bind(
            [
                samples.a_link("one", provider="cache", identifiers=first),
                samples.a_link("two", provider="blobs", identifiers=second),
            ]
        )
    assert raised.value.reason == "LinksOverlap"


@pytest.mark.parametrize(("first", "second"), [(["a"], ["b"]), (["a"], [])])
def test_identifiers_divide_one_interface_between_providers(first: list[str], second: list[str]) -> None:
    bound = bind(
        [
            samples.a_link("one", provider="cache", identifiers=first),
            samples.a_link("two", provider="blobs", identifiers=second),
        ]
    )
    assert len(bound.providers) == 2


def test_memory_is_not_shared_by_workers() -> None:
    with pytest.raises(Contradiction) as raised:
        bind([samples.a_link("a", provider="cache")], samples.a_component(workers=2))
    assert raised.value.reason == "MemoryNotShared"


def test_what_only_this_machine_has_is_refused_on_a_cluster() -> None:
    with pytest.raises(Contradiction, match="wasicloud push"):
        bindings.check_cluster(bind([], samples.a_component(image="file:a.wasm")))
    folder = samples.a_provider("cache", filesystem={"path": "./data"})
    with pytest.raises(Contradiction, match="persistentVolumeClaim"):
        bindings.check_cluster(bind([samples.a_link("a", provider="cache")], providers=(folder,)))
    bindings.check_cluster(bind([samples.a_link("a", provider="cache")]))
