"""The operator as a kopf registry: what happens at its start, at its end, and when credentials are wanted."""

from __future__ import annotations

from typing import Any, Protocol

import kopf


class Operator(Protocol):
    """What is started and stopped."""

    async def start(self) -> None:
        """Begin to watch and to work."""

    async def stop(self) -> None:
        """Finish the work in hand, and end."""

    async def credentials(self) -> dict[str, Any]:
        """Fields of ``kopf.ConnectionInfo``."""


def registry(operator: Operator) -> kopf.OperatorRegistry:
    """A registry of lifecycle handlers only: with no handler of objects, kopf adds no finalizer and no annotation to any."""
    made = kopf.OperatorRegistry()

    @kopf.on.startup(registry=made)
    async def start(settings: kopf.OperatorSettings, **_: Any) -> None:
        settings.scanning.disabled = True  # it would watch CRDs and namespaces
        settings.posting.enabled = False
        await operator.start()

    @kopf.on.cleanup(registry=made)
    async def stop(**_: Any) -> None:
        await operator.stop()

    @kopf.on.login(registry=made)
    async def login(**_: Any) -> kopf.ConnectionInfo:
        return kopf.ConnectionInfo(**await operator.credentials())

    return made
