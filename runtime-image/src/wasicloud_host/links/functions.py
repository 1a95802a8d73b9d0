"""Every host function, by interface: what the runtime registers with wasm."""

from __future__ import annotations

from wasicloud_host.links import (
    capabilities_blobstore,
    capabilities_http,
    capabilities_keyvalue,
    capabilities_system,
    exchange,
)
from wasicloud_host.links.host_function import HostFunction, plain

EXCHANGE: tuple[HostFunction, ...] = (
    plain("monotonic-now", "", exchange.monotonic_now, result="u64"),
    plain("wall-now", "", exchange.wall_now, result="u64"),
    plain("random", "u32", exchange.random),
    plain("wait", "string u64", exchange.wait),
    plain("stream-read", "u32 u32 u32", exchange.stream_read),
    plain("stream-write", "u32 string u32", exchange.stream_write),
    plain("stream-finish", "u32 string", exchange.stream_finish),
    plain("stream-abort", "u32", exchange.stream_abort),
    plain("stream-trailers", "u32", exchange.stream_trailers),
    plain("stream-drop", "u32", exchange.stream_drop),
    plain("response-informational", "u32 string", exchange.response_informational),
    plain("response-start", "string", exchange.response_start),
    plain("future-poll", "u32", exchange.future_poll),
)
"""Functions of ``wasicloud:bridge/exchange``; their target is ``session.exchange``."""

CAPABILITIES: tuple[HostFunction, ...] = (
    *capabilities_system.FUNCTIONS,
    *capabilities_http.FUNCTIONS,
    *capabilities_keyvalue.FUNCTIONS,
    *capabilities_blobstore.FUNCTIONS,
)
"""Functions of ``wasicloud:bridge/capabilities``; their target is ``session.capabilities[i]``."""
