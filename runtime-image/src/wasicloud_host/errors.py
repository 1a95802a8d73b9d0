"""Every error the host raises across a layer, in one tree.

::

    HostError
    ├── Refused                    before serving: the user has to change something (exit code 2)
    │   ├── ConfigInvalid          the host's configuration file
    │   ├── ComponentRefused       the component's bytes
    │   ├── ArtifactRefused        a component's image: its reference, its registry, what was found there
    │   └── LinkRefused            a link, its provider or its target
    ├── RequestError               one request fails, the host goes on
    │   ├── Overloaded             503 with Retry-After
    │   ├── RequestTimeout         504, the instance is dropped
    │   ├── ComponentTrapped       500, the instance is dropped
    │   ├── BodyTooLarge           413
    │   ├── RequestBodyBroken      the client's body ended early or is malformed
    │   └── ClientGone             nobody is left to answer
    └── BackendError               a capability's backend; becomes the interface's own error, never a trap

No message carries a secret: whoever raises passes names and addresses, never credentials.
"""

from __future__ import annotations


class HostError(Exception):
    """Base of everything below."""


class Refused(HostError):
    """Something the user wrote cannot be served: where it stands, what is wrong, what to do about it."""

    def __init__(self, where: str, problem: str, remedy: str) -> None:
        super().__init__(f"{where}: {problem}; {remedy}" if where else f"{problem}; {remedy}")
        self.where = where
        self.problem = problem
        self.remedy = remedy


class ConfigInvalid(Refused):
    """The configuration file does not say what the host needs; ``where`` is the path inside it."""


class ComponentRefused(Refused):
    """The component cannot run here; ``where`` names the component."""


class ArtifactRefused(Refused):
    """A component's image cannot be pulled or pushed; ``where`` is the reference."""


class LinkRefused(Refused):
    """A link, its provider or its target cannot be used; ``where`` names the link."""


class RequestError(HostError):
    """One request cannot be answered by the component; the host goes on."""


class Overloaded(RequestError):
    """All of ``http.maxConcurrentRequests`` are in use. ``retry_after`` in seconds."""

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RequestTimeout(RequestError):
    """The component did not answer within ``http.requestTimeout``."""


class ComponentTrapped(RequestError):
    """The instance stopped; ``kind`` says how: ``trap``, ``memory``, ``exit``, ``stack`` or ``instantiation``."""

    def __init__(self, message: str, kind: str = "trap") -> None:
        super().__init__(message)
        self.kind = kind


class BodyTooLarge(RequestError):
    """The request's body is longer than ``http.maxBodyBytes``."""


class RequestBodyBroken(RequestError):
    """The request's body ended early, is malformed or came too slowly."""


class ClientGone(RequestError):
    """The client closed the connection or stopped reading."""


class BackendError(HostError):
    """A capability's backend failed; ``outcome`` is a short word for metrics: ``unavailable``, ``timeout``, ``denied``, ``invalid``."""

    def __init__(self, message: str, outcome: str = "unavailable") -> None:
        super().__init__(message)
        self.outcome = outcome
