"""Keeps one host serving for each component: a changed one comes up beside the old, which then drains; a dead one is replaced."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from wasicloud_cli.dev.figures import Figures
from wasicloud_cli.dev.hosts import Failure, Host
from wasicloud_host import config

GRACE_SECONDS = 3.0  # beyond the host's own drain timeout
_FIRST_BACKOFF, _LONGEST_BACKOFF = 0.5, 30.0
_STEADY_SECONDS = 30.0  # a host that ran this long begins with the first backoff again
_POLL_SECONDS = 0.05
_PATIENCE_SECONDS = 3.0  # then it is said why a new host is not ready

Start = Callable[[str, config.HostConfig, socket.socket, Callable[[str], None]], Awaitable[Host]]


class Listener(Protocol):
    """Who is told what happens to hosts."""

    def log(self, title: str, line: str) -> None:
        """A host wrote a line."""

    def event(self, title: str, text: str) -> None:
        """Something happened that needs nobody."""

    def trouble(self, title: str, text: str) -> None:
        """Something happened that somebody should look at."""


class Supervisor:
    """The hosts of one component, one after the other, on one listening socket."""

    def __init__(self, title: str, listener: socket.socket, start: Start, told: Listener) -> None:
        self.title = title
        self.listener = listener
        self.first: asyncio.Future[Failure | None] = asyncio.get_running_loop().create_future()
        self.reason: str | None = "it is starting"
        self._start = start
        self._told = told
        self._wanted: config.HostConfig | None = None
        self._current: Host | None = None
        self._bringing: asyncio.Task[None] | None = None
        self._others: set[asyncio.Task[None]] = set()
        self._backoff = _FIRST_BACKOFF

    @property
    def port(self) -> int:
        """The port it serves."""
        return int(self.listener.getsockname()[1])

    @property
    def wanted(self) -> config.HostConfig | None:
        """The configuration that runs, or that is being brought up."""
        return self._wanted

    async def figures(self) -> Figures | None:
        """What the serving host counts."""
        return await self._current.figures() if self._current is not None else None

    async def apply(self, wanted: config.HostConfig) -> None:
        """Run ``wanted`` from now on; what serves now goes on until that is ready."""
        await self._abandon()
        self._wanted = wanted
        self._backoff = _FIRST_BACKOFF
        self._bringing = asyncio.create_task(self._bring_up(wanted))

    async def stop(self) -> None:
        """Drain everything and close the socket."""
        await self._abandon()
        current, self._current = self._current, None
        self._wanted = None
        if current is not None:
            await self._drain(current)
        await asyncio.gather(*self._others, return_exceptions=True)
        self.listener.close()

    async def _abandon(self) -> None:
        if self._bringing is not None:
            self._bringing.cancel()
            await asyncio.gather(self._bringing, return_exceptions=True)
            self._bringing = None

    async def _bring_up(self, wanted: config.HostConfig) -> None:
        """Start hosts until one is ready or one says that it never will be."""
        while True:
            failure = await self._attempt(wanted)
            if failure is None:
                return
            if not self.first.done() and failure.refused:
                self.first.set_result(failure)
                return
            kept = "; the host before it goes on serving" if self._current is not None else ""
            said = next((line for line in reversed(failure.lines) if line.strip()), "it said nothing")
            self._told.trouble(self.title, f"the host ended with code {failure.code}{kept}: {said}")
            if failure.refused:
                self.reason = said
                return
            await self._wait()

    async def _attempt(self, wanted: config.HostConfig) -> Failure | None:
        """Start a host and wait until it takes over. Beside another one it accepts nothing before it is ready."""
        beside = self._current is not None
        wanted = replace(wanted, http=replace(wanted.http, accept_when_ready=beside))
        host = await self._start(self.title, wanted, self.listener, lambda line: self._told.log(self.title, line))
        ended = asyncio.create_task(host.exited())
        said, patient_until = "", time.monotonic() + _PATIENCE_SECONDS
        try:
            while not ended.done():
                reason = await host.readiness()
                if reason is None:
                    self._take_over(host, ended)
                    return None
                if not beside:
                    self.reason = reason
                elif time.monotonic() > patient_until and reason != said:
                    said = reason
                    self._told.trouble(
                        self.title, f"the new host is not ready ({reason}); the one before it goes on serving"
                    )
                await asyncio.wait({ended}, timeout=_POLL_SECONDS)
            return ended.result()
        except asyncio.CancelledError:
            self._spawn(host.drain(0 if beside else GRACE_SECONDS))
            raise

    def _take_over(self, host: Host, ended: asyncio.Task[Failure]) -> None:
        before, self._current = self._current, host
        self.reason = None
        if not self.first.done():
            self.first.set_result(None)
        else:
            self._told.event(
                self.title, "a new host serves" if before is None else "a new host serves, the old one drains"
            )
        if before is not None:
            self._spawn(self._drain(before))
        self._spawn(self._guard(host, ended, time.monotonic()))

    async def _guard(self, host: Host, ended: asyncio.Task[Failure], since: float) -> None:
        """Replace the host if it ends by itself."""
        failure = await ended
        if host is not self._current or self._wanted is None:
            return
        self._current = None
        self.reason = f"its host ended with code {failure.code}"
        if time.monotonic() - since > _STEADY_SECONDS:
            self._backoff = _FIRST_BACKOFF
        if self._bringing is not None and not self._bringing.done():
            self._told.trouble(self.title, f"the host ended with code {failure.code}; the next is on its way")
            return
        wanted = self._wanted
        self._bringing = asyncio.create_task(self._again(wanted, failure))

    async def _again(self, wanted: config.HostConfig, failure: Failure) -> None:
        self._told.trouble(
            self.title, f"the host ended with code {failure.code}; a new one starts in {self._backoff:g} s"
        )
        await self._wait()
        await self._bring_up(wanted)

    async def _wait(self) -> None:
        pause, self._backoff = self._backoff, min(self._backoff * 2, _LONGEST_BACKOFF)
        await asyncio.sleep(pause)

    async def _drain(self, host: Host) -> None:
        timeout = self._wanted.drain_timeout_seconds if self._wanted is not None else 10.0
        await host.drain(timeout + GRACE_SECONDS)

    def kill(self) -> None:
        """End everything at once, for someone who will not wait."""
        if self._current is not None:
            self._current.kill()

    def _spawn(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            with contextlib.suppress(asyncio.CancelledError):
                await work

        task = asyncio.create_task(run())
        self._others.add(task)
        task.add_done_callback(self._others.discard)
