"""The composition root: one process that serves one component with its links.

`App` knows every part and nothing of how they work: it makes them in order, says when it is ready, and lets go of them in
the reverse order. Everything that can be refused is refused in `App.start`, before a request is accepted.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wasicloud_host import bridge, composer, errors, runtime
from wasicloud_host.capabilities.blobstore import Blobstore
from wasicloud_host.capabilities.keyvalue import KeyValue
from wasicloud_host.capabilities.naming import Place
from wasicloud_host.composer import Composition
from wasicloud_host.config import Component, HostConfig
from wasicloud_host.dispatch import Dispatcher
from wasicloud_host.http import metrics as http_metrics
from wasicloud_host.http import server as http_server
from wasicloud_host.links import allocator, functions, session
from wasicloud_host.links import bindings as bindings_
from wasicloud_host.log import Log
from wasicloud_host.providers import registry
from wasicloud_host.providers.provider import Provider

STARTING = "starting"
DRAINING = "draining"

_CHECK_SECONDS = 2.0
"""Between two looks at a provider."""
_POLL_SECONDS = 0.02


class App:
    """One serving process. `start`, then `drain`; `reasons` says why it is not ready, nothing if it is."""

    def __init__(self, config: HostConfig, log: Log, metrics: http_metrics.Metrics) -> None:
        self._config = config
        self._log = log
        self._metrics = metrics
        self._state: str | None = STARTING
        self._stack = contextlib.ExitStack()
        self._server: http_server.Server | None = None
        self._health = Health({}, log)

    def reasons(self) -> list[str]:
        """Why requests should go elsewhere; empty when ready."""
        return [self._state, *self._health.reasons()] if self._state else self._health.reasons()

    def start(self) -> tuple[str, int]:
        """Load everything and serve; the address that was bound. Raises `errors.Refused` or `OSError`."""
        try:
            return self._start()
        except BaseException:
            self._stack.close()
            raise

    def prepare(self) -> None:
        """What an init container does of `start`: refuse what can be refused, and leave the compiled code in the cache.

        It has no credentials of providers, and needs none.
        """
        with self._stack:
            self._load({provider.name: Unopened(provider.name, provider.type) for provider in self._config.providers})

    def _start(self) -> tuple[str, int]:
        config, stack = self._config, self._stack
        allocator.keep_freed_memory()
        providers = registry.open_all(config.providers, config.workers)
        for provider in providers.values():
            stack.callback(provider.close)
        program = self._load(providers)
        dispatcher = Dispatcher(
            program.pool(Counting(self._metrics)),
            config.http.max_concurrent_requests,
            config.http.request_timeout_seconds,
            Counting(self._metrics),
        )
        stack.callback(dispatcher.close)
        self._health = Health(_used(config, providers), self._log)
        stack.callback(self._health.close)
        self._health.start()
        if config.http.accept_when_ready:
            self._health.wait()
        name = config.components[0].name
        self._server = http_server.Server(config.http, dispatcher.handle, self._metrics, self._log, name)
        address = self._server.start(dispatcher.idle)
        self._state = None
        return address

    def _load(self, providers: Mapping[str, Provider]) -> runtime.Program:
        """Compose, bind imports to links (before anything is compiled), compile."""
        config, stack = self._config, self._stack
        composition = compose(config)
        identities = self._identities(composition, providers)
        program = runtime.load(
            config,
            composition,
            runtime.Functions(functions.EXCHANGE, functions.CAPABILITIES),
            lambda: session.Session(identities),
        )
        stack.callback(program.close)
        return program

    def _identities(self, composition: Composition, providers: Mapping[str, Provider]) -> list[session.Identity]:
        components = {component.name: component for component in self._config.components}
        observer = Counting(self._metrics)
        identities = []
        for node in composition.nodes:
            component = components[node.name]
            bound = bindings_.resolve(component, node.imports, providers, node.wired)
            for warning in bound.warnings:
                self._log.write("warning", warning, component=component.name)
            identities.append(session.identify(component, bound, self._component_line, observer))
        return identities

    def _component_line(self, line: Mapping[str, object]) -> None:
        fields = dict(line)
        level, message = str(fields.pop("level", "info")), str(fields.pop("message", ""))
        fields["requestId"] = fields.pop("request", None)  # as the access log calls it
        self._log.write(level, message, **fields)

    def drain(self) -> bool:
        """Stop being ready, finish what is being served, let go of everything; whether all of it finished in time."""
        self._state = DRAINING
        finished = True
        if self._server is not None:
            finished = self._server.drain(self._config.drain_timeout_seconds)
            self._server.close()
        self._stack.close()
        return finished


def compose(config: HostConfig) -> Composition:
    """The outer component of a configuration; raises `errors.ComponentRefused`, `errors.LinkRefused`."""
    infos = {component.name: composer.inspect(_artifact(component), component.name) for component in config.components}
    targets = [
        composer.Target(link.name, component.name, link.interface, link.target)
        for component in config.components
        for link in component.links
        if link.target is not None
    ]
    nodes = composer.assemble(config.components[0].name, infos, targets)
    return composer.compose(bridge.core(), bridge.capabilities(), nodes)


def _artifact(component: Component) -> bytes:
    try:
        return Path(component.artifact).read_bytes()
    except OSError as error:
        problem = f"its artifact {component.artifact} cannot be read ({error.strerror})"
        raise errors.ComponentRefused(component.name, problem, "check the path, or pull it again") from None


def _used(config: HostConfig, providers: Mapping[str, Provider]) -> dict[str, Provider]:
    """The providers that some link leads to: the others may be down without harm."""
    names = {link.provider for component in config.components for link in component.links}
    return {name: provider for name, provider in providers.items() if name in names}


@dataclass(frozen=True, slots=True)
class Unopened:
    """Stands for a provider where its backend is not to be had: links can be bound to it, nothing can be asked of it."""

    name: str
    type: str

    def summary(self) -> str:
        """One line for people."""
        return f"{self.type}, not opened"

    def keyvalue(self, place: Place) -> KeyValue:
        """Always `errors.BackendError`."""
        raise self._error()

    def blobstore(self) -> Blobstore:
        """Always `errors.BackendError`."""
        raise self._error()

    def check(self) -> None:
        """Always `errors.BackendError`."""
        raise self._error()

    def close(self) -> None:
        """Nothing is open."""

    def _error(self) -> errors.BackendError:
        return errors.BackendError(f"provider {self.name} is not opened while a component is prepared")


class Counting:
    """Tells the metrics what dispatch, runtime and links observe."""

    def __init__(self, metrics: http_metrics.Metrics) -> None:
        self.instance_made: Callable[[], None] = metrics.instance_made
        self.instance_reused: Callable[[], None] = metrics.instance_reused
        self.component_stopped: Callable[[str], None] = metrics.trap
        self.capability_call: Callable[[str, str, str, float], None] = metrics.capability

    def instance_dropped(self, reason: str) -> None:
        """Drops are the other side of what is made; only the making is exposed."""


class Health:
    """Looks at the providers in the background, so that asking for readiness costs and waits for nothing."""

    def __init__(self, providers: Mapping[str, Provider], log: Log) -> None:
        self._providers = providers
        self._log = log
        self._problems: dict[str, str] = dict.fromkeys(providers, "not checked yet")
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to look; one thread a provider, since one that hangs must not hide another."""
        for name, provider in self._providers.items():
            thread = threading.Thread(target=self._watch, args=(name, provider), name=f"check-{name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """Stop looking."""
        self._stop.set()
        for thread in self._threads:
            thread.join(_CHECK_SECONDS)

    def wait(self) -> None:
        """Return when every provider has answered."""
        while self._problems and not self._stop.wait(_POLL_SECONDS):
            pass

    def reasons(self) -> list[str]:
        """One sentence for each provider that does not answer."""
        return [f"provider {name}: {problem}" for name, problem in self._problems.items()]

    def _watch(self, name: str, provider: Provider) -> None:
        while not self._stop.is_set():
            begun = time.monotonic()
            self._look(name, provider)
            self._stop.wait(max(0.2, _CHECK_SECONDS - (time.monotonic() - begun)))

    def _look(self, name: str, provider: Provider) -> None:
        try:
            provider.check()
        except errors.BackendError as error:
            if self._problems.get(name) != str(error):
                self._log.write("warning", "Provider does not answer", provider=name, problem=str(error))
            self._problems[name] = str(error)
        else:
            if name in self._problems:
                self._log.write("info", "Provider answers", provider=name, backend=provider.summary())
            self._problems.pop(name, None)
