"""One host as a child process: started on a socket it inherits, asked whether it is ready, drained, and never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

from wasicloud_cli.dev.figures import Figures, parse
from wasicloud_host import config

COMMAND = (sys.executable, "-m", "wasicloud_host")

_LAUNCHER = Path(__file__).with_name("launcher.py")
_REFUSED = 2  # exit code of a host that was told something it cannot run
_KEPT_LINES = 50
_ANSWER_SECONDS = 5.0
_LONGEST_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class Failure:
    """A host ended before it was ready. ``refused``: the user has to change something, so trying again is pointless."""

    code: int
    lines: tuple[str, ...]

    @property
    def refused(self) -> bool:
        """Whether the host itself says that it was given something it cannot run."""
        return self.code == _REFUSED


class Host:
    """A running child. ``on_line`` is called with every line it writes; `exited` ends when it does."""

    def __init__(
        self, process: asyncio.subprocess.Process, management_port: int, on_line: Callable[[str], None]
    ) -> None:
        self._process = process
        self._management_port = management_port
        self._on_line = on_line
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._reader = asyncio.create_task(self._read())

    @property
    def pid(self) -> int:
        """The child's process id, and its group's."""
        return self._process.pid

    async def exited(self) -> Failure:
        """Wait for the end; the child's own children end with it."""
        code = await self._process.wait()
        self._signal_group(signal.SIGKILL)
        await self._reader
        return Failure(code, tuple(self._lines))

    async def readiness(self) -> str | None:
        """Why it is not ready, in the host's words, or None if it is."""
        try:
            ready, body = await self._ask("/readyz")
        except ConnectionRefusedError:
            return "it is starting"
        except (OSError, TimeoutError):
            return "it does not answer"
        return None if ready else _reasons(body)

    async def figures(self) -> Figures | None:
        """What it counts, or None if it does not say."""
        try:
            _, body = await self._ask("/metrics")
        except (OSError, TimeoutError):
            return None
        return parse(body.decode(errors="replace"))

    async def _ask(self, path: str) -> tuple[bool, bytes]:
        """Whether the management port answers 200, and what. Raises `OSError` or `TimeoutError`."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._management_port)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            answer = await asyncio.wait_for(reader.read(), timeout=_ANSWER_SECONDS)
        finally:
            writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        return head.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")), body

    async def drain(self, seconds: float) -> None:
        """Ask it to finish its requests and go; after ``seconds`` it is killed."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            self.kill()
        await self.exited()

    def kill(self) -> None:
        """End it and its children at once."""
        self._signal_group(signal.SIGKILL)

    def _signal_group(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    async def _read(self) -> None:
        if self._process.stdout is None:
            return
        async for line in lines(self._process.stdout):
            self._lines.append(line)
            self._on_line(line)


@dataclass(frozen=True, slots=True)
class Launch:
    """How a host is started: the command before ``--config FILE``, and where its configuration is written."""

    write: Callable[[str, str], Path]
    command: tuple[str, ...] = COMMAND

    async def __call__(
        self, title: str, wanted: config.HostConfig, listener: socket.socket, on_line: Callable[[str], None]
    ) -> Host:
        """Start a host that accepts on ``listener``, which stays open here: no connection is lost between two hosts."""
        port = _free_port()
        whole = replace(
            wanted,
            http=replace(wanted.http, listen=f"fd:{listener.fileno()}"),
            management=config.Management(f"127.0.0.1:{port}"),
        )
        file = self.write(title.replace("/", "."), config.dump(whole))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-IS",  # the launcher needs nothing but the standard library
            str(_LAUNCHER),
            str(os.getpid()),
            *self.command,
            "--config",
            str(file),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            pass_fds=(listener.fileno(),),
            start_new_session=True,  # Ctrl-C reaches this command alone, which then drains its hosts
        )
        return Host(process, port, on_line)


async def lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """Lines as text, whatever their length; a longer one than a megabyte comes in pieces."""
    rest = b""
    while chunk := await stream.read(1 << 16):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace")
        if len(rest) > _LONGEST_LINE:
            yield rest.decode(errors="replace")
            rest = b""
    if rest:
        yield rest.decode(errors="replace")


def _reasons(body: bytes) -> str:
    """``{"reasons": ["starting", "provider cache: …"]}`` as one sentence; that it starts is news only if nothing else is."""
    try:
        reasons = [str(reason) for reason in json.loads(body)["reasons"]]
    except (ValueError, KeyError, TypeError):
        reasons = []
    return "; ".join(reason for reason in reasons if reason != "starting") or "it is starting"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
