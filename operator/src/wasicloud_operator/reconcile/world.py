"""What is known of the cluster: objects by kind, the indexes that decisions need, and whom a change touches.

It is fed by ``put`` and ``drop``, by watches and by the answers to our own writes, in any order: the newest version of an object wins.
Nothing here asks the API server, so nothing here waits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from wasicloud_operator.api import component as components
from wasicloud_operator.api import link as links
from wasicloud_operator.api import names
from wasicloud_operator.api import provider as providers
from wasicloud_operator.api.errors import SpecInvalid
from wasicloud_operator.api.refs import Metadata, ObjectKey
from wasicloud_operator.reconcile import kept
from wasicloud_operator.reconcile.ports import Body, Key
from wasicloud_operator.reconcile.view import Unreadable

Read = components.WasmComponent | providers.CapabilityProvider | links.Link | Unreadable

CHILDREN = (
    "ServiceAccount",
    "ConfigMap",
    "NetworkPolicy",
    "Service",
    "Deployment",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
)
KINDS = (names.WASM_COMPONENT, names.CAPABILITY_PROVIDER, names.LINK, *CHILDREN, "Pod", "Event")
"""Every kind that is watched."""

_READERS: Mapping[str, Callable[[Body], Read]] = {
    names.WASM_COMPONENT: components.from_body,
    names.CAPABILITY_PROVIDER: providers.from_body,
    names.LINK: links.from_body,
}
_PRIVATE = "-wasicloud"
_NO_BODY: Body = MappingProxyType({})


class World:
    """For one thread. Methods that change it return the keys that the change touches."""

    def __init__(self) -> None:
        self._bodies: dict[str, dict[ObjectKey, Body]] = {kind: {} for kind in KINDS}
        self._read: dict[str, dict[ObjectKey, Read]] = {kind: {} for kind in _READERS}
        self._links = _Index()  # by component, target and provider
        self._owned = _Index()  # children by component
        self._pods = _Index()  # pods by component
        self._waits = _Index()  # events by pod
        self._config_users = _Index()  # components by ConfigMap
        self.remarks: dict[str, str] = {}

    # --- what changes it

    def put(self, kind: str, body: Body) -> Collection[Key]:
        """An object as it is now, or was at its resourceVersion."""
        key = key_of(body)
        old = self._bodies[kind].get(key)
        if old is not None and version(old) >= version(body):
            return ()
        new = _keep(kind, body)
        self._bodies[kind][key] = new
        if kind in _READERS:
            return self._known(self._put_custom(kind, key, (old, new), body))
        touched = {*self._touched_by_child(kind, key, old), *self._reindex(kind, key, old, new)}
        return self._known(touched) if _matters(kind, old, new) else ()

    def drop(self, kind: str, key: ObjectKey, at: int) -> Collection[Key]:
        """An object is gone, as of version ``at``; what was written later stays."""
        old = self._bodies[kind].get(key)
        if old is None or version(old) > at:
            return ()
        del self._bodies[kind][key]
        if kind in _READERS:
            return self._known(self._drop_custom(kind, key))
        touched = set(self._touched_by_child(kind, key, old))
        self._reindex(kind, key, old, None)
        if kind == "Pod":
            self.remarks.pop(old["metadata"].get("uid", ""), None)
        return self._known(touched)

    def keys(self, kind: str) -> Collection[ObjectKey]:
        """Objects of one kind that are known."""
        return list(self._bodies[kind])

    def everything(self) -> Iterator[Key]:
        """Every key that has a reconciliation, those that others depend on first."""
        for kind in (names.CAPABILITY_PROVIDER, names.WASM_COMPONENT, names.LINK):
            for key in self._bodies[kind]:
                yield Key(kind, key)

    # --- what is read

    def child(self, kind: str, key: ObjectKey) -> Body | None:
        """A live child, or what stands at its name."""
        found = self._bodies[kind].get(key)
        return kept.unpacked(found) if found is not None else None

    def going(self, key: Key) -> bool:
        """Whether an object of our kinds is being deleted, or gone."""
        found = self._bodies[key.kind].get(key.object)
        return found is None or "deletionTimestamp" in found["metadata"]

    def read(self, kind: str, key: ObjectKey) -> Read | None:
        """An object of our kinds, as its dataclass or as what is wrong with it."""
        return self._read[kind].get(key)

    def status(self, key: Key) -> Body:
        """The status as it stands."""
        body = self._bodies[key.kind].get(key.object)
        return kept.status(body) if body is not None else _NO_BODY

    def links_of(self, component: ObjectKey) -> list[links.Link | Unreadable]:
        """Links whose ``component`` this is, by name."""
        return [self._read[names.LINK][key] for key in sorted(self._links.get(("component", component)))]  # type: ignore[misc]

    def links_to(self, provider: ObjectKey) -> int:
        """How many Links lead to a provider."""
        return len(self._links.get(("provider", provider)))

    def children_of(self, component: ObjectKey) -> Iterator[tuple[str, Body]]:
        """Kind and body of every child."""
        for kind, key in self._owned.get(component):
            yield kind, kept.unpacked(self._bodies[kind][key])

    def pods_of(self, component: ObjectKey) -> list[Body]:
        """Pods of a component that are not on their way out, the newest first."""
        found = [self._bodies["Pod"][key] for key in self._pods.get(component)]
        staying = [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]
        return sorted(
            staying, key=lambda pod: (pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]), reverse=True
        )

    def mount_problem(self, pod: ObjectKey) -> str:
        """What kubelet said last about a volume that a pod waits for."""
        events = [self._bodies["Event"][key] for key in self._waits.get(pod)]
        return max(events, key=version)["message"] if events else ""

    def users_of(self, provider: ObjectKey) -> set[ObjectKey]:
        """Components with a Link to a provider."""
        links_ = self._links.get(("provider", provider))
        return {ObjectKey(key.namespace, name) for key in links_ if (name := self._raw_spec(key).get("component"))}

    def told_by_pods(self, component: ObjectKey) -> set[Key]:
        """Whose status tells what a component's pods say: its own, its Links', their providers'."""
        told = {Key(names.WASM_COMPONENT, component)}
        for link in self._links.get(("component", component)):
            told.add(Key(names.LINK, link))
            if provider := self._raw_spec(link).get("provider"):
                told.add(Key(names.CAPABILITY_PROVIDER, ObjectKey(link.namespace, provider)))
        return told

    # --- whom a change touches

    def _known(self, touched: Collection[Key]) -> Collection[Key]:
        """Without keys of objects that are not there: when they come, they come by themselves."""
        return {key for key in touched if key.object in self._bodies[key.kind]}

    def _put_custom(self, kind: str, key: ObjectKey, change: tuple[Body | None, Body], body: Body) -> Collection[Key]:
        old, new = change
        if old is not None and _without_status(old) == _without_status(new):
            return (Key(kind, key),)  # somebody wrote the status; ours, unless it is known already
        before = self._touched_by_custom(kind, key)
        self._unindex_custom(kind, key)
        self._read[kind][key] = _read(kind, body)
        self._index_custom(kind, key)
        return {*before, *self._touched_by_custom(kind, key)}

    def _drop_custom(self, kind: str, key: ObjectKey) -> Collection[Key]:
        touched = self._touched_by_custom(kind, key)
        self._unindex_custom(kind, key)
        del self._read[kind][key]
        return touched - {Key(kind, key)}

    def _index_custom(self, kind: str, key: ObjectKey) -> None:
        for where in self._places(kind, key):
            self._links.add(where, key)
        for config_map in self._config_maps(kind, key):
            self._config_users.add(config_map, key)

    def _unindex_custom(self, kind: str, key: ObjectKey) -> None:
        for where in self._places(kind, key):
            self._links.remove(where, key)
        for config_map in self._config_maps(kind, key):
            self._config_users.remove(config_map, key)

    def _places(self, kind: str, key: ObjectKey) -> Iterator[tuple[str, ObjectKey]]:
        if kind != names.LINK or key not in self._read[kind]:
            return
        spec = self._raw_spec(key)
        for field in ("component", "target", "provider"):
            if isinstance(spec.get(field), str):
                yield field, ObjectKey(key.namespace, spec[field])

    def _raw_spec(self, link: ObjectKey) -> Mapping[str, Any]:
        """Where a Link leads, also if the rest of it cannot be read."""
        read = self._read[names.LINK][link]
        if isinstance(read, links.Link):
            return {"component": read.spec.component, "target": read.spec.target, "provider": read.spec.provider}
        return read.spec if isinstance(read, Unreadable) else {}

    def _config_maps(self, kind: str, key: ObjectKey) -> Iterator[ObjectKey]:
        read = self._read.get(kind, {}).get(key)
        if isinstance(read, components.WasmComponent):
            for source in read.spec.config_from:
                if source.config_map_ref is not None:
                    yield ObjectKey(key.namespace, source.name)

    def _touched_by_custom(self, kind: str, key: ObjectKey) -> set[Key]:
        touched = {Key(kind, key)}
        if kind == names.WASM_COMPONENT:
            touched |= self._with_callers(key)
            touched |= {Key(names.LINK, link) for link in self._links.get(("target", key))}
        if kind == names.CAPABILITY_PROVIDER:
            for link in self._links.get(("provider", key)):
                touched |= self._touched_by_custom(names.LINK, link)
        if kind == names.LINK:
            for field, place in self._places(kind, key):
                if field == "component":
                    touched |= self._with_callers(place)
                if field == "provider":
                    touched.add(Key(names.CAPABILITY_PROVIDER, place))
        return touched

    def _with_callers(self, component: ObjectKey) -> set[Key]:
        """A component, every one that has it in its process, and the Links that speak of them."""
        seen: set[ObjectKey] = set()
        todo = [component]
        touched: set[Key] = set()
        while todo:
            key = todo.pop()
            if key in seen:
                continue
            seen.add(key)
            touched |= self._with_links(key)
            for link in self._links.get(("target", key)):
                caller = self._raw_spec(link).get("component")
                todo += [ObjectKey(key.namespace, caller)] if caller else []
        return touched

    def _with_links(self, component: ObjectKey) -> set[Key]:
        mine = {Key(names.LINK, link) for link in self._links.get(("component", component))}
        return {Key(names.WASM_COMPONENT, component), *mine}

    def _touched_by_child(self, kind: str, key: ObjectKey, body: Body | None) -> Iterator[Key]:
        if body is None:
            return
        if kind == "Event":
            pod = self._bodies["Pod"].get(ObjectKey(key.namespace, body["pod"]))
            if pod is not None:
                yield from self._with_links(_pod_component(key.namespace, pod))
            return
        if kind == "Pod":
            yield from self.told_by_pods(_pod_component(key.namespace, body))
            return
        found = kept.owner(body)
        name = found[0] if found else key.name.removesuffix(_PRIVATE)
        yield from self._with_links(ObjectKey(key.namespace, name))
        if kind == "ConfigMap":
            for user in self._config_users.get(key):
                yield from self._with_callers(user)

    def _reindex(self, kind: str, key: ObjectKey, old: Body | None, new: Body | None) -> Iterator[Key]:
        for body, change in ((old, _Index.remove), (new, _Index.add)):
            if body is None:
                continue
            if kind == "Event":
                change(self._waits, ObjectKey(key.namespace, body["pod"]), key)
            elif kind == "Pod":
                change(self._pods, _pod_component(key.namespace, body), key)
            elif (found := kept.owner(body)) is not None:
                change(self._owned, ObjectKey(key.namespace, found[0]), (kind, key))
        return self._touched_by_child(kind, key, new)


