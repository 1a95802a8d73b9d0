"""Where outgoing HTTP may go. Nothing is allowed unless the component's manifest names it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_HOST = re.compile(r"(\*\.)?[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")


@dataclass(frozen=True, slots=True)
class _Rule:
    host: str
    suffix: bool
    port: int | None


class AllowedHosts:
    """``host``, ``host:port`` or ``*.domain[:port]``: names as they are written, before any DNS.

    Without a port a rule allows the scheme's own (80, 443) and every other. ``*.domain`` is any name below it, not itself.
    """

    def __init__(self, allowed: Sequence[str]) -> None:
        """Raises `ValueError` for what is no rule."""
        self._rules = tuple(_rule(text) for text in allowed)

    def allows(self, host: str, port: int) -> bool:
        """Whether a request may go to this host (name or address, brackets removed) and port."""
        host = _plain(host)
        return any(
            (rule.port is None or rule.port == port)
            and (host.endswith(rule.host) and host != rule.host if rule.suffix else host == rule.host)
            for rule in self._rules
        )


def _rule(text: str) -> _Rule:
    host, port = split_port(text)
    if not _HOST.fullmatch(host):
        raise ValueError(f"{text!r} is no host")
    if host.startswith("*."):
        return _Rule(_plain(host[1:]), True, port)
    return _Rule(_plain(host), False, port)


def split_port(authority: str) -> tuple[str, int | None]:
    """``host:port`` in its parts; brackets of an IPv6 address are removed. Raises `ValueError` for a port that is none."""
    if authority.startswith("["):
        host, closed, rest = authority[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            raise ValueError("the address in brackets is not closed")
        return host, _port(rest[1:])
    host, _, port = authority.partition(":")
    return host, _port(port)


def _port(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise ValueError("the port is not a number from 1 to 65535")
    return int(text)


def _plain(host: str) -> str:
    """A name as it is compared: lower case, without the root's dot."""
    return host.lower().rstrip(".")
