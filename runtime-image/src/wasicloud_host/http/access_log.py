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


def renderer(component: str) -> Callable[[Entry], bytes]:
    """A function that writes entries of one component as JSON, keys in a fixed order."""
    tail = json.dumps(component, ensure_ascii=False)

    def render(entry: Entry) -> bytes:
        at, request_id, method, target, status, received, sent, seconds, outcome = entry
        path = target.partition(b"?")[0].decode("latin-1")
        text = (
            f'{{"time": "{log.timestamp(at)}", "level": "info", "message": "Request", '
            f'"requestId": "{request_id.decode("latin-1")}", "method": {json.dumps(method.decode("latin-1"))}, '
            f'"path": {json.dumps(path)}, "status": {status}, "outcome": "{outcome}", '
            f'"receivedBytes": {received}, "sentBytes": {sent}, "durationSeconds": {seconds:.6f}, '
            f'"component": {tail}}}'
        )
        return text.encode()

    return render
