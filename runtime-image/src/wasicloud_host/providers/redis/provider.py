"""The Redis provider: one client, the buckets and containers on it."""

from __future__ import annotations

from wasicloud_host.capabilities.naming import Place
from wasicloud_host.providers.redis.blobs import Blobs
from wasicloud_host.providers.redis.bucket import Bucket
from wasicloud_host.providers.redis.client import Client
from wasicloud_host.providers.redis.layouts import layout
from wasicloud_host.providers.redis.settings import Settings


class Redis:
    """See `provider.Provider`."""

    type = "redis"

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._settings = settings
        self._client = Client(settings)
        self._blobs = Blobs(self._client)

    def summary(self) -> str:
        """One line for people."""
        return f"redis at {self._settings}"

    def keyvalue(self, place: Place) -> Bucket:
        """A bucket."""
        return Bucket(self._client, layout(place))

    def blobstore(self) -> Blobs:
        """All containers."""
        return self._blobs

    def check(self) -> None:
        """PING every node."""
        for node in self._client.nodes():
            self._client.run_on(node, (b"PING",))

    def close(self) -> None:
        """Disconnect."""
        self._client.close()

    def __repr__(self) -> str:
        return f"Redis({self.name!r}, {str(self._settings)!r})"
