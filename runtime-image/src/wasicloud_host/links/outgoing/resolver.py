"""Names to addresses without waiting: a thread looks up, a pipe says when it has found something."""

from __future__ import annotations

import ipaddress
import os
import socket
import threading
from typing import Any, TypeAlias

from wasicloud_host.links.encoding import Failure

Address: TypeAlias = tuple[int, Any]
"""Family and socket address."""

_LOOKUPS = threading.BoundedSemaphore(128)


class Lookup:
    """One name being looked up; an address is its own answer."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._found: list[Address] | Failure | None = None
        self._read = self._write = -1
        self._lock = threading.Lock()
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            self._begin()
        else:
            family = socket.AF_INET if address.version == 4 else socket.AF_INET6
            self._found = [(family, (host, port))]

    def fileno(self) -> int:
        """Readable once there is a result."""
        return self._read

    def result(self) -> list[Address] | None:
        """Addresses to try in order, or ``None`` while nobody knows; raises `Failure`."""
        if isinstance(self._found, Failure):
            raise self._found
        return self._found

    def close(self) -> None:
        """Nobody waits any more."""
        with self._lock:
            for descriptor in (self._read, self._write):
                if descriptor >= 0:
                    os.close(descriptor)
            self._read = self._write = -1

    def _begin(self) -> None:
        if not _LOOKUPS.acquire(blocking=False):
            raise Failure("DNS-timeout")
        self._read, self._write = os.pipe()
        threading.Thread(target=self._look_up, name="dns", daemon=True).start()

    def _look_up(self) -> None:
        found: list[Address] | Failure
        try:
            answers = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
            found = [(family, address) for family, _, _, _, address in answers]
        except socket.gaierror as error:
            found = Failure(_dns_error(error))
        except (OSError, UnicodeError):
            found = Failure("DNS-error::")
        finally:
            _LOOKUPS.release()
        with self._lock:
            self._found = found
            if self._write >= 0:
                os.write(self._write, b"!")


def _dns_error(error: socket.gaierror) -> str:
    if error.errno == socket.EAI_NONAME:
        return "DNS-error:NXDOMAIN:3"
    if error.errno == socket.EAI_AGAIN:
        return "DNS-error:SERVFAIL:2"
    return "DNS-error::"
