"""A component's way out: checks where it wants to go, then begins."""

from __future__ import annotations

from wasicloud_host.links.encoding import Failure
from wasicloud_host.links.outgoing.egress import AllowedHosts
from wasicloud_host.links.outgoing.request import OutgoingRequest, Timeouts


class Client:
    """Outgoing HTTP of one component."""

    def __init__(self, allowed: AllowedHosts) -> None:
        self._allowed = allowed

    def send(self, head: bytes, body: bytes, *, complete: bool, timeouts: Timeouts, deadline: float) -> OutgoingRequest:
        """Begin a request; raises `Failure` if it may not or cannot be."""
        raise Failure("HTTP-request-denied")
