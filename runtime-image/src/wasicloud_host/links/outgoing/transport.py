"""A connection to a server that never waits: looking up, connecting, TLS, then bytes both ways.

`advance` moves it on; `interest` says which descriptor and events would move it on further.
"""

from __future__ import annotations

import errno
import functools
import os
import select
import socket
import ssl
import typing

from wasicloud_host.links.encoding import Failure
from wasicloud_host.links.outgoing.resolver import Address, Lookup


@functools.cache
def _tls() -> ssl.SSLContext:
    """The system's certificates (or SSL_CERT_FILE's); names are checked."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


class Transport:
    """One connection. After `close` or a `Failure` it is of no more use."""

    def __init__(self, host: str, port: int, *, secure: bool) -> None:
        self._host = host
        self._secure = secure
        self._lookup: Lookup | None = Lookup(host, port)
        self._addresses: list[Address] | None = None
        self._socket: socket.socket | None = None
        self._events = select.POLLIN
        self.open = False

    def advance(self) -> None:
        """Towards an open connection; raises `Failure`."""
        if self._lookup is not None:
            found = self._lookup.result()
            if found is None:
                return
            self._lookup.close()
            self._lookup = None
            self._addresses = list(found)
            self._connect_next(Failure("destination-not-found"))
        elif self._addresses is not None:
            self._check_connected()
        if self._socket is not None and self._addresses is None and not self.open:
            self._handshake()

    def interest(self, *, reading: bool, writing: bool) -> tuple[int, int] | None:
        """What would move it on, for a user that would read or write once it is open."""
        if self._lookup is not None:
            return self._lookup.fileno(), select.POLLIN
        if self._socket is None:
            return None
        if self._addresses is not None:
            return self._socket.fileno(), select.POLLOUT
        if not self.open:
            return self._socket.fileno(), self._events
        events = (select.POLLIN if reading else 0) | (select.POLLOUT if writing else 0)
        return (self._socket.fileno(), events) if events else None

    def receive(self, limit: int) -> bytes | None:
        """Bytes that are here, ``b""`` at the end, ``None`` if there are none yet; raises `Failure`."""
        peer = self._peer()
        try:
            return peer.recv(limit)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except (ConnectionError, ssl.SSLEOFError):
            return b""
        except OSError as error:
            raise failure_of(error) from None

    def send(self, data: memoryview) -> int:
        """How many bytes were taken; raises `ConnectionError` if the peer takes no more."""
        peer = self._peer()
        try:
            return peer.send(data)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0
        except OSError as error:
            raise ConnectionError from error

    def is_idle(self) -> bool:
        """Whether it is open and the peer has sent nothing, not even its end."""
        if self._socket is None or not self.open:
            return False
        poll = select.poll()
        poll.register(self._socket.fileno(), select.POLLIN)
        return not poll.poll(0)

    def close(self) -> None:
        """Disconnect; more than once is fine."""
        self.open = False
        if self._lookup is not None:
            self._lookup.close()
            self._lookup = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _peer(self) -> socket.socket:
        if self._socket is None:
            raise Failure("connection-terminated")
        return self._socket

    def _connect_next(self, why: Failure) -> None:
        """Begin to connect to the next address; with none left, ``why`` the last one failed."""
        while self._addresses:
            family, address = self._addresses.pop(0)
            if self._socket is not None:
                self._socket.close()
            self._socket = socket.socket(family, socket.SOCK_STREAM)
            self._socket.setblocking(False)
            result = self._socket.connect_ex(address)
            if result in (0, errno.EINPROGRESS):
                return
            why = failure_of(OSError(result, os.strerror(result)))
        raise why

    def _check_connected(self) -> None:
        peer = self._peer()
        poll = select.poll()
        poll.register(peer.fileno(), select.POLLOUT)
        if not poll.poll(0):
            return
        result = peer.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if result:
            self._connect_next(failure_of(OSError(result, os.strerror(result))))
            return
        self._addresses = None
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._secure:
            self._socket = _tls().wrap_socket(peer, server_hostname=self._host, do_handshake_on_connect=False)
        else:
            self.open = True

    def _handshake(self) -> None:
        try:
            typing.cast("ssl.SSLSocket", self._socket).do_handshake()
        except ssl.SSLWantReadError:
            self._events = select.POLLIN
        except ssl.SSLWantWriteError:
            self._events = select.POLLOUT
        except OSError as error:
            raise failure_of(error) from None
        else:
            self.open = True


def failure_of(error: OSError) -> Failure:
    """wasi:http's code for what the system says."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failure("TLS-certificate-error")
    if isinstance(error, ssl.SSLError):
        return Failure("TLS-protocol-error")
    return Failure(_CODES.get(error.errno or 0, "destination-unavailable"))


_CODES = {
    errno.ECONNREFUSED: "connection-refused",
    errno.ETIMEDOUT: "connection-timeout",
    errno.ECONNRESET: "connection-terminated",
    errno.EPIPE: "connection-terminated",
    errno.ENETUNREACH: "destination-IP-unroutable",
    errno.EHOSTUNREACH: "destination-IP-unroutable",
}
