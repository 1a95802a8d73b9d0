"""What to run, decided from manifests and components before anything starts; every mistake by file and line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wasicloud_cli.artifacts import Artifact
from wasicloud_cli.dev import workspace
from wasicloud_cli.manifests import Manifests
from wasicloud_cli.problems import Problem, Unusable
from wasicloud_host import bridge, composer, config, errors
from wasicloud_host.composer import names as wit
from wasicloud_operator.api import names, provider
from wasicloud_operator.api.component import WasmComponent
from wasicloud_operator.api.link import PROVIDED, Link, package
from wasicloud_operator.api.provider import CapabilityProvider
from wasicloud_operator.api.refs import ObjectKey
from wasicloud_operator.build import host_config
from wasicloud_operator.domain import bindings, interfaces
from wasicloud_operator.domain.verdicts import Unresolved

DRAIN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Service:
    """One host to run: who it is, and its configuration, in which only the ports are open."""

    key: ObjectKey
    title: str
    config: config.HostConfig


@dataclass(frozen=True, slots=True)
class Plan:
    """Hosts to run in the order of their ports, rows of the table of Links, and what a user may want to know."""

    services: tuple[Service, ...]
    links: tuple[tuple[str, ...], ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that a plan is made of; ``paths_root`` and ``cache_directory`` are only named in it, never read."""

    manifests: Manifests
    artifacts: Mapping[ObjectKey, Artifact]
    place: workspace.Workspace
    cache_directory: str | None = None


def make(inputs: Inputs) -> Plan:
    """Decide; raises `Unusable` with everything that is wrong."""
    manifests = inputs.manifests
    problems = list(_dangling(manifests))
    services: list[Service] = []
    if not manifests.components:
        problems.append(
            Problem("", "", "the manifests hold no WasmComponent", "add one, or name the file that holds it")
        )
    for component in manifests.components.values():
        unserved = list(_unserved(component, inputs))
        problems += unserved
        try:
            bound = _bind(component, manifests)
            if unserved or not _answers_http(component, inputs):
                continue
            _compose(bound, inputs)
        except _Refused as refused:
            problems.append(refused.problem)
            continue
        services.append(Service(component.metadata.key, _title(component, manifests), _render(bound, inputs)))
    if problems:
        raise Unusable(dict.fromkeys(problems))
    return Plan(tuple(services), tuple(_rows(manifests)), tuple(_warnings(inputs)))


def _answers_http(component: WasmComponent, inputs: Inputs) -> bool:
    """Whether it gets a host. One that exports no handler may still be the target of a Link; if it is none, composing refuses it."""
    exports = [extern.name for extern in inputs.artifacts[component.metadata.key].info.exports]
    links = inputs.manifests.links
    is_target = any(
        link.spec.target == component.name and key.namespace == component.metadata.namespace
        for key, link in links.items()
    )
    return not is_target or wit.find(wit.INCOMING_HANDLER, exports) is not None


