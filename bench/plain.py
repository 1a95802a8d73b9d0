"""The peer without WebAssembly: a WSGI application that does the same get by redis-py, on the same HTTP front.

`python -m bench.plain PORT REDIS-PORT`
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterable
from typing import Any

import redis

from wasicloud_host import config, log
from wasicloud_host.http.metrics import Metrics
from wasicloud_host.http.server import Server

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


def application(client: redis.Redis) -> Callable[[dict[str, Any], StartResponse], Iterable[bytes]]:
    """Sets a key and gets it once, as the component does for `/kv?n=1`."""

    def serve(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        client.set("plain", b"a value of some bytes")
        value = client.get("plain") or b""
        start_response("200 OK", [("content-type", "text/plain")])
        return [b"%d\n" % len(value)]

    return serve


def handler(app: Callable[[dict[str, Any], StartResponse], Iterable[bytes]]) -> Callable[[bytes, bytes, Any], bytes]:
    """A WSGI application (PEP 3333, without request bodies) as the front's handler."""

    def handle(head: bytes, _body: bytes, _io: object) -> bytes:
        method, target, scheme, authority, *lines = head.decode("latin-1").split("\n")
        path, _, query = target.partition("?")
        environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "wsgi.url_scheme": scheme}
        environ |= {
            "HTTP_" + name.upper().replace("-", "_"): value
            for name, _, value in (line.partition(": ") for line in lines)
        }
        environ["SERVER_NAME"] = authority
        started: list[bytes] = []

        def start_response(status: str, headers: list[tuple[str, str]]) -> None:
            fields = "".join(f"{name}: {value}\n" for name, value in headers)
            started.append(f"R{status[:3]}\n{fields}\nu".encode())

        body = b"".join(app(environ, start_response))
        return started[0] + body

    return handle


def main(port: int, redis_port: int) -> None:
    """Serve until SIGTERM."""
    app = application(redis.Redis(port=redis_port))
    settings = config.Http(listen=f"127.0.0.1:{port}", access_log=False)
    server = Server(settings, handler(app), Metrics(), log.Log())
    server.start()
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    server.close()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main(int(sys.argv[1]), int(sys.argv[2]))
