"""The options of a Redis provider, checked. No credential is in them or in any message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from wasicloud_host.errors import ConfigInvalid
from wasicloud_host.providers import options as options_of
from wasicloud_host.providers.secrets import SecretFile

CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 3.0
"""How long a connection and an answer may take, if the request's own deadline is not nearer."""


@dataclass(frozen=True, slots=True)
class Tls:
    """``ca_file``: certificates to trust instead of the system's."""

    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """As they stand in the configuration."""

    url: str
    username: str | None = None
    password_file: str | None = None
    tls: Tls | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Where Redis is and how to get in; ``socket`` is set for ``unix:``, else ``host`` and ``port``."""

    host: str
    port: int
    socket: str | None
    database: int
    secure: bool
    ca_file: str | None
    username: str | None
    password: SecretFile | None

    def __str__(self) -> str:
        return self.socket or f"{self.host}:{self.port}"


def parse(options: Mapping[str, Any], path: str) -> Settings:
    """Check the options that stand at ``path``; raises `ConfigInvalid`."""
    given = options_of.parse(Options, options, path)
    try:
        url = urlsplit(given.url)
        port = url.port or 6379
    except ValueError:
        raise ConfigInvalid(f"{path}.url", "is not a URL", "write redis://HOST:PORT/DATABASE") from None
    _refuse_credentials(url, path)
    if url.scheme not in ("redis", "rediss", "unix"):
        raise ConfigInvalid(f"{path}.url", f"has the scheme {url.scheme!r}", "use redis, rediss (TLS) or unix")
    if url.scheme == "unix" and not url.path:
        raise ConfigInvalid(f"{path}.url", "names no socket", "write unix:///PATH?db=DATABASE")
    if url.scheme != "unix" and not url.hostname:
        raise ConfigInvalid(f"{path}.url", "names no host", "write redis://HOST:PORT/DATABASE")
    if given.tls is not None and url.scheme != "rediss":
        raise ConfigInvalid(f"{path}.tls", f"is given, but the URL says {url.scheme}", "use rediss in the URL")
    if given.username is not None and given.password_file is None:
        raise ConfigInvalid(f"{path}.username", "is given without a password", "add passwordSecretRef")
    return Settings(
        host=url.hostname or "",
        port=port,
        socket=unquote(url.path) if url.scheme == "unix" else None,
        database=_database(url, path),
        secure=url.scheme == "rediss",
        ca_file=_ca_file(given, path),
        username=given.username,
        password=SecretFile(given.password_file, f"{path}.passwordFile") if given.password_file else None,
    )


def _refuse_credentials(url: SplitResult, path: str) -> None:
    if "@" in url.netloc or any(key in ("password", "username") for key, _ in parse_qsl(url.query)):
        raise ConfigInvalid(f"{path}.url", "holds credentials", "take them out and use username and passwordSecretRef")


def _database(url: SplitResult, path: str) -> int:
    query = dict(parse_qsl(url.query))
    text = query.pop("db", "") if url.scheme == "unix" else url.path.strip("/")
    if query or url.fragment:
        raise ConfigInvalid(f"{path}.url", "has parameters that are not known", "remove what follows the database")
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()):
        raise ConfigInvalid(f"{path}.url", f"names the database {text!r}", "use a number")
    return int(text)


def _ca_file(given: Options, path: str) -> str | None:
    if given.tls is None or given.tls.ca_file is None:
        return None
    if not Path(given.tls.ca_file).is_file():
        raise ConfigInvalid(
            f"{path}.tls.caFile",
            f"{given.tls.ca_file} does not exist",
            "mount the Secret's key there or correct the path",
        )
    return given.tls.ca_file
