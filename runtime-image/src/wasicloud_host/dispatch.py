"""One request's way from the edge to an instance and back: how many at once, by when, and what a failure means.

``Dispatcher.handle`` is the handler that the HTTP edge calls, from as many threads as it likes.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from typing import Any

from wasicloud_host import errors, runtime

logger = logging.getLogger(__name__)

_monotonic = time.monotonic

_FRAMES = 24
"""Lines of a backtrace in the log."""


class Dispatcher:
    """Serves at most ``concurrency`` requests at once from ``pool``, each for at most ``timeout`` seconds."""

    def __init__(
        self, pool: runtime.Pool, concurrency: int, timeout: float, observer: runtime.Observer | None = None
    ) -> None:
        self._pool = pool
        self._timeout = timeout
        self._concurrency = concurrency
        self._permits: deque[None] = deque((None,) * concurrency)
        self._observer = observer or runtime.Unobserved()

    @property
    def in_flight(self) -> int:
        """How many requests are being served."""
        return self._concurrency - len(self._permits)

    def handle(self, head: bytes, body: bytes, io: Any) -> bytes:
        """Serve one request and return the bridge's final answer (wit/bridge/README.md).

        ``io`` is a `links.exchange.RequestIO`. Raises `errors.Overloaded`, `errors.RequestTimeout`,
        `errors.ComponentTrapped`, `errors.ClientGone`, or ValueError if head or body is not UTF-8.
        """
        try:
            self._permits.pop()
        except IndexError:
            raise errors.Overloaded(f"{self._concurrency} requests are being served, which is the limit") from None
        try:
            deadline = _monotonic() + self._timeout
            try:
                instance = self._pool.take()
            except errors.RequestError as error:
                self._tell(error, io)
                raise
            session = instance.session
            try:
                session.begin_request(io, deadline)
                answer = instance.call(head, body, deadline)
                session.end_request()
            except BaseException as error:
                self._failed(instance, error, io)
                raise
            self._pool.give(instance)
            return answer
        finally:
            self._permits.append(None)

    def idle(self) -> bool:
        """Prepare for the next request; False if all is ready. For the edge's thread while no request is waiting."""
        return self._pool.idle()

    def close(self) -> None:
        """Let go of the instances; requests that are still served keep theirs until they are done."""
        self._pool.close()

    def _failed(self, instance: runtime.Instance, error: BaseException, io: Any) -> None:
        try:
            instance.session.end_request()
        except Exception:
            logger.exception("Could not end a request that had failed")
        self._pool.drop(instance, "failed")
        self._tell(error, io)

    def _tell(self, error: BaseException, io: Any) -> None:
        if isinstance(error, errors.RequestTimeout):
            self._observer.component_stopped("timeout")
        elif isinstance(error, errors.ComponentTrapped):
            self._observer.component_stopped(error.kind)
            trace = "".join(f"\n  {line}" for note in getattr(error, "__notes__", ()) for line in _frames(note))
            request = getattr(io, "request_id", "")
            logger.warning("Component stopped in request %s (%s): %s%s", request, error.kind, error, trace)


def _frames(trace: str) -> list[str]:
    lines = [line.strip() for line in trace.splitlines() if line.strip()]
    return lines if len(lines) <= _FRAMES else [*lines[: _FRAMES - 4], "…", *lines[-3:]]
