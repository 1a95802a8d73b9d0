"""A keyvalue bucket on Azure: a container whose blobs are values, made by the first write. Atomics go by ETag."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from typing import Any

from azure.core import MatchConditions
from azure.core import exceptions as azure_errors
from azure.storage.blob import BlobClient

from wasicloud_host.capabilities import counters, deadline, keyvalue
from wasicloud_host.capabilities.keyvalue import Snapshot
from wasicloud_host.capabilities.naming import Place
from wasicloud_host.capabilities.pages import Page
from wasicloud_host.errors import BackendError
from wasicloud_host.providers.azure_blob import listing, names
from wasicloud_host.providers.azure_blob.service import Service, error_code, limits

CONTENTION_SECONDS = 20.0
"""How long an increment tries to get between other writers."""

_MISSING = ("BlobNotFound", "ContainerNotFound", "ResourceNotFound", "ContainerBeingDeleted")
_CHANGED = ("ConditionNotMet", "BlobAlreadyExists", "TargetConditionNotMet", "BlobNotFound", "ContainerNotFound")


class Bucket:
    """See `keyvalue.KeyValue`."""

    decimal_cursors = False

    def __init__(self, service: Service, place: Place, prefix: str) -> None:
        self._service = service
        self._place = place
        self._container = names.container(prefix, place, names.BUCKET)

    def get(self, key: bytes) -> bytes | None:
        """See `keyvalue.Store`."""
        return self.snapshot(key).value

    def set(self, key: bytes, value: bytes) -> None:
        """See `keyvalue.Store`."""
        with self._service.told():
            self._upload(key, value, overwrite=True, **limits())

    def delete(self, key: bytes) -> None:
        """See `keyvalue.Store`."""
        with self._service.told():
            try:
                self._blob(key).delete_blob(delete_snapshots="include", **limits())
            except azure_errors.HttpResponseError as error:
                if error_code(error) not in _MISSING:
                    raise

    def exists(self, key: bytes) -> bool:
        """See `keyvalue.Store`."""
        with self._service.told():
            return self._blob(key).exists(**limits())

    def keys(self, cursor: bytes | None) -> Page[bytes]:
        """See `keyvalue.Store`; the cursor is Azure's."""
        with self._service.told():
            try:
                page = listing.page(
                    self._service.container(self._container),
                    self._place,
                    None if cursor is None else cursor.decode(),
                    keyvalue.PAGE,
                )
            except azure_errors.HttpResponseError as error:
                if error_code(error) not in _MISSING:
                    raise
                return Page([], None)
        return Page([name.encode() for name in page.names], None if page.cursor is None else page.cursor.encode())

    def increment(self, key: bytes, delta: int, *, signed: bool) -> int:
        """See `keyvalue.Atomics`: tried again, after a random pause, until nobody came between."""
        until = time.monotonic() + deadline.within(CONTENTION_SECONDS)
        pause = 0.005
        seen = self.snapshot(key)
        while True:
            result = counters.add(seen.value, delta, signed=signed)
            changed = self.swap(key, seen, b"%d" % result)
            if changed is None:
                return result
            if time.monotonic() > until:
                raise BackendError("too many writers change the counter at once", "timeout")
            time.sleep(random.uniform(0, pause))  # noqa: S311 - to keep writers apart, not a secret
            pause = min(pause * 2, 0.2)
            seen = self.snapshot(key)

    def snapshot(self, key: bytes) -> Snapshot:
        """See `keyvalue.Atomics`; its version is the ETag."""
        with self._service.told():
            try:
                download = self._blob(key).download_blob(max_concurrency=1, **limits())
                return Snapshot(download.readall(), download.properties.etag)
            except azure_errors.HttpResponseError as error:
                if error_code(error) not in _MISSING:
                    raise
                return Snapshot(None)

    def swap(self, key: bytes, seen: Snapshot, value: bytes) -> Snapshot | None:
        """See `keyvalue.Atomics`. Never repeated: after an answer that was lost, nobody knows whose value is there."""
        condition: dict[str, Any] = {"overwrite": False}
        if seen.version is not None:
            condition = {
                "overwrite": True,
                "etag": seen.version,
                "match_condition": MatchConditions.IfNotModified,
            }
        with self._service.told():
            try:
                self._upload(key, value, **condition, **limits(repeatable=False))
            except azure_errors.HttpResponseError as error:
                if error_code(error) not in _CHANGED:
                    raise
                return self.snapshot(key)
        return None

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """See `keyvalue.Batch`."""
        return self._service.for_each(self.get, keys)

    def set_many(self, entries: Sequence[tuple[bytes, bytes]]) -> None:
        """See `keyvalue.Batch`."""
        self._service.for_each(lambda entry: self.set(*entry), list(dict(entries).items()))

    def delete_many(self, keys: Sequence[bytes]) -> None:
        """See `keyvalue.Batch`."""
        self._service.for_each(self.delete, list(dict.fromkeys(keys)))

    def _blob(self, key: bytes) -> BlobClient:
        return self._service.blob(self._container, names.blob(self._place, key.decode()))

    def _upload(self, key: bytes, value: bytes, **arguments: Any) -> None:
        """Write a value; the first one of a bucket makes its container."""
        blob = self._blob(key)
        try:
            blob.upload_blob(value, length=len(value), **arguments)
        except azure_errors.HttpResponseError as error:
            if error_code(error) != "ContainerNotFound" or "etag" in arguments:
                raise
            self._make_container()
            blob.upload_blob(value, length=len(value), **arguments)

    def _make_container(self) -> None:
        try:
            self._service.container(self._container).create_container(metadata=names.metadata(self._place), **limits())
        except azure_errors.ResourceExistsError as error:
            if error_code(error) == "ContainerBeingDeleted":
                raise
