"""Names of interfaces and which of them stand for one another, as the engine's own linker has it.

``@0.2.x`` is one family, so is ``@1.x.y``; a prerelease (``@0.2.0-draft``) and an unversioned name match only themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_VERSION = re.compile(r"(?P<major>0|[1-9]\d*)\.(?P<minor>0|[1-9]\d*)\.(?P<patch>0|[1-9]\d*)(?:\+[0-9A-Za-z.-]+)?")

LINKED_PACKAGES = ("wasi:keyvalue", "wasi:blobstore")
"""Packages whose interfaces do nothing without a Link to a provider."""

INCOMING_HANDLER = "wasi:http/incoming-handler@0.2.0"
"""What a component must export to answer HTTP requests; any ``@0.2.x``."""


@dataclass(frozen=True, slots=True)
class InterfaceName:
    """``namespace:package/interface@version`` in its parts; ``version`` is empty if the name has none."""

    package: str
    interface: str
    version: str


def parse(name: str) -> InterfaceName | None:
    """The parts of an interface's name; None for a plain name."""
    path, _, version = name.partition("@")
    package, slash, interface = path.rpartition("/")
    if not slash or ":" not in package or not interface:
        return None
    return InterfaceName(package, interface, version)


def family(name: str) -> str:
    """The key under which semver-compatible names are equal: ``a:b/c@0.2`` for every ``a:b/c@0.2.x``."""
    path, _, version = name.partition("@")
    found = _VERSION.fullmatch(version)
    if found is None:
        return name
    if found["major"] != "0":
        return f"{path}@{found['major']}"
    return f"{path}@0.{found['minor']}" if found["minor"] != "0" else name


def find(wanted: str, offered: Iterable[str]) -> str | None:
    """Which of ``offered`` serves ``wanted``: the same name, else the newest of its family."""
    names = list(offered)
    if wanted in names:
        return wanted
    key = family(wanted)
    return max((name for name in names if family(name) == key), key=_order, default=None)


def other_versions(wanted: str, offered: Iterable[str]) -> list[str]:
    """Those of ``offered`` that are the same interface in a version that does not fit."""
    path = wanted.partition("@")[0]
    return [name for name in offered if name.partition("@")[0] == path]


def selects(selector: str, name: str) -> bool:
    """Whether a Link's ``interface`` (``package``, ``package/interface`` or that with a version) means ``name``."""
    parts = parse(name)
    if parts is None:
        return selector == name
    if "@" in selector:
        return family(selector) == family(name)
    return selector in (parts.package, f"{parts.package}/{parts.interface}")


def needs_link(name: str) -> bool:
    """Whether an import of ``name`` needs a Link."""
    parts = parse(name)
    return parts is not None and parts.package in LINKED_PACKAGES


def is_wasi_03(name: str) -> bool:
    """Whether ``name`` is an interface of WASI 0.3 or one of its release candidates."""
    parts = parse(name)
    return parts is not None and parts.package.startswith("wasi:") and parts.version.startswith("0.3.")


def _order(name: str) -> tuple[int, ...]:
    found = _VERSION.fullmatch(name.partition("@")[2])
    return tuple(int(part) for part in found.groups()) if found else ()
