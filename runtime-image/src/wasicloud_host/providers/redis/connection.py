"""One connection to one Redis node: made when it is needed, dropped when it fails, never shared by two threads.

Built on redis-py's `Connection`, which knows TLS, authentication and RESP; commands are packed by hiredis. That is half the
time of redis-py's own client, whose pool, retries and callbacks are not used.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import hiredis
from redis import connection as redis_connection
from redis import exceptions as redis_errors
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider
from redis.retry import Retry

from wasicloud_host.capabilities import deadline
from wasicloud_host.errors import BackendError
from wasicloud_host.providers.redis.settings import ANSWER_SECONDS, CONNECT_SECONDS, Settings
from wasicloud_host.providers.secrets import SecretFile

Command: TypeAlias = tuple[bytes | int, ...]

_pack: Callable[[Command], bytes] = hiredis.pack_command  # type: ignore[assignment] # its stub allows one argument

TOGETHER = 64 << 10
"""Bytes of commands that are copied into one packet; longer ones are sent one by one."""

IDLE_SECONDS = 1.0
"""A connection that was idle for longer is looked at before it is trusted with a change that must not happen twice."""


class Redirected(Exception):
    """A cluster's node says that another one has the key."""

    def __init__(self, address: str, *, ask: bool) -> None:
        super().__init__(address)
        self.address = address
        self.ask = ask


class ScriptMissing(Exception):
    """The node has not seen the script that it shall run."""


class _Credentials(CredentialProvider):
    """Username and password as the file says at the moment of connecting."""

    def __init__(self, username: str | None, password: SecretFile) -> None:
        self._username = username
        self._password = password

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        """What AUTH is given."""
        password = self._password.read()
        return (password,) if self._username is None else (self._username, password)


class NodeConnection:
    """A connection of one thread to one node."""

    def __init__(self, settings: Settings, host: str, port: int) -> None:
        self._where = settings.socket or f"{host}:{port}"
        self._connection = _connection(settings, host, port)
        self._used_at = 0.0
        self._bounded_to = ANSWER_SECONDS

    def run(self, command: Command, *, repeatable: bool = True) -> Any:
        """One command's reply; raises `BackendError`, `Redirected`, `ScriptMissing`. ``repeatable``: running it twice does no harm."""
        reply = self._exchange([_pack(command)], 1, repeatable)[0]
        if isinstance(reply, Exception):
            raise reply
        return reply

    def run_all(self, commands: Sequence[Command]) -> list[Any]:
        """The replies of repeatable commands that are sent at once; raises the first error among them."""
        packed = [_pack(command) for command in commands]
        if sum(map(len, packed)) < TOGETHER:
            packed = [b"".join(packed)]
        replies = self._exchange(packed, len(commands), True)
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
        return replies

    def close(self) -> None:
        """Disconnect."""
        self._connection.disconnect()

    def _exchange(self, packed: list[bytes], count: int, repeatable: bool) -> list[Any]:
        connected = self._used_at != 0.0
        if connected and not repeatable and time.monotonic() - self._used_at > IDLE_SECONDS:
            self._drop_if_dead()
        try:
            return self._send(packed, count)
        except redis_errors.TimeoutError:
            self._used_at = 0.0
            raise BackendError(f"redis at {self._where} did not answer in time", "timeout") from None
        except redis_errors.ConnectionError as error:
            self._used_at = 0.0
            if connected and repeatable:  # it was closed while nobody looked
                return self._exchange(packed, count, repeatable=False)
            raise self._unavailable(error) from None

    def _send(self, packed: list[bytes], count: int) -> list[Any]:
        connection = self._connection
        if self._used_at == 0.0:
            self._connect()
        self._bound()
        connection.send_packed_command(packed, check_health=False)
        replies: list[Any] = []
        demoted = False
        for _ in range(count):
            try:
                replies.append(connection.read_response(disable_decoding=True))
            except redis_errors.ResponseError as error:
                failure = _failure(self._where, error)
                demoted = demoted or isinstance(error, redis_errors.ReadOnlyError)
                replies.append(failure)
        # A primary that is none any more: connect again, to whom the name leads now.
        self._used_at = 0.0 if demoted else time.monotonic()
        return replies

    def _connect(self) -> None:
        connection = self._connection
        connection.socket_connect_timeout = deadline.within(CONNECT_SECONDS)
        connection.socket_timeout = self._bounded_to = deadline.within(ANSWER_SECONDS)
        connection.disconnect()
        try:
            connection.connect()
        except redis_errors.ResponseError as error:
            raise _failure(self._where, error) from None

    def _bound(self) -> None:
        """Wait for this answer no longer than the request can."""
        seconds = deadline.within(ANSWER_SECONDS)
        if seconds != self._bounded_to:
            self._connection.update_current_socket_timeout(seconds)
            self._bounded_to = seconds

    def _drop_if_dead(self) -> None:
        """An idle connection has nothing to read unless its peer has closed it."""
        try:
            dead = self._connection.can_read(0)
        except redis_errors.ConnectionError:
            dead = True
        if dead:
            self._used_at = 0.0

    def _unavailable(self, error: Exception) -> BackendError:
        if isinstance(error, redis_errors.AuthenticationError):
            return BackendError(f"redis at {self._where} refused the credentials", "denied")
        if isinstance(error, redis_errors.BusyLoadingError):
            return BackendError(f"redis at {self._where} is still loading its data", "unavailable")
        return BackendError(f"redis at {self._where} cannot be reached", "unavailable")


_NOT_READY = (
    redis_errors.ReadOnlyError,
    redis_errors.ClusterDownError,
    redis_errors.TryAgainError,
    redis_errors.OutOfMemoryError,
)


def _connection(settings: Settings, host: str, port: int) -> Any:
    """Not connected yet; redis-py's classes carry no types."""
    arguments: dict[str, Any] = {
        "db": settings.database,
        "socket_timeout": ANSWER_SECONDS,
        "socket_connect_timeout": CONNECT_SECONDS,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
    }
    if settings.password is not None:
        arguments["credential_provider"] = _Credentials(settings.username, settings.password)
    if settings.socket is not None:
        arguments["path"] = settings.socket
    else:
        arguments |= {"host": host, "port": port}
    if settings.secure:
        arguments["ssl_ca_certs"] = settings.ca_file
    return _kind(settings)(**arguments)


def _kind(settings: Settings) -> Any:
    if settings.socket is not None:
        return redis_connection.UnixDomainSocketConnection
    return redis_connection.SSLConnection if settings.secure else redis_connection.Connection


def _failure(where: str, error: redis_errors.ResponseError) -> Exception:
    """What an error reply means; the server's own words hold command and key, never a credential."""
    text = str(error)
    if isinstance(error, redis_errors.MovedError | redis_errors.AskError):
        return Redirected(f"{error.host}:{error.port}", ask=not isinstance(error, redis_errors.MovedError))
    if isinstance(error, redis_errors.NoScriptError):
        return ScriptMissing()
    if isinstance(error, redis_errors.NoPermissionError):
        return BackendError(f"redis at {where} refuses: {text}", "denied")
    if isinstance(error, _NOT_READY):
        return BackendError(f"redis at {where} is not ready: {text}", "unavailable")
    if text.startswith("WRONGTYPE"):
        return BackendError("the key holds another type of value than this bucket's layout", "invalid")
    return BackendError(f"redis at {where}: {text}", "invalid")
