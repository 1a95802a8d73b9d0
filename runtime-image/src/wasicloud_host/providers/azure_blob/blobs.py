"""Containers and objects on Azure: block blobs, replaced whole by one commit of their blocks."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from azure.core import exceptions as azure_errors
from azure.storage.blob import BlobBlock, BlobClient, ContainerClient

from wasicloud_host.capabilities import blobstore
from wasicloud_host.capabilities.blobstore import BytesReader, ObjectInfo
from wasicloud_host.capabilities.naming import Place
from wasicloud_host.capabilities.pages import Page
from wasicloud_host.errors import BackendError
from wasicloud_host.providers.azure_blob import listing, names
from wasicloud_host.providers.azure_blob.service import PIECE, READ_AT_ONCE, Service, error_code, limits

_CREATED = "wasicloud_created_at"
_FARTHEST = 1 << 53  # beyond any blob, and beyond what every server reads as a number
_NO_CONTAINER = ("ContainerNotFound", "ContainerBeingDeleted", "ResourceNotFound")


class Blobs:
    """See `blobstore.Blobstore`."""

    def __init__(self, service: Service, prefix: str) -> None:
        self._service = service
        self._prefix = prefix

    def create_container(self, place: Place) -> None:
        """See `blobstore.Containers`."""
        metadata = {**names.metadata(place), _CREATED: str(int(time.time()))}
        with self._service.told():
            try:
                self._container(place).create_container(metadata=metadata, **limits(repeatable=False))
            except azure_errors.HttpResponseError as error:
                if error_code(error) == "ContainerAlreadyExists":
                    raise blobstore.container_exists(place) from None
                if error_code(error) == "ContainerBeingDeleted":
                    raise BackendError(
                        f"container {place.identifier!r} is still being deleted by Azure", "invalid"
                    ) from None
                raise

    def delete_container(self, place: Place) -> None:
        """See `blobstore.Containers`."""
        if not self.container_exists(place):
            return
        if place.prefix:
            self.clear(place)
            whole = Place(place.identifier, place.name, named=place.named)
            if self.page(whole, None).names:
                return
        with self._service.told():
            try:
                self._container(place).delete_container(**limits())
            except azure_errors.HttpResponseError as error:
                if error_code(error) not in _NO_CONTAINER:
                    raise

    def container_exists(self, place: Place) -> bool:
        """See `blobstore.Containers`."""
        with self._service.told():
            return self._container(place).exists(**limits())

    def container_created_at(self, place: Place) -> int:
        """See `blobstore.Containers`; a container that somebody else made tells when it last changed."""
        with self._asked(place):
            properties = self._container(place).get_container_properties(**limits())
        created_at = (properties.metadata or {}).get(_CREATED, "")
        return int(created_at) if created_at.isdigit() else int(properties.last_modified.timestamp())

    def read(self, place: Place, name: str, start: int, end: int) -> blobstore.Reader:
        """See `blobstore.Objects`. A snapshot: short ranges are read now; of longer ones every part must be of the same version."""
        with self._asked(place, name):
            blob = self._blob(place, name)
            if end < start or start >= _FARTHEST:
                blob.get_blob_properties(**limits())
                return BytesReader(b"")
            try:
                download = blob.download_blob(
                    offset=start, length=min(end - start + 1, _FARTHEST), max_concurrency=1, **limits()
                )
            except azure_errors.HttpResponseError as error:
                if error_code(error) == "InvalidRange":
                    return BytesReader(b"")
                raise
            if download.size <= READ_AT_ONCE:
                return BytesReader(download.readall())
            return PartReader(self._service, download)

    def write(self, place: Place, name: str, source: blobstore.Source) -> None:
        """See `blobstore.Objects`: one call, or blocks under names of their own and one commit."""
        with self._asked(place):
            blob = self._blob(place, name)
            if source.size <= READ_AT_ONCE:
                data = b"".join(source.chunks(READ_AT_ONCE))
                blob.upload_blob(data, length=len(data), overwrite=True, **limits())
                return
            upload = secrets.token_hex(8)

            def stage(numbered: tuple[int, bytes]) -> BlobBlock:
                block = f"{upload}-{numbered[0]:08}"
                blob.stage_block(block, numbered[1], length=len(numbered[1]), **limits())
                return BlobBlock(block)

            blocks = self._service.in_parallel(stage, enumerate(source.chunks(PIECE)))
            blob.commit_block_list(blocks, **limits())

    def info(self, place: Place, name: str) -> ObjectInfo | None:
        """See `blobstore.Objects`."""
        with self._asked(place):
            try:
                found = self._blob(place, name).get_blob_properties(**limits())
            except azure_errors.HttpResponseError as error:
                if error_code(error) != "BlobNotFound":
                    raise
                return None
        return ObjectInfo(found.size, int(found.last_modified.timestamp()))

    def delete(self, place: Place, names: Sequence[str]) -> None:
        """See `blobstore.Objects`."""

        def one(name: str) -> None:
            with self._asked(place):
                try:
                    self._blob(place, name).delete_blob(delete_snapshots="include", **limits())
                except azure_errors.HttpResponseError as error:
                    if error_code(error) != "BlobNotFound":
                        raise

        self._service.for_each(one, names)

    def page(self, place: Place, cursor: str | None) -> Page[str]:
        """See `blobstore.Objects`; the cursor is Azure's."""
        with self._asked(place):
            return listing.page(self._container(place), place, cursor, blobstore.PAGE)

    def clear(self, place: Place) -> None:
        """See `blobstore.Objects`."""
        for page in blobstore.each_page(self, place):
            self.delete(place, page)

    def copy(self, source: tuple[Place, str], target: tuple[Place, str]) -> None:
        """See `blobstore.Transfers`: through this process, because Azure's own copy shows its target before it is complete."""
        with closing(self.read(*source, 0, (1 << 64) - 1)) as reader:
            if source != target:
                self.write(*target, _Again(reader))

    def move(self, source: tuple[Place, str], target: tuple[Place, str]) -> None:
        """See `blobstore.Transfers`."""
        self.copy(source, target)
        if source != target:
            self.delete(source[0], [source[1]])

    def _container(self, place: Place) -> ContainerClient:
        return self._service.container(names.container(self._prefix, place))

    def _blob(self, place: Place, name: str) -> BlobClient:
        return self._service.blob(names.container(self._prefix, place), names.blob(place, name))

    @contextmanager
    def _asked(self, place: Place, name: str | None = None) -> Iterator[None]:
        """Inside, a missing container, and a missing object if it is named, are the capability's own errors."""
        with self._service.told():
            try:
                yield
            except azure_errors.HttpResponseError as error:
                code = error_code(error)
                if code in _NO_CONTAINER:
                    raise blobstore.no_container(place) from None
                if code == "BlobNotFound" and name is not None:
                    raise blobstore.no_object(place, name) from None
                raise


class PartReader:
    """A `blobstore.Reader` of a range too long to keep: parts of one version, or an error."""

    def __init__(self, service: Service, download: Any) -> None:
        self._service = service
        self._parts: Iterator[bytes] = iter(download.chunks())
        self._part = b""
        self.size: int = download.size

    def read(self, limit: int) -> bytes:
        """See `blobstore.Reader`."""
        if not self._part:
            with self._service.told():
                try:
                    self._part = next(self._parts, b"")
                except azure_errors.HttpResponseError as error:
                    if error.status_code in (404, 412):
                        raise BackendError("the object changed while it was read", "unavailable") from None
                    raise
        piece, self._part = self._part[:limit], self._part[limit:]
        return piece

    def close(self) -> None:
        """See `blobstore.Reader`."""
        self._parts = iter(())
        self._part = b""


class _Again:
    """A reader as a `blobstore.Source` that is read once."""

    def __init__(self, reader: blobstore.Reader) -> None:
        self._reader = reader
        self.size = reader.size

    def chunks(self, length: int) -> Iterator[bytes]:
        """See `blobstore.Source`; pieces may be shorter."""
        return iter(lambda: self._reader.read(length), b"")
