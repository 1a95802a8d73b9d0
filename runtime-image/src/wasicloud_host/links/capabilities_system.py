"""wasi:cli, wasi:logging, wasi:config of `wit/bridge/capabilities.wit`."""

from __future__ import annotations

from wasicloud_host.links import encoding
from wasicloud_host.links.encoding import NONE, OK, Failure
from wasicloud_host.links.host_function import HostFunction, plain
from wasicloud_host.links.session import Capabilities
from wasicloud_host.links.streams import Stdio

LEVELS = ("trace", "debug", "info", "warning", "error", "critical")
"""The levels of wasi:logging in order, as log lines name them."""

_STREAMS = {1: "stdout", 2: "stderr"}


def environment(target: Capabilities) -> bytes:
    """Configuration that is text, as environment variables."""
    entries: list[bytes] = []
    for key, value in target.identity.configuration.all().items():
        if _is_text(key) and _is_text(value):
            entries += (key, value)
    return b"o" + encoding.join(entries)


def arguments(target: Capabilities) -> bytes:
    """The component's name, where programs expect theirs."""
    return b"o" + encoding.join([target.identity.name.encode()])


def leave(target: Capabilities, code: int) -> bytes:
    """Note that the component ends itself; the bridge traps next."""
    target.session.exit_code = code
    return OK


def stdio_open(target: Capabilities, descriptor: int) -> int:
    """A sink for stdout or stderr."""
    session = target.session
    line = {
        "component": target.identity.name,
        "level": "info",
        "stream": _STREAMS.get(descriptor, "stderr"),
        "request": session.request_id,
    }
    sink = Stdio(target.identity.log, line)
    handle = session.handles.add(sink)
    session.stdio.append(sink)
    return handle


def log(target: Capabilities, level: int, context: bytes, message: bytes) -> bytes:
    """One line of the component's own log."""
    target.identity.log(
        {
            "component": target.identity.name,
            "level": LEVELS[min(level, len(LEVELS) - 1)],
            "context": context.decode(),
            "message": message.decode(),
            "request": target.session.request_id,
        }
    )
    return OK


def config_get(target: Capabilities, key: bytes) -> bytes:
    """One value."""
    try:
        value = target.identity.configuration.all().get(key)
    except OSError as error:
        raise Failure(f"io:the configuration cannot be read ({error.strerror})") from None
    return NONE if value is None else b"o" + encoding.data(value)


def config_all(target: Capabilities) -> bytes:
    """Every key with its value."""
    try:
        values = target.identity.configuration.all()
    except OSError as error:
        raise Failure(f"io:the configuration cannot be read ({error.strerror})") from None
    entries: list[bytes] = []
    for key, value in values.items():
        if _is_text(key):
            entries += (key, encoding.data(value))
    return b"o" + encoding.join(entries)


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


FUNCTIONS: tuple[HostFunction, ...] = (
    plain("environment", "", environment),
    plain("arguments", "", arguments),
    plain("exit", "u32", leave),
    plain("stdio-open", "u32", stdio_open, result="u32"),
    plain("log", "u32 string string", log),
    plain("config-get", "string", config_get),
    plain("config-all", "", config_all),
)
