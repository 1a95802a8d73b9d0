"""Requests to the API server: one session, fresh credentials, patience when it is busy, every failure an `ApiProblem`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
import orjson

from wasicloud_operator.reconcile.errors import ApiProblem

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
JSON = "application/json"

_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=5)
_WATCH_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=5, sock_read=90)  # bookmarks come every minute
_TRIES = 4
_LONGEST_WAIT = 10.0
_LINE_BYTES = 1 << 23
"""The longest line of a watch: an object has at most 1.5 MiB in etcd."""


class Access(Protocol):
    """What `credentials.Credentials` is."""

    server: str
    ssl: Any

    async def header(self, *, renew: bool = False) -> str | None:
        """The ``Authorization`` header."""


class Meter(Protocol):
    """Counts requests."""

    def called(self, method: str, resource: str, code: int) -> None:
        """One answer; code 0: none came."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; ``resource`` is the plural, for metrics."""

    method: str
    path: str
    resource: str
    query: Mapping[str, str]
    body: Mapping[str, Any] | None = None
    content_type: str = JSON


class Client:
    """For one event loop; `close` it. ``connections`` bounds requests at a time, watches beside them."""

    def __init__(self, access: Access, meter: Meter, connections: int = 32) -> None:
        self._access = access
        self._meter = meter
        connector = aiohttp.TCPConnector(ssl=access.ssl, limit=connections)
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=_TIMEOUT,
            read_bufsize=_LINE_BYTES,
            headers={"User-Agent": "wasicloud-operator"},
        )

    async def close(self) -> None:
        """End all requests."""
        await self._session.close()

    async def send(self, request: Request) -> Any:
        """The answer's JSON; raises `ApiProblem`. Waits out 429 as it is told to."""
        for attempt in range(_TRIES):
            last = attempt == _TRIES - 1
            async with self._open(request, _TIMEOUT) as response:
                if response.status == 429 and not last:
                    pause = _retry_after(response)
                else:
                    return await _read(response)
            await asyncio.sleep(pause)
        raise AssertionError  # the last try returns or raises

    @contextlib.asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[AsyncIterator[Any]]:
        """The lines of a watch as they come; raises `ApiProblem`, also when it is cut."""
        async with self._open(request, _WATCH_TIMEOUT) as response:
            if response.status >= 300:
                await _read(response)
            yield _lines(response)

    @contextlib.asynccontextmanager
    async def _open(self, request: Request, timeout: aiohttp.ClientTimeout) -> AsyncIterator[aiohttp.ClientResponse]:
        code = 0
        try:
            response = await self._request(request, timeout, renew=False)
            if response.status == 401:  # the token has just been rotated
                response.release()
                response = await self._request(request, timeout, renew=True)
            code = response.status
            async with response:
                yield response
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            # no address and no header in it: it becomes a condition's message
            raise ApiProblem(0, "Unavailable", f"the API server does not answer ({type(error).__name__})") from error
        finally:
            self._meter.called(request.method, request.resource, code)

    async def _request(
        self, request: Request, timeout: aiohttp.ClientTimeout, *, renew: bool
    ) -> aiohttp.ClientResponse:
        headers = {"Accept": JSON, "Content-Type": request.content_type}
        header = await self._access.header(renew=renew)
        if header:
            headers["Authorization"] = header
        body = orjson.dumps(request.body) if request.body is not None else None
        return await self._session.request(
            request.method,
            self._access.server + request.path,
            params=dict(request.query),
            data=body,
            headers=headers,
            timeout=timeout,
        )


async def _read(response: aiohttp.ClientResponse) -> Any:
    data = await response.read()
    if response.status < 300:
        return orjson.loads(data)
    try:
        status = orjson.loads(data)
        reason, message = str(status.get("reason", "")), str(status.get("message", ""))
    except (ValueError, AttributeError):  # a proxy's page, or plain text
        reason, message = "", data[:200].decode(errors="replace")
    raise ApiProblem(response.status, reason, message)


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[Any]:
    async for line in response.content:
        if line.strip():
            yield orjson.loads(line)


def _retry_after(response: aiohttp.ClientResponse) -> float:
    try:
        return min(_LONGEST_WAIT, max(0.1, float(response.headers.get("Retry-After", "1"))))
    except ValueError:
        return 1.0
