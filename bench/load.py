"""Load by wrk (Debian's package), and what it reports."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


@dataclass(frozen=True, slots=True)
class Load:
    """Requests per second; latency in seconds; answers that were not 2xx or 3xx, and socket errors."""

    rate: float
    p50: float
    p99: float
    errors: int


def wrk(url: str, connections: int, seconds: float, script: Path | None = None) -> Load:
    """Drive ``url`` with keep-alive connections from one thread, for whole seconds."""
    binary = shutil.which("wrk")
    if binary is None:
        raise RuntimeError("wrk is not on this machine; `.ci/packages wrk` installs it")
    argv = [binary, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency", "--timeout", "10s"]
    text = subprocess.run(
        [*argv, *(["-s", str(script)] if script else []), url], capture_output=True, text=True, check=True
    ).stdout
    return parse(text)


def parse(text: str) -> Load:
    """Read wrk's report."""
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    return Load(
        rate=float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)),  # type: ignore[union-attr]
        p50=_latency(text, "50"),
        p99=_latency(text, "99"),
        errors=(int(bad.group(1)) if bad else 0) + (sum(map(int, sockets.groups())) if sockets else 0),
    )


def _latency(text: str, percent: str) -> float:
    match = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s|m)$", text, re.MULTILINE)
    return float(match.group(1)) * _UNITS[match.group(2)] if match else float("nan")
