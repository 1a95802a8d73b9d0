"""The account: a client that follows its credential, calls bounded in time, errors in the host's own words."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from azure.core import exceptions as azure_errors
from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobClient, BlobServiceClient, ContainerClient, LinearRetry

from wasicloud_host.capabilities import deadline
from wasicloud_host.errors import BackendError
from wasicloud_host.providers.azure_blob.settings import Settings

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 5.0
"""How long a connection and an answer may take, if the request's own deadline is not nearer."""

RETRIES = 1
"""How often a call that may be repeated is, after a connection or an answer that failed."""

READ_AT_ONCE = 16 << 20
"""Bytes of an object that are read by one call and kept in memory."""

PIECE = 4 << 20
"""Bytes of one part of a longer object, each way."""

PARALLEL = 4

CONNECTIONS = 128
"""Connections that are kept open; more are made when needed, and closed after use."""

T = TypeVar("T")
R = TypeVar("R")


class Service:
    """Shared by all threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._client: BlobServiceClient | None = None
        self._mark: tuple[int, int] | None = None
        self._look_again_at = 0.0
        self._threads: ThreadPoolExecutor | None = None

    def container(self, name: str) -> ContainerClient:
        """A client of one container."""
        return self._current().get_container_client(name)

    def blob(self, container: str, name: str) -> BlobClient:
        """A client of one blob."""
        return self._current().get_blob_client(container, name)

    def check(self) -> None:
        """Whether the account answers and takes the credential: lists at most one container, or, if it may not, looks one up."""
        with self.told():
            try:
                next(self._current().list_containers(results_per_page=1, **limits()).by_page(), None)
            except azure_errors.HttpResponseError as error:
                if error_code(error) not in ("AuthorizationPermissionMismatch", "AuthorizationResourceTypeMismatch"):
                    raise
                self.container("wasicloud-ready").exists(**limits())

    def for_each(self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """``work`` on every item, some at the same time, within this request's deadline; raises the first error."""
        if len(items) < 2:
            return [work(item) for item in items]
        at = deadline.at()

        def one(item: T) -> R:
            deadline.begin(at)
            return work(item)

        return list(self._pool().map(one, items))

    def in_parallel(self, work: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """As `for_each`, of items that are made one by one and of which only a few may wait."""
        at = deadline.at()
        waiting: list[Any] = []
        done: list[R] = []

        def one(item: T) -> R:
            deadline.begin(at)
            return work(item)

        try:
            for item in items:
                if len(waiting) >= PARALLEL:
                    done.append(waiting.pop(0).result())
                waiting.append(self._pool().submit(one, item))
            done += [future.result() for future in waiting]
        except BaseException:
            for future in waiting:
                future.cancel()
            raise
        return done

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Inside, what the SDK raises becomes `BackendError`, without its text: that may hold parts of a request."""
        try:
            yield
        except (azure_errors.ServiceRequestTimeoutError, azure_errors.ServiceResponseTimeoutError):
            raise BackendError(f"azure at {self._settings} did not answer in time", "timeout") from None
        except (
            azure_errors.ServiceRequestError,
            azure_errors.ServiceResponseError,
            azure_errors.IncompleteReadError,
        ) as error:
            timeout = "timed out" in str(error)
            what = "did not answer in time" if timeout else "cannot be reached"
            raise BackendError(f"azure at {self._settings} {what}", "timeout" if timeout else "unavailable") from None
        except azure_errors.ClientAuthenticationError as error:
            self._forget()
            code = error_code(error) or "no token"
            raise BackendError(f"azure at {self._settings} refused the credentials ({code})", "denied") from None
        except azure_errors.HttpResponseError as error:
            raise self._failure(error) from None

    def close(self) -> None:
        """Disconnect."""
        with self._lock:
            client, self._client = self._client, None
            threads, self._threads = self._threads, None
        if client is not None:
            client.close()
        if threads is not None:
            threads.shutdown(wait=False, cancel_futures=True)

    def _failure(self, error: azure_errors.HttpResponseError) -> BackendError:
        status = error.status_code or 0
        code = error_code(error) or f"HTTP {status}"
        if status in (401, 403):
            self._forget()
            return BackendError(f"azure at {self._settings} refused the credentials ({code})", "denied")
        if status >= 500 or status in (408, 429):
            return BackendError(f"azure at {self._settings} is not ready ({code})", "unavailable")
        return BackendError(f"azure at {self._settings}: {code}", "invalid")

    def _pool(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(2 * PARALLEL, thread_name_prefix="azure")
            return self._threads

    def _forget(self) -> None:
        """The credential was refused: read it again at the next call."""
        with self._lock:
            self._mark = None
            self._look_again_at = 0.0

    def _current(self) -> BlobServiceClient:
        """The client of the credential as the file says now; looked at once a second."""
        if self._client is not None and time.monotonic() < self._look_again_at:
            return self._client
        with self._lock:
            mark = self._settings.secret.mark() if self._settings.secret is not None else (0, 0)
            if self._client is None or mark != self._mark:
                self._client = _client(self._settings)
                self._mark = mark
            self._look_again_at = time.monotonic() + 1.0
            return self._client


def limits(*, repeatable: bool = True) -> dict[str, Any]:
    """Keyword arguments of an SDK call that bound it in time; ``repeatable``: making it twice does no harm."""
    left = deadline.within(3600.0)
    return {
        "connection_timeout": min(CONNECT_SECONDS, left),
        "read_timeout": min(ANSWER_SECONDS, left),
        "retry_total": RETRIES if repeatable and left > ANSWER_SECONDS else 0,
    }


def error_code(error: azure_errors.HttpResponseError) -> str:
    """Azure's word for it, such as ``BlobNotFound``; empty if there is none."""
    code = getattr(error, "error_code", None) or ""
    return str(getattr(code, "value", code))


def _client(settings: Settings) -> BlobServiceClient:
    arguments: dict[str, Any] = {
        "retry_policy": LinearRetry(backoff=1, retry_total=RETRIES, random_jitter_range=0),
        "max_single_get_size": READ_AT_ONCE,
        "max_chunk_get_size": PIECE,
        "max_single_put_size": READ_AT_ONCE,
        "logging_enable": False,
        "transport": _transport(),
    }
    secret = settings.secret.read() if settings.secret is not None else ""
    try:
        if settings.kind == "connectionStringFile":
            return BlobServiceClient.from_connection_string(secret, **arguments)
        return BlobServiceClient(settings.account_url or "", credential=_credential(settings, secret), **arguments)
    except ValueError:  # its text may hold the credential
        raise BackendError(f"the credential for azure at {settings} is malformed", "denied") from None


def _transport() -> RequestsTransport:
    """The SDK's own, with room for as many connections as a host may have requests."""
    transport = RequestsTransport()
    transport.open()
    for adapter in transport.session.adapters.values():
        adapter.init_poolmanager(1, CONNECTIONS)
    return transport


def _credential(settings: Settings, secret: str) -> Any:
    if settings.kind == "accountKeyFile":
        return AzureNamedKeyCredential(settings.account, secret)
    if settings.kind == "sasTokenFile":
        return AzureSasCredential(secret.removeprefix("?"))
    from azure.identity import WorkloadIdentityCredential  # noqa: PLC0415 - slow to import, and seldom used

    return WorkloadIdentityCredential(client_id=settings.client_id)
