"""From the world to the view of one object. Reads only; what it returns no longer changes."""

from __future__ import annotations

from types import MappingProxyType

from wasicloud_operator.api import names
from wasicloud_operator.api.component import WasmComponent
from wasicloud_operator.api.link import Link
from wasicloud_operator.api.provider import CapabilityProvider
from wasicloud_operator.api.refs import ObjectKey
from wasicloud_operator.build import naming
from wasicloud_operator.reconcile import kept, pods
from wasicloud_operator.reconcile.ports import Body, Key
from wasicloud_operator.reconcile.view import ComponentView, LinkView, ProviderView, Unreadable
from wasicloud_operator.reconcile.world import CHILDREN, World, key_of


def component(world: World, key: ObjectKey) -> ComponentView | None:
    """What is around a WasmComponent; None if there is none."""
    found = world.read(names.WASM_COMPONENT, key)
    if not isinstance(found, WasmComponent | Unreadable):
        return None
    near = _Neighbourhood(world, key)
    alive = tuple(world.pods_of(key))
    mounts = {pod["metadata"]["name"]: world.mount_problem(key_of(pod)) for pod in alive}
    return ComponentView(
        component=found,
        status=world.status(Key(names.WASM_COMPONENT, key)),
        links=tuple(near.links),
        providers=tuple(near.providers.values()),
        components=tuple(near.components.values()),
        unreadable=tuple(near.unreadable),
        children=MappingProxyType(_children(world, key)),
        pods=alive,
        config_maps=MappingProxyType(near.config_maps),
        mounts=MappingProxyType({pod: problem for pod, problem in mounts.items() if problem}),
        remarks=MappingProxyType({uid: world.remarks[uid] for uid in map(_uid, alive) if uid in world.remarks}),
    )


def provider(world: World, key: ObjectKey) -> ProviderView | None:
    """What is around a CapabilityProvider; None if there is none."""
    found = world.read(names.CAPABILITY_PROVIDER, key)
    if not isinstance(found, CapabilityProvider | Unreadable):
        return None
    unready = (pod for user in world.users_of(key) for pod in world.pods_of(user) if not pods.is_ready(pod))
    remarks = {world.remarks.get(_uid(pod), "") for pod in unready}
    status = world.status(Key(names.CAPABILITY_PROVIDER, key))
    return ProviderView(found, status, world.links_to(key), tuple(sorted(remarks - {""})))


def link(world: World, key: ObjectKey) -> LinkView | None:
    """What is around a Link; None if there is none."""
    found = world.read(names.LINK, key)
    if not isinstance(found, Link | Unreadable):
        return None
    status = world.status(Key(names.LINK, key))
    if isinstance(found, Unreadable):
        return LinkView(found, status)
    return LinkView(
        found,
        status,
        component(world, ObjectKey(key.namespace, found.spec.component)),
        provider_found=_there(world, names.CAPABILITY_PROVIDER, key.namespace, found.spec.provider),
        target_found=_there(world, names.WASM_COMPONENT, key.namespace, found.spec.target),
    )


class _Neighbourhood:
    """Everything that a component reaches by its Links, over any number of targets."""

    def __init__(self, world: World, start: ObjectKey) -> None:
        self.links: list[Link] = []
        self.providers: dict[str, CapabilityProvider] = {}
        self.components: dict[str, WasmComponent] = {}
        self.unreadable: list[Unreadable] = []
        self.config_maps: dict[str, str] = {}
        self._world = world
        todo, seen = [start], set[ObjectKey]()
        while todo:
            key = todo.pop()
            if key not in seen:
                seen.add(key)
                todo += self._visit(key)

    def _visit(self, key: ObjectKey) -> list[ObjectKey]:
        found = self._world.read(names.WASM_COMPONENT, key)
        if isinstance(found, WasmComponent):
            self.components[found.name] = found
            self._see_config_maps(found)
        elif isinstance(found, Unreadable):
            self.unreadable.append(found)
        onward = []
        for one in self._world.links_of(key):
            if isinstance(one, Unreadable):
                self.unreadable.append(one)
                continue
            self.links.append(one)
            if one.spec.provider is not None:
                self._see_provider(ObjectKey(key.namespace, one.spec.provider))
            if one.spec.target is not None:
                onward.append(ObjectKey(key.namespace, one.spec.target))
        return onward

    def _see_provider(self, key: ObjectKey) -> None:
        found = self._world.read(names.CAPABILITY_PROVIDER, key)
        if isinstance(found, CapabilityProvider):
            self.providers[found.name] = found
        elif isinstance(found, Unreadable) and found not in self.unreadable:
            self.unreadable.append(found)

    def _see_config_maps(self, component: WasmComponent) -> None:
        for source in component.spec.config_from:
            if source.config_map_ref is None:
                continue
            body = self._world.child("ConfigMap", ObjectKey(component.metadata.namespace, source.name))
            if body is not None:
                self.config_maps[source.name] = body.get(kept.DIGEST) or kept.digest(body)


def _children(world: World, key: ObjectKey) -> dict[tuple[str, str], Body]:
    found = {(kind, body["metadata"]["name"]): body for kind, body in world.children_of(key)}
    for kind in CHILDREN:
        for name in (naming.main(key.name), naming.private(key.name)):
            if (kind, name) in found:
                continue
            body = world.child(kind, ObjectKey(key.namespace, name))
            if body is not None:
                found[kind, name] = body
    return found


def _there(world: World, kind: str, namespace: str, name: str | None) -> bool:
    return name is None or world.read(kind, ObjectKey(namespace, name)) is not None


def _uid(pod: Body) -> str:
    return str(pod["metadata"].get("uid", ""))
