"""``wasicloud dev``: read, decide, run, watch, drain."""

from __future__ import annotations

import asyncio
import errno
import functools
import signal
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from wasicloud_cli import artifacts, manifests, output
from wasicloud_cli.artifacts import Artifact
from wasicloud_cli.dev import hosts, plan, watch
from wasicloud_cli.dev.figures import Figures
from wasicloud_cli.dev.hosts import Failure
from wasicloud_cli.dev.plan import Plan, Service
from wasicloud_cli.dev.screen import Row, Screen
from wasicloud_cli.dev.supervisor import Supervisor
from wasicloud_cli.dev.workspace import Workspace
from wasicloud_cli.manifests import Manifests
from wasicloud_cli.problems import Problem, Unusable
from wasicloud_host import errors
from wasicloud_operator.api import names
from wasicloud_operator.api.component import WasmComponent
from wasicloud_operator.api.refs import ObjectKey

_BACKLOG = 4096
_POLL_SECONDS = 0.02
_COUNT_SECONDS = 1.0
_PATIENCE_SECONDS = 10.0  # then the table is shown with what is not ready yet


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for. ``port`` 0: any free ports. ``host_command`` starts a host, before ``--config FILE``."""

    files: tuple[Path, ...]
    port: int = 8080
    address: str = "127.0.0.1"
    watch: bool = True
    host_command: tuple[str, ...] = hosts.COMMAND


def run(options: Options) -> int:
    """Run until Ctrl-C or SIGTERM; returns the exit code, raises `Unusable`."""
    place = Workspace()
    try:
        return asyncio.run(_Session(options, place).run())
    finally:
        place.remove()


class _Session:
    """One run of the command: the hosts by component, and what is known of the files."""

    def __init__(self, options: Options, place: Workspace) -> None:
        self._options = options
        self._place = place
        self._screen = Screen()
        self._launch = hosts.Launch(place.configuration, options.host_command)
        self._running: dict[ObjectKey, Supervisor] = {}
        self._watched: tuple[Path, ...] = options.files
        self._stop = asyncio.Event()
        self._plan = Plan((), (), ())

    async def run(self) -> int:
        seen = watch.signature(self._watched)
        wanted = await asyncio.to_thread(self._read)
        self._handle_signals()
        try:
            await self._apply(wanted)
            await self._started(wanted)
            if self._stop.is_set():
                return 0
            self._screen.warnings(wanted)
            self._show(wanted)
            self._announce_late(wanted)
            counting = asyncio.create_task(self._count())
            await (self._watch(seen) if self._options.watch else self._stop.wait())
            await counting
        finally:
            self._screen.close()
            await self._drain()
        return 0

    def _read(self) -> Plan:
        """Files → plan, and the files that hosts read; raises `Unusable`."""
        found = manifests.load(self._options.files)
        self._watched = (*self._options.files, *_component_files(found))
        bytes_ = _load(found)
        cache = artifacts.cache_directory() / "compiled"
        decided = plan.make(plan.Inputs(found, bytes_, self._place, str(cache)))
        self._place.fill(found, bytes_)
        return decided

    async def _apply(self, wanted: Plan) -> None:
        """Start, replace and stop hosts until those of the plan run; others are not touched."""
        keys = {service.key for service in wanted.services}
        for key in [key for key in self._running if key not in keys]:
            gone = self._running.pop(key)
            self._screen.event(gone.title, "is not in the manifests any more and drains")
            await gone.stop()
        for service in wanted.services:
            if service.key not in self._running:
                listener = self._bind()
                self._running[service.key] = Supervisor(service.title, listener, self._launch, self._screen)
            supervisor = self._running[service.key]
            if supervisor.wanted != service.config:
                await supervisor.apply(service.config)

    async def _started(self, wanted: Plan) -> None:
        """Wait until every host serves, refuses, or has had its time; raises `Unusable` for what is refused."""
        firsts = {self._running[service.key].first: service for service in wanted.services}
        deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
        while not (self._stop.is_set() or all(first.done() for first in firsts)):
            if asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(_POLL_SECONDS)
        refused = [
            Problem("", "", f"the host of {service.title} refused to start", "\n".join(failure.lines[-5:]))
            for first, service in firsts.items()
            if first.done() and (failure := first.result()) is not None
        ]
        if refused:
            raise Unusable(refused)

    async def _watch(self, seen: watch.Signature) -> None:
        """Apply edits until asked to stop. ``seen`` is from before the files were read, so that no edit falls between."""
        while (seen := await watch.changed(lambda: self._watched, seen, self._stop)) and not self._stop.is_set():
            try:
                wanted = await asyncio.to_thread(self._read)
                await self._apply(wanted)
            except Unusable as error:
                self._screen.refused(error.problems)
                continue
            self._screen.accepted()
            self._screen.warnings(wanted)
            self._show(wanted)

    def _show(self, wanted: Plan) -> None:
        self._plan = wanted
        self._screen.table(wanted, [self._row(service) for service in wanted.services])

    def _row(self, service: Service, figures: Figures | None = None) -> Row:
        supervisor = self._running[service.key]
        return Row(service.title, self._url(supervisor), supervisor.reason, figures)

    def _url(self, supervisor: Supervisor) -> str:
        return f"http://{self._options.address}:{supervisor.port}"

    async def _count(self) -> None:
        """Keep the live table up to date; end when nobody reads any more."""
        while not self._stop.is_set():
            await asyncio.sleep(_COUNT_SECONDS)
            if not output.is_read():
                self._stop.set()
            if not self._screen.terminal:
                continue
            plan = self._plan
            services = [service for service in plan.services if service.key in self._running]
            figures = await asyncio.gather(*(self._running[service.key].figures() for service in services))
            rows = [
                self._row(service, each)
                for service, each in zip(services, figures, strict=True)
                if service.key in self._running
            ]
            self._screen.live(plan, rows)

    def _announce_late(self, wanted: Plan) -> None:
        """Hosts that the table showed as not ready say when they are, or that they never will be."""
        for service in wanted.services:
            supervisor = self._running[service.key]
            if not supervisor.first.done():
                supervisor.first.add_done_callback(functools.partial(self._late, supervisor))

    def _late(self, supervisor: Supervisor, first: asyncio.Future[Failure | None]) -> None:
        if first.cancelled():
            return
        failure = first.result()
        if failure is None:
            self._screen.event(supervisor.title, f"ready at {self._url(supervisor)}")
        else:
            self._screen.trouble(supervisor.title, "the host refused to start: " + "\n".join(failure.lines[-5:]))

    def _bind(self) -> socket.socket:
        """The next port after those in use here; raises `Unusable` if another program has it."""
        taken = {supervisor.port for supervisor in self._running.values()}
        port = self._options.port
        while port and port in taken:
            port += 1
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._options.address, port))
            listener.listen(_BACKLOG)
        except (OSError, OverflowError) as error:
            listener.close()
            busy = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
            problem = "is in use by another program" if busy else f"cannot be used ({error})"
            raise Unusable(
                [Problem(f"port {port}", "", problem, "choose others with --port, or end that program")]
            ) from None
        return listener

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._asked_to_stop)

    def _asked_to_stop(self) -> None:
        if self._stop.is_set():  # asked again: do not wait for requests
            for supervisor in self._running.values():
                supervisor.kill()
        else:
            self._screen.close()
            output.line("--- draining; again to stop at once")
        self._stop.set()

    async def _drain(self) -> None:
        await asyncio.gather(*(supervisor.stop() for supervisor in self._running.values()))


def _component_files(found: Manifests) -> Iterator[Path]:
    for key, component in found.components.items():
        if component.spec.file is not None:
            yield found.source(names.WASM_COMPONENT, key).file.parent / component.spec.file


def _load(found: Manifests) -> Mapping[ObjectKey, Artifact]:
    """Every component's bytes; raises `Unusable` with all that cannot be had."""
    loaded: dict[ObjectKey, Artifact] = {}
    problems: list[Problem] = []
    for key, component in found.components.items():
        document = found.source(names.WASM_COMPONENT, key)
        try:
            loaded[key] = _artifact(component, document.file.parent)
        except errors.Refused as refusal:
            problem = document.problem("spec.image", f"{refusal.where} {refusal.problem}", refusal.remedy)
            problems.append(replace(problem, problem=problem.problem.strip()))
    if problems:
        raise Unusable(problems)
    return loaded


def _artifact(component: WasmComponent, folder: Path) -> Artifact:
    if component.spec.file is not None:
        return artifacts.from_file(folder / component.spec.file)
    return artifacts.from_image(component.spec.image, component.spec.image_pull_policy)
