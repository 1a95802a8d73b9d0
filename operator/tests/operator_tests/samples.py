"""Objects that tests build on: bodies as users write them, and the values read from them."""

from typing import Any

from wasicloud_operator.api import component, link, provider


def body(kind: str, name: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "wasicloud.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def a_component(name: str = "gopher", **spec: Any) -> component.WasmComponent:
    return component.from_body(body("WasmComponent", name, **{"image": f"registry.example/{name}:1", **spec}))


def a_provider(name: str = "cache", **spec: Any) -> provider.CapabilityProvider:
    return provider.from_body(body("CapabilityProvider", name, **(spec or {"memory": {}})))


def a_link(name: str, component_name: str = "gopher", **spec: Any) -> link.Link:
    return link.from_body(body("Link", name, **{"component": component_name, "interface": "wasi:keyvalue", **spec}))
