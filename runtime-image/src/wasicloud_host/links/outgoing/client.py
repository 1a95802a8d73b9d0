"""A component's way out: checks where it wants to go, then begins."""

from __future__ import annotations

from wasicloud_host.links.encoding import Failure
from wasicloud_host.links.outgoing import target as targets
from wasicloud_host.links.outgoing.egress import AllowedHosts
from wasicloud_host.links.outgoing.pool import Pool
from wasicloud_host.links.outgoing.request import OutgoingRequest
from wasicloud_host.links.outgoing.timeouts import Timeouts

DENIED = "HTTP-request-denied"


class Client:
    """Outgoing HTTP of one component: one list of allowed hosts, one pool of connections."""

    def __init__(self, allowed: AllowedHosts) -> None:
        self._allowed = allowed
        self._pool = Pool()

    def send(self, head: bytes, body: bytes, *, complete: bool, timeouts: Timeouts) -> OutgoingRequest:
        """Begin a request; raises `Failure` if it may not or cannot be, before any name is looked up."""
        target = targets.parse(head)
        if not self._allowed.allows(target.host, target.port):
            raise Failure(DENIED)
        request = OutgoingRequest(target, self._pool, timeouts, body, complete=complete)
        request.advance()
        return request

    def close(self) -> None:
        """Disconnect what is idle."""
        self._pool.close()
