"""Writes to the API server, as `reconcile.ports.Cluster` asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wasicloud_operator.api import names
from wasicloud_operator.kube.client import APPLY, MERGE, Client, Request
from wasicloud_operator.kube.resources import RESOURCES
from wasicloud_operator.reconcile.errors import ApiProblem
from wasicloud_operator.reconcile.ports import Body, Key


class Cluster:
    """The API server as it is written to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def apply(self, manifest: Body) -> Body:
        """Server-side apply; what others wrote into our fields is taken back."""
        resource, metadata = RESOURCES[manifest["kind"]], manifest["metadata"]
        path = resource.path(metadata["namespace"], metadata["name"])
        query = {"fieldManager": names.FIELD_MANAGER, "force": "true"}
        live: Body = await self._client.send(Request("PATCH", path, resource.plural, query, manifest, APPLY))
        return live

    async def delete(self, live: Body) -> None:
        """Delete an object, if it is still the one that was seen."""
        resource, metadata = RESOURCES[live["kind"]], live["metadata"]
        path = resource.path(metadata["namespace"], metadata["name"])
        options = {"preconditions": {"uid": metadata["uid"]}, "propagationPolicy": "Background"}
        try:
            await self._client.send(Request("DELETE", path, resource.plural, {}, options))
        except ApiProblem as problem:
            if problem.status not in (404, 409):  # gone, or another one
                raise

    async def patch_status(self, key: Key, status: Mapping[str, Any]) -> Body:
        """Merge into the status."""
        resource = RESOURCES[key.kind]
        path = resource.path(key.object.namespace, key.object.name, "status")
        query = {"fieldManager": names.FIELD_MANAGER}
        live: Body = await self._client.send(Request("PATCH", path, resource.plural, query, {"status": status}, MERGE))
        return live
