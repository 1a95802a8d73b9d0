"""Names of interfaces: which Link serves which import, and which imports need a Link at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wasicloud_host.composer import names
from wasicloud_operator.api.link import PROVIDED, Link, package

_BY_THE_HOST = frozenset(
    {
        "wasi:io",
        "wasi:clocks",
        "wasi:random",
        "wasi:cli",
        "wasi:filesystem",
        "wasi:sockets",
        "wasi:config",
        "wasi:logging",
    }
)
_HTTP = "wasi:http"
_HTTP_BY_THE_HOST = ("types", "outgoing-handler")


def unversioned(interface: str) -> str:
    """``wasi:keyvalue/store@0.2.0-draft`` → ``wasi:keyvalue/store``."""
    return interface.partition("@")[0]


def covers(interface: str, imported: str) -> bool:
    """Whether a Link's ``interface`` serves an import: its package, its name, or a version compatible with it."""
    return names.selects(interface, imported)


def needs_link(imported: str) -> bool:
    """Whether the host serves an import only through a Link."""
    if package(imported) == _HTTP:
        return unversioned(imported).partition("/")[2] not in _HTTP_BY_THE_HOST
    return package(imported) not in _BY_THE_HOST


def unserved(imports: Iterable[str], links: Sequence[Link]) -> tuple[str, ...]:
    """Imports that need a Link and have none."""
    return tuple(
        name for name in imports if needs_link(name) and not any(covers(link.spec.interface, name) for link in links)
    )


def unused(imports: Sequence[str], links: Sequence[Link]) -> tuple[Link, ...]:
    """Links that nothing in the component imports."""
    return tuple(link for link in links if not any(covers(link.spec.interface, name) for name in imports))


def suggestion(imported: str) -> str:
    """What a Link for an import would write as ``interface``."""
    return package(imported) if package(imported) in PROVIDED else unversioned(imported)
