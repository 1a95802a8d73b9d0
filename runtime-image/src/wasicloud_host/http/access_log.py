"""One line for every request: when, who asked what, what came of it, how many bytes and how long.

The path without its query (queries carry tokens); no header but the request id. Formatting happens on the log's thread.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from wasicloud_host import log

Entry = tuple[float, bytes, bytes, bytes, int, int, int, float, str]
"""Seconds since 1970, request id, method, target, status, body bytes received and sent, duration in seconds, outcome.

A tuple, because one is made for every request. Outcomes: `ok`; `aborted` (cut so that the client sees it); `client-gone`;
`refused` (the edge said no); `overloaded`, `timeout`, `trapped`, `failed` (the component answered with an error), `error` (a fault of the host).
"""


_LINE = (
    b'{"time": "%b", "level": "info", "message": "Request", "requestId": "%b", "method": "%b", "path": %b, '
    b'"status": %d, "outcome": "%b", "receivedBytes": %d, "sentBytes": %d, "durationSeconds": %.6f, "component": %b}'
)


def renderer(component: str) -> Callable[[Entry], bytes]:
    """A function that writes entries of one component as JSON, keys in a fixed order."""
    name = json.dumps(component, ensure_ascii=False).encode()

    def render(entry: Entry) -> bytes:
        at, request_id, method, target, status, received, sent, seconds, outcome = entry
        path = target.partition(b"?")[0]
        # everything but the path is of characters that JSON takes as they are: the parser let nothing else through
        quoted = json.dumps(path.decode("latin-1")).encode() if b'"' in path or b"\\" in path else b'"%b"' % path
        return _LINE % (
            log.timestamp(at).encode(),
            request_id,
            method,
            quoted,
            status,
            outcome.encode(),
            received,
            sent,
            seconds,
            name,
        )

    return render
