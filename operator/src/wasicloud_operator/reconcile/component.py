"""WasmComponent: from its manifest to pods that serve. `decide` is a pure function of a view; the steps are at the end.

What has to be written comes back as a value. After it is written, the same decision is made again on what then stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from wasicloud_operator.api.component import WasmComponent
from wasicloud_operator.api.link import PROVIDED, package
from wasicloud_operator.build import component as build
from wasicloud_operator.build import labels, naming
from wasicloud_operator.build.settings import HostSettings, Observed
from wasicloud_operator.domain import bindings as domain
from wasicloud_operator.domain import interfaces
from wasicloud_operator.domain.verdicts import Contradiction, Unresolved
from wasicloud_operator.reconcile import children, engine, fetched, pods
from wasicloud_operator.reconcile.errors import Blocked, Stalled, Unsettled, Waiting
from wasicloud_operator.reconcile.ports import Body
from wasicloud_operator.reconcile.view import ComponentView

IMPORT_NOT_LINKED = "ImportNotLinked"


@dataclass(frozen=True, slots=True)
class Scope:
    """What the steps know; each field says which step fills it."""

    view: ComponentView
    settings: HostSettings
    component: WasmComponent | None = None  # Accepted
    bindings: domain.Bindings | None = None  # LinksResolved
    config_digest: str = ""  # LinksResolved
    reported: Mapping[str, fetched.Fetched] = field(default_factory=lambda: MappingProxyType({}))  # LinksResolved
    changes: children.Changes = children.NOTHING  # Configured
    deployment: Body | None = None  # Applied


@dataclass(frozen=True, slots=True)
class Decision:
    """What to write now, and what to say: ``status`` without conditions, which ``outcome`` has."""

    outcome: engine.Outcome[Scope]
    changes: children.Changes
    status: Mapping[str, Any]


def decide(view: ComponentView, settings: HostSettings) -> Decision:
    """Everything that follows from a view."""
    metadata = view.component.metadata
    outcome = engine.run(Scope(view, settings), STEPS, metadata.generation)
    return Decision(outcome, outcome.scope.changes, _status(outcome.scope))


def _accept(scope: Scope) -> Scope:
    """Accepted: the spec can be read."""
    if not isinstance(scope.view.component, WasmComponent):
        raise Stalled("SpecInvalid", scope.view.component.problem)
    return replace(scope, component=scope.view.component)


def _resolve(scope: Scope) -> Scope:
    """LinksResolved: every Link leads somewhere, and every import that is known is served."""
    view, component = scope.view, _component(scope)
    for one in view.unreadable:
        raise Blocked(f"{one.kind}Invalid", str(one))
    try:
        bound = domain.bind(component, view.links, view.providers, view.components)
        domain.check_cluster(bound)
    except Contradiction as verdict:
        raise Stalled(verdict.reason, verdict.message) from None
    except Unresolved as verdict:
        raise Blocked(verdict.reason, verdict.message) from None
    config_digest = build.pod_digest(bound, scope.settings, Observed(config_maps=view.config_maps))
    reported = fetched.of_pods(view.pods, config_digest)
    _check_imports(bound, view, reported)
    return replace(scope, bindings=bound, config_digest=config_digest, reported=reported)


def _check_imports(bound: domain.Bindings, view: ComponentView, reported: Mapping[str, fetched.Fetched]) -> None:
    """A component that is known to import what no Link serves any more is not rolled: the pods that serve go on.

    Known is what the image imports that the status speaks about; of another image nothing is known before it is fetched.
    """
    name, status = bound.component.name, view.status
    if fetched.pinned(bound, view, reported).get(name) != status.get("digest") or not status.get("digest"):
        return
    for imported in interfaces.unserved(status.get("imports", ()), bound.members[0].links):
        if package(imported) in PROVIDED:
            raise Blocked(
                IMPORT_NOT_LINKED,
                f"{name} imports {imported}, which no Link serves;"
                f" apply a Link with component: {name} and interface: {interfaces.suggestion(imported)}",
            )


def _configure(scope: Scope) -> Scope:
    """Configured: the ConfigMaps that pods mount are there. Of Secrets only the pods can tell.

    With that, everything that is to stand is known.
    """
    for member in _bindings(scope).members:
        for source in member.component.spec.config_from:
            if source.config_map_ref is not None and source.name not in scope.view.config_maps:
                raise Blocked(
                    "ConfigMapNotFound",
                    f"ConfigMap {source.name}, named in spec.configFrom of {member.name}, does not exist; create it",
                )
    return replace(scope, changes=_changes(scope))


def _apply(scope: Scope) -> Scope:
    """Applied: everything that the component becomes stands as it is wanted."""
    view, component, changes = scope.view, _component(scope), scope.changes
    if changes.obstacle is not None:
        raise changes.obstacle
    if view.failure is not None:
        raise _failed(view)
    if changes:
        raise Waiting("Applying", f"{changes} to be written")
    return replace(scope, deployment=view.children["Deployment", naming.main(component.name)])


def _failed(view: ComponentView) -> Unsettled:
    failure = view.failure
    assert failure is not None  # noqa: S101 its caller looked
    if failure.passing:
        return Waiting("ApiServerBusy", f"The API server did not take a change ({failure}); it is tried again")
    if failure.status == 403:
        return Blocked("Forbidden", f"The API server forbids a change: {failure.message}")
    return Blocked("ApplyFailed", f"The API server refuses a change: {failure.message}")


def _changes(scope: Scope) -> children.Changes:
    bound = _bindings(scope)
    observed = Observed(fetched.pinned(bound, scope.view, scope.reported), scope.view.config_maps)
    wanted = build.desired(bound, scope.settings, observed)
    return children.compare(bound.component, wanted, scope.view.children, scope.view.accepted)


def _available(scope: Scope) -> Scope:
    """Available: as many pods as are wanted serve, all of them by this configuration."""
    if scope.deployment is None:
        raise Waiting("Applying", "The Deployment is not there yet")
    pods.check(scope.view, scope.deployment, scope.config_digest)
    return scope


def _note(scope: Scope) -> str:
    wanted = (scope.deployment or {}).get("spec", {}).get("replicas", 1)
    if wanted == 0:
        return "Scaled to zero: nothing serves"
    return f"{wanted} pod serves" if wanted == 1 else f"{wanted} pods serve"


def _status(scope: Scope) -> Mapping[str, Any]:
    """Everything but the conditions. What is not known any more stays as it was last known."""
    component, live = scope.component, scope.view.status
    if component is None:
        return {}
    name = component.name
    deployed = scope.view.children.get(("Deployment", naming.main(name)), {}).get("status", {})
    mine = scope.reported.get(name)
    selector = labels.selector(component)
    found: dict[str, Any] = {
        "replicas": deployed.get("replicas", 0),
        "readyReplicas": deployed.get("readyReplicas", 0),
        "selector": ",".join(f"{key}={value}" for key, value in selector.items()),
        "url": naming.url(
            name, component.metadata.namespace, component.spec.service.port, scope.settings.cluster_domain
        ),
        "digest": mine.digest if mine is not None else live.get("digest"),
        "imports": list(mine.imports) if mine is not None else live.get("imports"),
    }
    return {key: value for key, value in found.items() if value is not None}


def _component(scope: Scope) -> WasmComponent:
    assert scope.component is not None  # noqa: S101 an earlier step fills it
    return scope.component


def _bindings(scope: Scope) -> domain.Bindings:
    assert scope.bindings is not None  # noqa: S101 an earlier step fills it
    return scope.bindings


STEPS = (
    engine.Step("Accepted", _accept),
    engine.Step("LinksResolved", _resolve),
    engine.Step("Configured", _configure),
    engine.Step("Applied", _apply),
    engine.Step("Available", _available, _note),
)
