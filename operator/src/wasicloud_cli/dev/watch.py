"""Notices edits: files and folders by their size, time and identity, looked at a few times a second."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

SECONDS = 0.25

Signature = Mapping[str, object]


def signature(paths: Iterable[Path]) -> Signature:
    """What changes when a file is written, replaced, removed or comes into being; folders also by the files in them."""
    found: dict[str, object] = {}
    for path in paths:
        inside = sorted(path.iterdir()) if path.is_dir() else []
        for item in (path, *inside):
            try:
                state = item.stat()
                found[str(item)] = (state.st_mtime_ns, state.st_size, state.st_ino)
            except OSError:
                found[str(item)] = None
    return found


async def changed(paths: Callable[[], Iterable[Path]], before: Signature, stop: asyncio.Event) -> Signature:
    """Wait until something differs from ``before`` and then stays the same for a moment (editors write in steps), or ``stop``."""
    now = before
    while now == before and not stop.is_set():
        await _pause(SECONDS, stop)
        now = signature(paths())
    while not stop.is_set():
        await _pause(SECONDS / 2, stop)
        later = signature(paths())
        if later == now:
            break
        now = later
    return now


async def _pause(seconds: float, stop: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
