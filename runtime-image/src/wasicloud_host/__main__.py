"""``wasicloud-host --config FILE``: serve what the file says, until SIGTERM or SIGINT drains it.

``wasicloud-host fetch --config FILE …`` is the init container's work: pull the components, check and compile them (`oci.fetch`).

Exit codes: 0 drained · 1 requests were cut at the end of the drain · 2 refused (configuration, component, link), with one
sentence on standard error · 3 the port cannot be had.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import queue
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from wasicloud_host import app, config, errors, workers
from wasicloud_host.config import HostConfig
from wasicloud_host.http import management, sockets
from wasicloud_host.http.metrics import Metrics
from wasicloud_host.log import Log
from wasicloud_host.oci import fetch

_BACKLOG = 2048
_PORT_TAKEN = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run; the exit code (see the module)."""
    given = sys.argv[1:] if argv is None else list(argv)
    if given[:1] == ["fetch"]:
        return fetch.main(given[1:], _prepare)
    arguments = _parser().parse_args(given)
    try:
        settings = config.load(arguments.config)
    except errors.Refused as error:
        return _say(error, workers.REFUSED)
    with _log(settings) as log:
        try:
            if arguments.worker:
                return _work(settings, log, *arguments.worker)
            if settings.workers > 1:
                return _supervise(settings, log, str(arguments.config))
            return _serve(settings, log)
        except errors.Refused as error:
            return _say(error, workers.REFUSED)
        except OSError as error:
            return _say(error, _PORT_TAKEN)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wasicloud-host", description="Serve one WASI component with its links.")
    parser.add_argument("--config", type=Path, required=True, help="JSON file, see wasicloud_host.config")
    parser.add_argument("--worker", type=int, nargs=2, help=argparse.SUPPRESS)
    return parser


def _prepare(settings: HostConfig, _fetched: Sequence[fetch.Fetched]) -> None:
    """Everything of a start but serving, so that the container that serves only maps what was compiled."""
    with _log(settings) as log:
        app.App(settings, log, Metrics()).prepare()


def _serve(settings: HostConfig, log: Log) -> int:
    """One process: it serves, and answers on the management port."""
    metrics = Metrics()
    host = app.App(settings, log, metrics)
    stopped = _signals()
    with _management(settings, host.reasons, metrics.snapshot):
        address = host.start()
        log.write("info", "Serving", component=settings.name, address="{}:{}".format(*address))
        stopped.wait()
        log.write("info", "Draining", component=settings.name)
        return 0 if host.drain() else 1


def _supervise(settings: HostConfig, log: Log, path: str) -> int:
    """The parent of several workers."""
    listener = sockets.open_listener(settings.http.listen, backlog=_BACKLOG)
    family = workers.Workers(workers.command(path), listener, settings.workers, log)
    stopped = _signals()
    with listener, _management(settings, family.reasons, family.snapshot):
        family.start()
        watcher = threading.Thread(target=family.end_when, args=(stopped.wait,), daemon=True)
        watcher.start()
        code = family.run(lambda: log.write("info", "Serving", component=settings.name, workers=settings.workers))
        finished = family.stop(settings.drain_timeout_seconds + 5)
    return code or (0 if finished else 1)


def _work(settings: HostConfig, log: Log, listener: int, pair: int) -> int:
    """One of several workers: it serves the parent's socket, and answers to the parent."""
    metrics = Metrics()
    host = app.App(config.listening(settings, f"fd:{listener}"), log, metrics)
    stopped = _signals()
    parent = socket.socket(fileno=pair)
    threading.Thread(target=workers.answer, args=(parent, host.reasons, metrics.snapshot), daemon=True).start()
    host.start()
    stopped.wait()
    return 0 if host.drain() else 1


@contextlib.contextmanager
def _management(
    settings: HostConfig, reasons: management.Reasons, snapshot: management.Snapshots
) -> Iterator[management.Management]:
    server = management.Management(settings.management, reasons, snapshot, settings.name)
    server.start()
    try:
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def _log(settings: HostConfig) -> Iterator[Log]:
    log = Log(host=settings.name)
    handler = _Forward(log)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("azure", "urllib3", "redis"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        yield log
    finally:
        log.close()


class _Forward(logging.Handler):
    """What the standard logging module is told becomes structured lines."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        fields = {"error": logging.Formatter().formatException(record.exc_info)} if record.exc_info else {}
        self._log.write(record.levelname.lower(), record.getMessage(), logger=record.name, **fields)


class Stop:
    """Comes with a signal. A `threading.Event` would not do: its lock may be held by the very thread that the signal interrupts."""

    def __init__(self) -> None:
        self._signals: queue.SimpleQueue[int] = queue.SimpleQueue()  # its `put` is reentrant

    def come(self, number: int, _frame: object) -> None:
        """The handler: the next signal of this number ends the process as the system does by default."""
        signal.signal(number, signal.SIG_DFL)
        self._signals.put(number)

    def wait(self) -> None:
        """Return once a signal has come; for one thread, once."""
        self._signals.get()


def _signals() -> Stop:
    """Set by the first SIGTERM or SIGINT."""
    stopped = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stopped.come)
    return stopped


def _say(problem: Exception, code: int) -> int:
    sys.stderr.write(f"wasicloud-host: {problem}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
