"""Which Link serves what: refused, warned of or bound before anything is served; unknown identifiers at run time."""

from __future__ import annotations

import pytest

from wasicloud_host import config
from wasicloud_host.errors import LinkRefused
from wasicloud_host.links import bindings
from wasicloud_host.providers import registry

STORE = "wasi:keyvalue/store@0.2.0-draft"


@pytest.fixture
def providers():
    return registry.open_all([config.Provider("one", "memory"), config.Provider("other", "memory")])


def component(*links):
    return config.Component("gopher", "unused.wasm", links=links)


def keyvalue(name="store", provider="one", identifiers=(), **parameters):
    return config.Link(
        name,
        "wasi:keyvalue",
        provider=provider,
        identifiers=identifiers,
        parameters=config.LinkParameters(**parameters),
    )


def test_what_the_host_serves_itself_needs_no_link(providers):
    imports = [
        "wasi:http/types@0.2.12",
        "wasi:http/outgoing-handler@0.2.0",
        "wasi:cli/environment@0.2.3",
        "wasi:config/store@0.2.0-rc.1",
        "wasi:logging/logging",
        "wasi:filesystem/types@0.2.0",
        "wasi:sockets/tcp@0.2.0",
    ]
    bound = bindings.resolve(component(), imports, providers)
    assert bound.warnings == ()
    assert bound.bucket(b"default") is None


@pytest.mark.parametrize(
    "name",
    [
        STORE,
        "wasi:keyvalue/eventual@0.1.0",
        "wasi:blobstore/container@0.2.0-draft",
        "wasi:http/incoming-handler@0.2.0",
        "acme:shop/prices@1.0.0",
    ],
)
def test_LK03_an_import_that_no_link_serves_is_refused_by_name(providers, name):
    with pytest.raises(LinkRefused) as caught:
        bindings.resolve(component(), [name], providers)
    assert name in str(caught.value)
    assert name.partition("@")[0].partition("/")[0] in caught.value.remedy


def test_a_link_that_nothing_imports_is_a_warning(providers):
    bound = bindings.resolve(component(keyvalue()), ["wasi:http/types@0.2.0"], providers)
    (warning,) = bound.warnings
    assert "store" in warning
    assert "does not import" in warning


def test_a_layout_that_the_backend_does_not_know_is_a_warning(providers):
    bound = bindings.resolve(component(keyvalue(layout="hash")), [STORE], providers)
    assert bound.warnings == ("Link 'store' has layout: hash, which has no meaning on memory",)
    assert bound.bucket(b"default") is not None


def test_a_link_to_another_component(providers):
    prices = config.Link("prices", "acme:shop/prices", target="shop")
    bound = bindings.resolve(component(prices), ["acme:shop/prices@1.0.0", "wasi:io/streams@0.2.0"], providers)
    assert bound.targets == {"acme:shop/prices@1.0.0": "shop"}
    assert bound.warnings == ()


def test_a_link_by_package_serves_every_interface_of_it(providers):
    shop = config.Link("shop", "acme:shop", target="shop")
    bound = bindings.resolve(component(shop), ["acme:shop/prices@1.0.0", "acme:shop/stock@1.0.0"], providers)
    assert set(bound.targets.values()) == {"shop"}


def test_a_component_can_serve_keyvalue_to_another(providers):
    store = config.Link("cache", "wasi:keyvalue/store", target="cache")
    assert bindings.resolve(component(store), [STORE], providers).targets == {STORE: "cache"}


def test_identifiers_go_to_their_own_links(providers):
    bound = bindings.resolve(
        component(keyvalue("a", "one", ("users",)), keyvalue("b", "other", ("orders",))), [STORE], providers
    )
    bound.bucket(b"users").store.set(b"key", b"users")
    bound.bucket(b"orders").store.set(b"key", b"orders")
    assert bound.bucket(b"users").store.get(b"key") == b"users"
    assert bound.bucket(b"default") is None
    assert bound.bucket(b"") is None


def test_a_named_identifier_goes_before_a_link_for_all(providers):
    bound = bindings.resolve(component(keyvalue("all", "one"), keyvalue("b", "other", ("b",))), [STORE], providers)
    bound.bucket(b"b").store.set(b"key", b"b")
    assert providers["other"]._buckets
    assert bound.bucket(b"anything") is not None


@pytest.mark.parametrize(
    "links",
    [
        (keyvalue("a"), keyvalue("b")),
        (keyvalue("a", "one", ("x",)), keyvalue("b", "other", ("x",))),
        (keyvalue("a", "one", ("",)), keyvalue("b", "other", ("default",))),
    ],
)
def test_two_links_for_one_identifier_are_refused(providers, links):
    with pytest.raises(LinkRefused, match="'a'"):
        bindings.resolve(component(*links), [STORE], providers)


def test_a_provider_serves_only_what_providers_serve(providers):
    with pytest.raises(LinkRefused, match="wasi:http"):
        bindings.resolve(component(config.Link("x", "wasi:http", provider="one")), [], providers)


def test_the_cache_of_opened_buckets_is_bounded(providers):
    bound = bindings.resolve(component(keyvalue()), [STORE], providers)
    for number in range(5000):
        assert bound.bucket(b"%d" % number) is not None
    assert len(bound._buckets) <= bindings._OPEN_BUCKETS
