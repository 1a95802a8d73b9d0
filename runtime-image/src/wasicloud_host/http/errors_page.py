"""What a person reads when a request fails: RFC 9457 problem documents with the request's id.

`Fault` is how parsing and serving say "answer with this status"; `render` writes it. No detail of the server's inside and
no secret belongs in a detail: it goes to the client.
"""

from __future__ import annotations

import http
import json

PHRASES: dict[int, str] = {status.value: status.phrase for status in http.HTTPStatus} | {
    413: "Content Too Large",
    414: "URI Too Long",
    422: "Unprocessable Content",
}

_DETAILS = {
    400: "The request is not well-formed HTTP/1.1.",
    408: "The request did not arrive in time.",
    413: "The request's body is larger than this component accepts.",
    414: "The request's target is too long.",
    417: "This server only knows the expectation 100-continue.",
    431: "The request's header fields are too large or too many.",
    500: "The component failed while it handled the request.",
    501: "This server does not implement what the request asks for.",
    502: "The component could not reach what it needs to answer.",
    503: "The component is busy; try again shortly.",
    504: "The component did not answer in time.",
    505: "This server speaks HTTP/1.1 and HTTP/1.0.",
}

# error codes of wasi:http/types that mean "something upstream was too slow"
_TIMEOUTS = frozenset(
    (
        "DNS-timeout",
        "connection-timeout",
        "connection-read-timeout",
        "connection-write-timeout",
        "HTTP-response-timeout",
    )
)
_OWN_FAULTS = frozenset(("internal-error", "configuration-error", "loop-detected"))


class Fault(Exception):
    """Answer with `status` and close the connection; `detail` is one sentence for the client, `retry_after` in seconds."""

    def __init__(self, status: int, detail: str = "", retry_after: int | None = None) -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail or _DETAILS.get(status, "")
        self.retry_after = retry_after


def from_error_code(error: str) -> Fault:
    """The answer to `response-outparam.set(err(code))`: 504 for timeouts, 500 for the component's own faults, else 502.

    `error` is a name of wasi:http/types.error-code, perhaps with a payload after a colon. Only the name is told.
    """
    code = error.partition(":")[0]
    named = code.replace("-", "").isalnum() and code.isascii()
    if not named or code in _OWN_FAULTS or code.startswith("HTTP-response-"):
        status = 504 if code in _TIMEOUTS else 500
    else:
        status = 504 if code in _TIMEOUTS else 502
    told = f"{_DETAILS[status]} ({code})" if named else _DETAILS[status]
    return Fault(status, told)


def body(fault: Fault, request_id: bytes) -> bytes:
    """The problem document, one member a line so that it reads well in a terminal."""
    members = {
        "type": "about:blank",
        "title": PHRASES.get(fault.status, "Error"),
        "status": fault.status,
        "detail": fault.detail,
        "requestId": request_id.decode("latin-1"),
    }
    return json.dumps(members, indent=2).encode() + b"\n"


def render(fault: Fault, request_id: bytes, date: bytes, *, head_only: bool = False) -> bytes:
    """A whole response on the wire; always the connection's last. `date` is a complete header line or empty."""
    document = body(fault, request_id)
    retry = b"retry-after: %d\r\n" % fault.retry_after if fault.retry_after is not None else b""
    head = (
        b"HTTP/1.1 %d %b\r\ncontent-type: application/problem+json\r\ncontent-length: %d\r\n%b%b"
        b"x-request-id: %b\r\nconnection: close\r\n\r\n"
    ) % (
        fault.status,
        PHRASES.get(fault.status, "Error").encode(),
        len(document),
        retry,
        date,
        request_id,
    )
    return head if head_only else head + document