class _Index:
    """Sets by key; an empty set takes no room."""

    def __init__(self) -> None:
        self._sets: defaultdict[Any, set[Any]] = defaultdict(set)

    def add(self, key: Any, item: Any) -> None:
        self._sets[key].add(item)

    def remove(self, key: Any, item: Any) -> None:
        found = self._sets.get(key)
        if found is not None:
            found.discard(item)
            if not found:
                del self._sets[key]

    def get(self, key: Any) -> Collection[Any]:
        return self._sets.get(key, ())


def key_of(body: Body) -> ObjectKey:
    """Where an object is."""
    return ObjectKey(body["metadata"].get("namespace", ""), body["metadata"]["name"])


def version(body: Body) -> int:
    """An object's version, comparable within its kind (as the API server promises since Kubernetes 1.35, and etcd always did)."""
    return int(body["metadata"].get("resourceVersion") or 0)


def _keep(kind: str, body: Body) -> Body:
    if kind in _READERS:
        return kept.custom(body)
    if kind == "Pod":
        return kept.pod(body)
    if kind == "Event":
        return kept.event(body)
    return kept.child(body)


def _read(kind: str, body: Body) -> Read:
    try:
        return _READERS[kind]({**body, "apiVersion": names.API_VERSION, "kind": kind})  # items of a list say neither
    except SpecInvalid as invalid:
        metadata = body["metadata"]
        who = Metadata(key_of(body), str(metadata.get("uid", "")), int(metadata.get("generation", 0)))
        spec = body.get("spec")
        return Unreadable(kind, who, str(invalid), spec if isinstance(spec, dict) else {})


def _pod_component(namespace: str, pod: Body) -> ObjectKey:
    return ObjectKey(namespace, pod["metadata"]["labels"].get(names.COMPONENT_LABEL, ""))


def _without_status(body: Body) -> tuple[Any, ...]:
    metadata = body["metadata"]
    return body.get("spec"), metadata.get("uid"), metadata.get("generation"), metadata.get("deletionTimestamp")


def _matters(kind: str, old: Body | None, new: Body) -> bool:
    """Others' objects change all the time: of a ConfigMap only the content is of interest, of the rest nothing."""
    if old is None or kept.FOREIGN not in old or kept.FOREIGN not in new:
        return True
    return bool(old.get(kept.DIGEST) != new.get(kept.DIGEST))
