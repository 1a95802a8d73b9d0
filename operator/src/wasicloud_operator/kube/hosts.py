"""Asks a pod's host why it is not ready: kubelet's probe sees the answer too, and keeps only its number."""

from __future__ import annotations

import ipaddress

import aiohttp
import orjson

_TIMEOUT = aiohttp.ClientTimeout(total=1.5)
_LONGEST_BYTES = 65536
_PASSING = ("starting", "draining")
"""What a host says of every start and every end."""


class Hosts:
    """For one event loop; `close` it."""

    def __init__(self) -> None:
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT)

    async def close(self) -> None:
        """End all requests."""
        await self._session.close()

    async def why_not_ready(self, address: str, port: int) -> str | None:
        """The reasons that ``/readyz`` gives, as one sentence; empty if there are none, None if it does not answer."""
        try:
            host = f"[{address}]" if ipaddress.ip_address(address).version == 6 else address
            async with self._session.get(f"http://{host}:{port}/readyz", allow_redirects=False) as response:
                if response.status != 503:
                    return ""
                document = orjson.loads(await response.content.read(_LONGEST_BYTES))
                return "; ".join(str(reason) for reason in document["reasons"] if reason not in _PASSING)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError, TypeError):
            return None
