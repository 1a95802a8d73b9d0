"""What `/healthz` and `/readyz` answer: alive, and ready or why not.

Alive means that the process answers; a restart would cure what fails here. Ready means that requests should be sent here;
each reason is one sentence that says what is missing. Liveness never depends on a backend: restarting does not cure those.
"""

from __future__ import annotations

import json
from collections.abc import Callable

Readiness = Callable[[], list[str]]
"""The reasons why the host is not ready; empty when it is. Called for every probe: it answers at once."""


def alive() -> bytes:
    """The answer to `/healthz`."""
    return b"R200\ncontent-type: text/plain; charset=utf-8\ncache-control: no-store\n\nualive\n"


def reasons_of(readiness: Readiness) -> list[str]:
    """The reasons, also when finding them out fails: that is one more."""
    try:
        return readiness()
    except Exception as error:  # noqa: BLE001 - a probe that fails is a reason, not a crash
        return [f"readiness could not be determined ({type(error).__name__})"]


def ready(readiness: Readiness) -> bytes:
    """The answer to `/readyz`: 200, or 503 with the reasons."""
    reasons = reasons_of(readiness)
    document = json.dumps({"ready": not reasons, "reasons": reasons}, indent=2, ensure_ascii=False)
    head = b"R%d\ncontent-type: application/json\ncache-control: no-store\n\n" % (503 if reasons else 200)
    return head + b"u" + document.encode() + b"\n"
