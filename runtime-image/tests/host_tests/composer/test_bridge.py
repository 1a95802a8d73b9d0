"""The committed bridge is what wit/ says, so that what holds for dummies made from wit/ holds for it; and it composes."""

from __future__ import annotations

import pytest
import wasmtime
from wasmtime.component import Component

from host_tests.composer import made
from wasicloud_host import bridge as committed
from wasicloud_host import composer
from wasicloud_host.composer import aliases, bridge, types


def outside(externs: tuple[composer.Extern, ...]) -> dict[str, dict[str, str]]:
    """Interfaces by name, as their items written as WIT."""
    interfaces = {extern.name: extern.type for extern in externs if isinstance(extern.type, types.Interface)}
    return {
        name: {label: types.render(item, shape.resource_names()) for label, item in shape.items}
        for name, shape in interfaces.items()
    }


@pytest.mark.parametrize("world", ["core", "capabilities-bridge"])
def test_the_committed_bridge_has_the_types_of_its_world(world: str) -> None:
    real = composer.inspect(committed.core() if world == "core" else committed.capabilities())
    dummy = composer.inspect(made.bridge(world))
    assert outside(real.exports) == outside(dummy.exports)
    allowed = outside(dummy.imports)
    for name, items in outside(real.imports).items():  # what its code does not use is not imported
        assert items.items() <= allowed[name].items()


def test_every_other_name_and_shape_is_backed_by_an_export() -> None:
    parts = bridge.read(committed.core(), committed.capabilities())
    assert set(aliases.RENAMED.values()) <= set(parts.capability_offers)
    for row in aliases.REPLACED:
        assert parts.capability_offers[row.instance].interface.get(row.function) is not None, row
        for name in row.imports:
            assert aliases.RENAMED.get(name, name) in parts.capability_offers, row


def test_the_bridge_asks_the_host_for_flat_functions_only() -> None:
    parts = bridge.read(committed.core(), committed.capabilities())
    for found in parts.host_imports():
        assert found is not None
        for name, function in found[1].functions():
            kinds = {kind for _, kind in function.params} | {function.result}
            assert kinds <= {"u32", "u64", "string"}, name


@pytest.mark.parametrize(
    ("example", "links"),
    [
        ("hello/rust/hello.wasm", ()),
        ("counter/counter.wasm", ("wasi:keyvalue/store@0.2.0-draft", "wasi:keyvalue/atomics@0.2.0-draft")),
    ],
)
def test_the_examples_compose_with_the_committed_bridge(
    example: str, links: tuple[str, ...], engine: wasmtime.Engine
) -> None:
    data = (made.REPOSITORY / "examples" / example).read_bytes()
    node = composer.Node("example", composer.inspect(data, "example"))
    result = composer.compose(committed.core(), committed.capabilities(), [node])
    Component(engine, result.data)
    assert result.nodes[0].links == links
    assert (result.nodes[0].capabilities is not None) == bool(links)
