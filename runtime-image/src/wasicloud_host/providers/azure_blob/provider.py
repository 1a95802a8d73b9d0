"""The Azure provider: one account, the buckets and containers on it."""

from __future__ import annotations

from wasicloud_host.capabilities.naming import Place
from wasicloud_host.providers.azure_blob.blobs import Blobs
from wasicloud_host.providers.azure_blob.bucket import Bucket
from wasicloud_host.providers.azure_blob.service import Service
from wasicloud_host.providers.azure_blob.settings import Settings


class AzureBlob:
    """See `provider.Provider`."""

    type = "azureBlob"

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._settings = settings
        self._service = Service(settings)
        self._blobs = Blobs(self._service, settings.prefix)

    def summary(self) -> str:
        """One line for people."""
        return f"azure at {self._settings}"

    def keyvalue(self, place: Place) -> Bucket:
        """A bucket."""
        return Bucket(self._service, place, self._settings.prefix)

    def blobstore(self) -> Blobs:
        """All containers."""
        return self._blobs

    def check(self) -> None:
        """Whether the account answers and takes the credential."""
        self._service.check()

    def close(self) -> None:
        """Disconnect."""
        self._service.close()

    def __repr__(self) -> str:
        return f"AzureBlob({self.name!r}, {str(self._settings)!r})"
