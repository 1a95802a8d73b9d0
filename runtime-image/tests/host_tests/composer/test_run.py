"""A composition at work: the trampoline's course, and that who asks for a capability is decided by structure."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
import wasmtime
from hypothesis import given, settings
from hypothesis import strategies as st
from wasmtime.component import Component, Linker

from host_tests.composer import standin
from wasicloud_host import composer

Handle = Callable[[str, str], str]


class Running:
    """An instance of a composition of stand-ins; ``asked`` are the (host import, identifier) pairs it asked for."""

    def __init__(self, nodes: list[composer.Node] | tuple[composer.Node, ...]) -> None:
        made = composer.compose(standin.core(), standin.capabilities(), nodes)
        self.asked: list[tuple[str, str]] = []
        engine = wasmtime.Engine()
        self.store = wasmtime.Store(engine)
        linker = Linker(engine)
        with linker.root() as root:
            with root.add_instance(made.exchange.name) as exchange:
                exchange.add_func("monotonic-now", lambda _: 0)
            for node in made.nodes:
                if node.capabilities is not None:
                    with root.add_instance(node.capabilities.name) as own:
                        own.add_func("open", self.opener(node.capabilities.name))
        instance = linker.instantiate(self.store, Component(engine, made.data))
        function = instance.get_func(self.store, "handle")
        assert function is not None
        self.function = function

    def opener(self, name: str) -> Callable[[object, str], str]:
        def opened(_: object, identifier: str) -> str:
            self.asked.append((name, identifier))
            return f"{name} opened {identifier}"

        return opened

    def handle(self, head: str, body: str = "") -> str:
        answer = self.function(self.store, head, body)
        self.function.post_return(self.store)
        assert isinstance(answer, str)
        return answer


def node(data: bytes, name: str = "n", **wires: composer.Wire) -> composer.Node:
    return composer.Node(name, composer.inspect(data, name), wires)


def chain(*components: bytes) -> tuple[composer.Node, ...]:
    names = [f"n{number}" for number in range(len(components))]
    infos = {name: composer.inspect(data, name) for name, data in zip(names, components, strict=True)}
    targets = [
        composer.Target("link", one, "wasi:http/incoming-handler", other) for one, other in itertools.pairwise(names)
    ]
    return composer.assemble("n0", infos, targets)


@pytest.fixture(scope="module")
def echo() -> Running:
    return Running([node(standin.echo())])


def test_a_request_enters_and_its_answer_leaves(echo: Running) -> None:
    assert echo.handle("GET\n/\nhttp\nlocalhost\n") == "GET\n/\nhttp\nlocalhost\n"


@settings(max_examples=50)
@given(st.text(max_size=2000))
def test_any_text_passes_unchanged_through_a_reused_instance(echo: Running, text: str) -> None:
    # the stand-in for the bridge never frees, so that it is given little here
    assert echo.handle(text) == text


def test_a_body_larger_than_memory_at_first_passes(echo: Running) -> None:
    assert echo.handle("short", "x" * 50_000) == "short"


def test_a_component_without_capabilities_gets_none() -> None:
    made = composer.compose(standin.core(), standin.capabilities(), [node(standin.echo())])
    assert [placed.capabilities for placed in made.nodes] == [None]
    assert b"capabilities-0" not in made.data


def test_a_component_asks_under_its_own_name() -> None:
    running = Running([node(standin.ask())])
    assert running.handle("users") == "capabilities-0 opened users"
    assert running.handle("images") == "capabilities-0 opened images"


def test_each_component_of_a_chain_asks_under_its_own_name() -> None:
    running = Running(chain(standin.middle(), standin.middle(), standin.ask()))
    assert running.handle("users") == "capabilities-2 opened users"
    assert running.asked == [(f"capabilities-{number}", "users") for number in range(3)]


def test_a_trap_anywhere_in_a_chain_is_a_trap_of_the_whole() -> None:
    running = Running(chain(standin.middle(), standin.trap()))
    with pytest.raises(wasmtime.WasmtimeError, match="unreachable"):
        running.handle("users")


def test_the_host_learns_which_functions_it_must_define() -> None:
    made = composer.compose(standin.core(), standin.capabilities(), chain(standin.middle(), standin.ask()))
    assert made.exchange.name == "wasicloud:bridge/exchange"
    assert [name for name, _ in made.exchange.interface.functions()] == ["monotonic-now"]
    first = made.nodes[0].capabilities
    assert first is not None
    assert [name for name, _ in first.interface.functions()] == ["open"]


def test_the_same_inputs_give_the_same_bytes() -> None:
    nodes = chain(standin.middle(), standin.ask())
    again = chain(standin.middle(), standin.ask())
    one, other = (composer.compose(standin.core(), standin.capabilities(), each) for each in (nodes, again))
    assert one.data == other.data
