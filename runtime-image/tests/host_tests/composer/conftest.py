"""Fixtures: the bridge's two components as dummies made from wit/, and an engine that judges compositions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import wasmtime
from hypothesis import HealthCheck, settings
from wasmtime.component import Component

from host_tests.composer import made
from wasicloud_host import composer

# Properties hold on a busy machine too: no example has to be quick.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

Compose = Callable[..., composer.Composition]


@pytest.fixture(scope="session")
def core() -> bytes:
    """The core bridge's types."""
    return made.bridge("core")


@pytest.fixture(scope="session")
def capabilities() -> bytes:
    """The capabilities bridge's types."""
    return made.bridge("capabilities-bridge")


@pytest.fixture(scope="session")
def engine() -> wasmtime.Engine:
    """The judge of what is a component."""
    config = wasmtime.Config()
    config.cranelift_opt_level = "none"  # only validity matters here
    return wasmtime.Engine(config)


@pytest.fixture
def compose(core: bytes, capabilities: bytes, engine: wasmtime.Engine) -> Compose:
    """Compose nodes (or one component's bytes) and have both judges accept the result."""

    def composed(*nodes: composer.Node | bytes) -> composer.Composition:
        made_nodes = [
            node
            if isinstance(node, composer.Node)
            else composer.Node(f"n{number}", composer.inspect(node, f"n{number}"))
            for number, node in enumerate(nodes)
        ]
        result = composer.compose(core, capabilities, made_nodes)
        made.validate(result.data)
        Component(engine, result.data)
        return result

    return composed
