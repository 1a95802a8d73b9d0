"""One instance's side of the host: who its components are, what they hold open, and the request they serve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from wasicloud_host import config
from wasicloud_host.capabilities import deadline as deadlines
from wasicloud_host.errors import ConfigInvalid
from wasicloud_host.links.bindings import Bindings
from wasicloud_host.links.configuration import Configuration
from wasicloud_host.links.exchange import Exchange, RequestIO
from wasicloud_host.links.handles import Handles
from wasicloud_host.links.observation import Log, Observer, Unobserved, unlogged
from wasicloud_host.links.outgoing.client import Client
from wasicloud_host.links.outgoing.egress import AllowedHosts
from wasicloud_host.links.outgoing.request import OutgoingRequest
from wasicloud_host.links.streams import Stdio


@dataclass(frozen=True, slots=True)
class Identity:
    """One component as the host knows it: its name, links and configuration, where it may go, and who is told."""

    name: str
    bindings: Bindings
    configuration: Configuration
    client: Client
    log: Log = unlogged
    observer: Observer = field(default_factory=Unobserved)


def identify(
    component: config.Component, bindings: Bindings, log: Log = unlogged, observer: Observer | None = None
) -> Identity:
    """The identity of a configured component; made once, shared by all its instances. Raises `errors.ConfigInvalid`."""
    try:
        allowed = AllowedHosts(component.egress.allowed_hosts)
    except ValueError as error:
        where = f"components[{component.name}].egress.allowedHosts"
        raise ConfigInvalid(where, str(error), "write HOST, HOST:PORT or *.DOMAIN") from None
    return Identity(
        name=component.name,
        bindings=bindings,
        configuration=Configuration(component.config, component.config_directories),
        client=Client(allowed),
        log=log,
        observer=observer or Unobserved(),
    )


class Session:
    """What belongs to one instance. One thread uses it at a time; `close` may come from another."""

    __slots__ = (
        "capabilities",
        "deadline",
        "exchange",
        "exit_code",
        "handles",
        "io",
        "outgoing",
        "stdio",
    )

    def __init__(self, identities: Sequence[Identity]) -> None:
        """``identities[i]`` is the component of the import ``capabilities-i``."""
        self.io: RequestIO | None = None
        self.deadline = deadlines.NEVER
        self.exit_code: int | None = None
        self.handles = Handles()
        self.outgoing: list[OutgoingRequest] = []
        self.stdio: list[Stdio] = []
        self.exchange = Exchange(self)
        self.capabilities = [Capabilities(self, identity) for identity in identities]

    @property
    def request_id(self) -> str:
        """The id of the request being served; asked for only when something is logged."""
        return self.io.request_id if self.io is not None else ""

    def begin_request(self, io: RequestIO, deadline: float) -> None:
        """The instance starts to serve ``io``, to be done by ``deadline`` (`time.monotonic` seconds); in the serving thread."""
        self.io = io
        self.deadline = deadline
        for sink in self.stdio:
            sink.belongs_to(io.request_id)
        self.exchange.begin()
        deadlines.begin(deadline)

    def end_request(self) -> None:
        """The request is over; what the instance holds open stays for its next one."""
        deadlines.end()
        for sink in self.stdio:
            sink.flush()
        self.io = None
        self.deadline = deadlines.NEVER

    def close(self) -> None:
        """The instance is gone: everything it held open is closed."""
        self.end_request()
        self.handles.close()
        self.outgoing.clear()
        self.stdio.clear()
        # Else every instance would be a cycle that only the garbage collector frees.
        self.capabilities.clear()
        if hasattr(self, "exchange"):
            del self.exchange

    def send(self, request: OutgoingRequest) -> int:
        """Take charge of an outgoing request; its handle."""
        handle = self.handles.add(request)
        self.outgoing.append(request)
        return handle

    def drop(self, handle: int) -> None:
        """Forget a handle and close what it stands for."""
        resource = self.handles.table.get(handle)
        if isinstance(resource, OutgoingRequest):
            self.outgoing.remove(resource)
        elif isinstance(resource, Stdio):
            self.stdio.remove(resource)
        self.handles.drop(handle)


class Capabilities:
    """One component's side of a session: the target of every function in `capabilities.wit`."""

    __slots__ = ("backend", "bindings", "handles", "identity", "observe", "session")

    def __init__(self, session: Session, identity: Identity) -> None:
        self.session = session
        self.identity = identity
        self.bindings = identity.bindings
        self.handles = session.handles
        self.observe = identity.observer.capability_call
        self.backend = ""  # that the present call works on
