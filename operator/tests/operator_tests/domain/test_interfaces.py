"""Which Link serves which import."""

import pytest

from operator_tests import samples
from wasicloud_operator.domain import interfaces

STORE = "wasi:keyvalue/store@0.2.0-draft"


@pytest.mark.parametrize("interface", ["wasi:keyvalue", "wasi:keyvalue/store", STORE])
def test_a_package_an_interface_and_a_version_cover_an_import(interface: str) -> None:
    assert interfaces.covers(interface, STORE)


@pytest.mark.parametrize(
    "interface", ["wasi:blobstore", "wasi:keyvalue/atomics", "wasi:keyvalue/store@0.2.0", "wasi:key"]
)
def test_other_names_do_not(interface: str) -> None:
    assert not interfaces.covers(interface, STORE)


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        (STORE, True),
        ("wasi:blobstore/blobstore@0.2.0-draft", True),
        ("wasi:http/incoming-handler@0.2.0", True),
        ("acme:app/thing", True),
        ("wasi:http/types@0.2.3", False),
        ("wasi:http/outgoing-handler@0.2.3", False),
        ("wasi:cli/environment@0.2.0", False),
        ("wasi:logging/logging", False),
    ],
)
def test_what_needs_a_link(name: str, needed: bool) -> None:
    assert interfaces.needs_link(name) is needed


def test_unserved_imports_and_unused_links_are_found() -> None:
    links = (samples.a_link("kv", provider="a"), samples.a_link("blob", provider="a", interface="wasi:blobstore"))
    assert interfaces.unserved([STORE, "acme:a/b", "wasi:io/poll@0.2.0"], links) == ("acme:a/b",)
    assert [link.name for link in interfaces.unused([STORE], links)] == ["blob"]
    assert interfaces.suggestion(STORE) == "wasi:keyvalue"
    assert interfaces.suggestion("wasi:http/incoming-handler@0.2.0") == "wasi:http/incoming-handler"