class _Refused(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def _in(namespace: str, objects: Mapping[ObjectKey, object]) -> Iterator[ObjectKey]:
    return (key for key in objects if key.namespace == namespace)


def _bind(component: WasmComponent, manifests: Manifests) -> bindings.Bindings:
    namespace = component.metadata.namespace
    try:
        return bindings.bind(
            component,
            [manifests.links[key] for key in _in(namespace, manifests.links)],
            [manifests.providers[key] for key in _in(namespace, manifests.providers)],
            [manifests.components[key] for key in _in(namespace, manifests.components)],
        )
    except Unresolved as verdict:
        kind, name = (names.LINK, verdict.link) if verdict.link else (names.WASM_COMPONENT, component.name)
        document = manifests.source(kind, ObjectKey(namespace, name))
        problem, _, remedy = verdict.message.partition("; ")
        raise _Refused(document.problem("spec", problem, remedy)) from None


def _compose(bound: bindings.Bindings, inputs: Inputs) -> None:
    """Do what the host will do, so that whatever it would refuse is said at its line."""
    infos = {member.name: inputs.artifacts[member.component.metadata.key].info for member in bound.members}
    targets = [
        composer.Target(link.name, link.spec.component, link.spec.interface, link.spec.target)
        for link in bound.links
        if link.spec.target is not None
    ]
    try:
        nodes = composer.assemble(bound.component.name, infos, targets)
        composer.compose(bridge.core(), bridge.capabilities(), nodes)
    except errors.Refused as refusal:
        key = ObjectKey(bound.component.metadata.namespace, refusal.where)
        if isinstance(refusal, errors.LinkRefused) and key in inputs.manifests.links:
            found = inputs.manifests.source(names.LINK, key).problem("spec", refusal.problem, refusal.remedy)
        else:
            key = key if key in inputs.manifests.components else bound.component.metadata.key
            document = inputs.manifests.source(names.WASM_COMPONENT, key)
            found = document.problem("spec.image", f"{key.name} {refusal.problem}", refusal.remedy)
        raise _Refused(found) from None


def _render(bound: bindings.Bindings, inputs: Inputs) -> config.HostConfig:
    namespace = bound.component.metadata.namespace
    paths = workspace.Paths(inputs.place.root, inputs.manifests, inputs.artifacts, namespace)
    return host_config.render(bound, paths, drain_timeout_seconds=DRAIN_SECONDS, cache_directory=inputs.cache_directory)


def _dangling(manifests: Manifests) -> Iterator[Problem]:
    """Objects that name what the manifests do not hold."""
    for key, link in manifests.links.items():
        if ObjectKey(key.namespace, link.spec.component) not in manifests.components:
            yield manifests.source(names.LINK, key).problem(
                "spec.component",
                f"WasmComponent {link.spec.component} is not in these manifests",
                "add it or correct the name",
            )
    for key, item in manifests.providers.items():
        for ref in provider.secret_refs(item):
            if ref.key not in manifests.secrets.get(ObjectKey(key.namespace, ref.name), {}):
                yield manifests.source(names.CAPABILITY_PROVIDER, key).problem(
                    f"spec.{item.spec.type}",
                    f"Secret {ref.name} with key {ref.key} is not in these manifests",
                    "add it: kind: Secret, with the value under stringData",
                )
    for key, component in manifests.components.items():
        for index, source in enumerate(component.spec.config_from):
            if workspace.content_of(source, key.namespace, manifests) is None:
                kind = "ConfigMap" if source.config_map_ref else "Secret"
                yield manifests.source(names.WASM_COMPONENT, key).problem(
                    f"spec.configFrom[{index}]", f"{kind} {source.name} is not in these manifests", "add it"
                )


def _own_links(component: WasmComponent, manifests: Manifests) -> list[Link]:
    return [
        link
        for key, link in manifests.links.items()
        if key.namespace == component.metadata.namespace and link.spec.component == component.name
    ]


def _imports(artifact: Artifact) -> list[str]:
    return [extern.name for extern in artifact.info.imports if extern.sort == "instance"]


def _unserved(component: WasmComponent, inputs: Inputs) -> Iterator[Problem]:
    """Imports that only a Link to a provider can serve, and none does."""
    key = component.metadata.key
    for name in interfaces.unserved(_imports(inputs.artifacts[key]), _own_links(component, inputs.manifests)):
        if package(name) in PROVIDED:
            yield inputs.manifests.source(names.WASM_COMPONENT, key).problem(
                "spec.image",
                f"{component.name} imports {name}, which no Link serves",
                f"add a Link with component: {component.name}, interface: {package(name)} and a provider",
            )


def _warnings(inputs: Inputs) -> Iterator[str]:
    yield from inputs.manifests.ignored
    for key, component in inputs.manifests.components.items():
        links = _own_links(component, inputs.manifests)
        for link in interfaces.unused(_imports(inputs.artifacts[key]), links):
            where = inputs.manifests.source(names.LINK, ObjectKey(key.namespace, link.name)).where()
            yield f"{where}: Link {link.name} serves {link.spec.interface}, which {component.name} does not import"


def _rows(manifests: Manifests) -> Iterator[tuple[str, ...]]:
    for key, link in manifests.links.items():
        if link.spec.target is not None:
            end = f"component {link.spec.target}"
        else:
            found = manifests.providers.get(ObjectKey(key.namespace, link.spec.provider or ""))
            end = f"{link.spec.provider}  {_about(found)}" if found else str(link.spec.provider)
        identifiers = ", ".join(link.spec.identifiers) or "all"
        yield (link.name, link.spec.component, link.spec.interface, identifiers, end)


def _about(item: CapabilityProvider) -> str:
    backend = item.spec.backend
    match backend:
        case provider.Redis():
            return f"redis at {backend.url}"
        case provider.AzureBlob():
            return f"azureBlob at {backend.account_url or 'the account of its connection string'}"
        case provider.Filesystem():
            return f"filesystem at {backend.path or 'a temporary directory'}"
        case _:
            return "memory, of each host alone: lost when an edit replaces it"


def _title(component: WasmComponent, manifests: Manifests) -> str:
    """The name, with its namespace only where two would be called the same."""
    same = [key for key in manifests.components if key.name == component.name]
    return component.name if len(same) == 1 else str(component.metadata.key)
