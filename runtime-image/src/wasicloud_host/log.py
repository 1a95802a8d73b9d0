"""Structured lines: one JSON object a line, to one descriptor (standard error), from any thread, never in the way.

Writing costs the caller an append; a thread formats and writes batches. A reader of the descriptor that does not keep up
loses lines (counted and told), never requests. Nothing here raises to the caller, and nothing here knows what a secret is:
whoever logs passes none.
"""

from __future__ import annotations

import functools
import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

_T = TypeVar("_T")

_PAUSE_SECONDS = 0.02
_QUEUE_LINES = 100_000
_BATCH_LINES = 512


class Log:
    """A writer of JSON lines; `start` once per process (after a fork), `close` writes what is queued."""

    def __init__(self, descriptor: int = 2, **always: Any) -> None:
        """`always` are fields of every line that `write` makes, e.g. the host's name."""
        self._descriptor = descriptor
        self._always = always
        self._queue: deque[tuple[Callable[[Any], bytes], Any]] = deque()
        self._awake = threading.Event()
        self._closing = False
        self._lost = 0
        self._thread: threading.Thread | None = None
        self._pid = os.getpid()
        self._start = threading.Lock()

    def write(self, level: str, message: str, **fields: Any) -> None:
        """Queue one line: `time`, `level`, `message`, then `fields` (numbers with their unit in the name)."""
        self.put(_render_fields, {"time": time.time(), "level": level, "message": message, **self._always, **fields})

    def put(self, render: Callable[[_T], bytes], value: _T) -> None:
        """Queue a line that `render(value)` gives (without its newline) when its batch is written; drops it when the queue is full."""
        if len(self._queue) >= _QUEUE_LINES:
            self._lost += 1
            return
        self._queue.append((render, value))
        if not self._awake.is_set():
            self._wake()

    def close(self, timeout: float = 2.0) -> None:
        """Write what is queued and end the thread; lines after this are written by the next `put`'s thread."""
        self._closing = True
        self._awake.set()
        thread = self._thread
        if thread is not None and thread.is_alive() and thread is not threading.current_thread():
            thread.join(timeout)
        self._thread = None
        self._closing = False

    def _wake(self) -> None:
        self._awake.set()
        if self._thread is None or self._pid != os.getpid():
            with self._start:
                if self._thread is None or self._pid != os.getpid():
                    self._pid = os.getpid()
                    self._thread = threading.Thread(target=self._run, name="log", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        while True:
            self._awake.wait()
            if not self._closing:
                time.sleep(_PAUSE_SECONDS)  # let a batch gather
            self._awake.clear()
            closing = self._closing
            while self._queue:
                self._write_batch()
            if closing:
                return

    def _write_batch(self) -> None:
        queue = self._queue
        lines = [_render(*queue.popleft()) for _ in range(min(_BATCH_LINES, len(queue)))]
        if self._lost:
            lost, self._lost = self._lost, 0
            lines.append(
                _render_fields({"time": time.time(), "level": "warning", "message": "Log lines lost", "lines": lost})
            )
        data = memoryview(b"\n".join(lines) + b"\n")
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                time.sleep(_PAUSE_SECONDS)
            except OSError:
                return  # nobody reads any more


def timestamp(seconds: float) -> str:
    """RFC 3339 in UTC with milliseconds."""
    milliseconds = int(seconds * 1000)
    whole = milliseconds // 1000
    return f"{_second(whole)}.{milliseconds - whole * 1000:03d}Z"


@functools.lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def _render(render: Callable[[_T], bytes], value: _T) -> bytes:
    try:
        return render(value)
    except Exception as error:  # noqa: BLE001 - a line that cannot be written must not end the writer
        return json.dumps(
            {"level": "error", "message": "A log line could not be written", "error": str(error)}
        ).encode()


def _render_fields(fields: dict[str, Any]) -> bytes:
    line = {**fields, "time": timestamp(fields["time"])}
    return json.dumps(line, default=str, ensure_ascii=False).encode(errors="replace")
