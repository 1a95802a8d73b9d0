"""CapabilityProvider: what it serves and for how many Links. Whether its backend answers, the pods that use it tell.

The operator itself does not reach backends: it has no credentials, and another network.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from wasicloud_operator.api import provider as api
from wasicloud_operator.reconcile import engine
from wasicloud_operator.reconcile.errors import Blocked, Stalled
from wasicloud_operator.reconcile.pods import ASK_AGAIN_SECONDS
from wasicloud_operator.reconcile.view import ProviderView


@dataclass(frozen=True, slots=True)
class Scope:
    """What the steps know."""

    view: ProviderView
    provider: api.CapabilityProvider | None = None  # Accepted


@dataclass(frozen=True, slots=True)
class Decision:
    """What to say; ``status`` without conditions."""

    outcome: engine.Outcome[Scope]
    status: Mapping[str, Any]


def decide(view: ProviderView) -> Decision:
    """Everything that follows from a view."""
    outcome = engine.run(Scope(view), STEPS, view.provider.metadata.generation)
    provider = outcome.scope.provider
    status: dict[str, Any] = {"links": view.links}
    if provider is not None:
        status |= {"type": provider.spec.type, "capabilities": list(api.CAPABILITIES[provider.spec.type])}
    return Decision(outcome, status)


def _accept(scope: Scope) -> Scope:
    """Accepted: the spec can be read, and pods in a cluster can use it."""
    provider = scope.view.provider
    if not isinstance(provider, api.CapabilityProvider):
        raise Stalled("SpecInvalid", provider.problem)
    backend = provider.spec.backend
    if isinstance(backend, api.Filesystem) and backend.persistent_volume_claim is None:
        raise Stalled("PathOnCluster", "spec.filesystem.path is for one machine; name a persistentVolumeClaim instead")
    return replace(scope, provider=provider)


def _answer(scope: Scope) -> Scope:
    """Answering: no host that uses it and is not ready says that it does not answer."""
    name = scope.provider.name if scope.provider is not None else ""
    for remark in scope.view.remarks:
        found = re.search(rf"(?:^|; )provider {re.escape(name)}: (.*?)(?=; provider |$)", remark)
        if found is not None:
            raise Blocked("NotAnswering", f"Hosts say: {found[1]}", retry_after=ASK_AGAIN_SECONDS)
    return scope


def _note(scope: Scope) -> str:
    if scope.provider is not None and isinstance(scope.provider.spec.backend, api.Memory):
        return "Data is in the memory of each pod: pods do not share it, and it is lost with them"
    return ""


STEPS = (engine.Step("Accepted", _accept, _note), engine.Step("Answering", _answer))
