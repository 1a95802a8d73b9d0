"""The demo's objects: a component that counts its visitors, and the backends that a Link can lead it to."""

from __future__ import annotations

from dataclasses import dataclass

import kube
import servers


@dataclass(frozen=True)
class Demo:
    """``counter`` in a namespace, linked to one of the providers ``redis``, ``azure`` and ``memory``."""

    namespace: kube.Namespace
    image: str
    name: str = "counter"

    @property
    def url(self) -> str:
        return f"http://{self.name}.{self.namespace.name}/"

    def apply(self, provider: str, **spec: object) -> None:
        """Apply the component and its Link, and wait until both are ready."""
        self.namespace.apply(kube.component(self.name, self.image, **spec), kube.link(self.link, self.name, provider))
        self.namespace.ready(self.name)
        self.namespace.ready(self.link, kind="link")

    @property
    def link(self) -> str:
        return f"{self.name}-keyvalue"

    def swap(self, provider: str) -> None:
        """What an admin does: `kubectl patch link`."""
        self.namespace.patch("link", self.link, {"spec": {"provider": provider}})

    def settled(self, seconds: float = 120.0) -> None:
        """Wait until everything is Ready and no pod of an older revision is left."""
        self.namespace.ready(self.name, seconds=seconds)

        def alone() -> bool:
            pods = self.namespace.all("pods", f"wasicloud.dev/component={self.name}")
            revisions = {pod["metadata"]["labels"]["pod-template-hash"] for pod in pods}
            return len(revisions) == 1 and all("deletionTimestamp" not in pod["metadata"] for pod in pods)

        kube.until(f"only the newest pods of {self.name} are left", alone, seconds)


def redis_provider(server: servers.Redis, name: str = "redis", database: int = 0) -> tuple[kube.Body, kube.Body]:
    """A provider and its Secret."""
    url = server.url.removesuffix("/0") + f"/{database}"
    reference = {"name": f"{name}-auth", "key": "password"}
    return kube.secret(f"{name}-auth", password=server.password), kube.provider(
        name, redis={"url": url, "passwordSecretRef": reference}
    )


def azure_provider(server: servers.Azurite, prefix: str, name: str = "azure") -> tuple[kube.Body, kube.Body]:
    """A provider and its Secret; ``prefix`` sets its containers apart from those of other tests."""
    reference = {"name": f"{name}-auth", "key": "connection-string"}
    spec = {"accountUrl": server.url, "container": {"prefix": prefix}, "connectionStringSecretRef": reference}
    return kube.secret(f"{name}-auth", connection_string=server.connection_string), kube.provider(name, azureBlob=spec)


def total(values: dict[str, str]) -> int:
    """The sum of counters that a backend holds."""
    return sum(int(value) for value in values.values())
