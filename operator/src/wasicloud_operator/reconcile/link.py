"""Link: does it lead somewhere, does the component import what it serves, and do the component's pods run with it?

A Link has no objects of its own. The last step asks what its component's reconciliation would say of the same moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from wasicloud_operator.api.conditions import FALSE, TRUE
from wasicloud_operator.api.link import Link
from wasicloud_operator.build.settings import HostSettings
from wasicloud_operator.domain import interfaces
from wasicloud_operator.reconcile import component, engine
from wasicloud_operator.reconcile.errors import Blocked, Stalled, Waiting
from wasicloud_operator.reconcile.view import LinkView


@dataclass(frozen=True, slots=True)
class Scope:
    """What the steps know; each field says which step fills it."""

    view: LinkView
    settings: HostSettings
    link: Link | None = None  # Accepted
    decision: component.Decision | None = None  # Resolved


@dataclass(frozen=True, slots=True)
class Decision:
    """What to say; ``status`` without conditions."""

    outcome: engine.Outcome[Scope]
    status: Mapping[str, Any]


def decide(view: LinkView, settings: HostSettings) -> Decision:
    """Everything that follows from a view."""
    outcome = engine.run(Scope(view, settings), STEPS, view.link.metadata.generation)
    link = outcome.scope.link
    if link is None:
        return Decision(outcome, {})
    kind, name = ("provider", link.spec.provider) if link.spec.provider is not None else ("component", link.spec.target)
    return Decision(outcome, {"target": f"{kind}/{name}"})


def _accept(scope: Scope) -> Scope:
    """Accepted: the spec can be read."""
    if not isinstance(scope.view.link, Link):
        raise Stalled("SpecInvalid", scope.view.link.problem)
    return replace(scope, link=scope.view.link)


def _resolve(scope: Scope) -> Scope:
    """Resolved: both ends are there."""
    spec, view = _link(scope).spec, scope.view
    if view.component is None:
        raise Blocked(
            "ComponentNotFound",
            f"WasmComponent {spec.component} does not exist; create it or correct spec.component",
        )
    if not view.provider_found:
        raise Blocked(
            "ProviderNotFound",
            f"CapabilityProvider {spec.provider} does not exist; create it or correct spec.provider",
        )
    if not view.target_found:
        raise Blocked("TargetNotFound", f"WasmComponent {spec.target} does not exist; create it or correct spec.target")
    return replace(scope, decision=component.decide(view.component, scope.settings))


def _imported(scope: Scope) -> Scope:
    """Imported: the component imports what the Link serves, as far as is known before it is fetched."""
    link, imports = _link(scope), _imports(scope)
    if imports and interfaces.unused(imports, (link,)):
        wanted = [name for name in imports if interfaces.needs_link(name)]
        said = (
            f"of what needs a Link it imports {', '.join(wanted)}" if wanted else "it imports nothing that needs a Link"
        )
        raise Blocked(
            "NotImported",
            f"{link.spec.component} does not import {link.spec.interface} ({said}); correct spec.interface or remove the Link",
        )
    return scope


def _imports(scope: Scope) -> tuple[str, ...]:
    """What pods of this configuration fetched imports, or what stopped such pods from being made; empty: not known."""
    decision = _decision(scope)
    found = decision.outcome.scope.reported.get(_link(scope).spec.component)
    if found is not None:
        return found.imports
    if decision.outcome.ready.reason == component.IMPORT_NOT_LINKED and scope.view.component is not None:
        return tuple(scope.view.component.status.get("imports", ()))
    return ()


def _active(scope: Scope) -> Scope:
    """Active: the component's pods serve with this Link."""
    ready = _decision(scope).outcome.ready
    if ready.status == TRUE:
        return scope
    message = f"WasmComponent {_link(scope).spec.component}: {ready.message}"
    pause = _decision(scope).outcome.retry_after
    if ready.status == FALSE:
        raise Blocked(ready.reason, message, retry_after=pause)
    raise Waiting(ready.reason, message, retry_after=pause)


def _note(scope: Scope) -> str:
    link = _link(scope)
    return f"{link.spec.component} reaches {link.spec.interface} at {link.spec.provider or link.spec.target}"


def _link(scope: Scope) -> Link:
    assert scope.link is not None  # noqa: S101 an earlier step fills it
    return scope.link


def _decision(scope: Scope) -> component.Decision:
    assert scope.decision is not None  # noqa: S101 an earlier step fills it
    return scope.decision


STEPS = (
    engine.Step("Accepted", _accept),
    engine.Step("Resolved", _resolve),
    engine.Step("Imported", _imported),
    engine.Step("Active", _active, _note),
)
