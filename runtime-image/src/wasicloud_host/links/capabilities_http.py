"""wasi:http/outgoing-handler of `wit/bridge/capabilities.wit`, and the end of any handle."""

from __future__ import annotations

import time

from wasicloud_host.links import encoding
from wasicloud_host.links.encoding import OK, Failure
from wasicloud_host.links.host_function import HostFunction, plain
from wasicloud_host.links.outgoing.client import DENIED
from wasicloud_host.links.outgoing.timeouts import Timeouts
from wasicloud_host.links.session import Capabilities

OUTGOING = "wasi:http"
"""What an outgoing request counts as: one call, from its beginning to the response's head."""


def send(
    target: Capabilities, head: bytes, connect: int, first_byte: int, between_bytes: int, body: bytes, more: int
) -> bytes:
    """Begin a request; nothing waits for the network."""
    timeouts = Timeouts.of_nanoseconds(connect, first_byte, between_bytes)
    begun = time.monotonic()

    def answered(outcome: str) -> None:
        target.observe(OUTGOING, "http", outcome, time.monotonic() - begun)

    try:
        request = target.identity.client.send(head, encoding.undata(body), complete=not more, timeouts=timeouts)
    except Failure as failure:
        answered("denied" if failure.text == DENIED else "invalid")
        raise
    request.tell(answered)
    return b"o%d" % target.session.send(request)


def handle_drop(target: Capabilities, handle: int) -> bytes:
    """Forget a handle."""
    target.session.drop(handle)
    return OK


FUNCTIONS: tuple[HostFunction, ...] = (
    plain("http-send", "string u64 u64 u64 string u32", send),
    plain("handle-drop", "u32", handle_drop),
)
