"""Where the API server is and who we are to it: the pod's service account, or a kubeconfig.

The official client's loader reads both: it knows contexts, exec plug-ins and inline certificates, and it renews tokens. Requests are
made by aiohttp: the official client blocks, and its typed models cost twice the time of a request.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from pathlib import Path
from typing import Any

import kubernetes.config
from kubernetes.client import Configuration

_loaders: Any = kubernetes.config  # without types

_TOKEN_SECONDS = 60.0
"""A token on disk is renewed by kubelet long before it ends; it is read again this often, and when the API server says 401."""


class Credentials:
    """The API server's address, TLS settings, and a fresh ``Authorization`` header."""

    def __init__(self, configuration: Configuration) -> None:
        self.server: str = configuration.host
        self.ssl: ssl.SSLContext | bool = _tls(configuration)
        self._configuration = configuration
        self._read_at = 0.0
        self._header: str | None = None

    async def header(self, *, renew: bool = False) -> str | None:
        """The ``Authorization`` header; ``renew`` when the last one was refused."""
        if renew or time.monotonic() - self._read_at > _TOKEN_SECONDS:
            # an exec plug-in may take seconds
            self._header = await asyncio.to_thread(self._read)
            self._read_at = time.monotonic()
        return self._header

    async def fields(self) -> dict[str, Any]:
        """The same access as fields of another client's: server, token, paths of certificates."""
        header = await self.header(renew=True)
        scheme, _, token = (header or "").partition(" ")
        return {
            "server": self.server,
            "ca_path": self._configuration.ssl_ca_cert,
            "insecure": not self._configuration.verify_ssl,
            "scheme": scheme or None,
            "token": token or None,
            "certificate_path": self._configuration.cert_file,
            "private_key_path": self._configuration.key_file,
        }

    def _read(self) -> str | None:
        if self._configuration.refresh_api_key_hook is not None:
            self._configuration.refresh_api_key_hook(self._configuration)
        # under the first name since release 36 of the client, under the second before
        found: str | None = self._configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        return found


def load(kubeconfig: str = "") -> Credentials:
    """Those of ``kubeconfig`` if one is named, else of the pod, else of the default kubeconfig. Raises `ConfigException`."""
    configuration = Configuration()
    if kubeconfig or not Path("/var/run/secrets/kubernetes.io/serviceaccount/token").exists():
        _loaders.load_kube_config(config_file=kubeconfig or None, client_configuration=configuration)
    else:
        _reread(configuration)
    return Credentials(configuration)


def _reread(configuration: Any) -> None:
    _loaders.load_incluster_config(client_configuration=configuration)
    configuration.refresh_api_key_hook = _reread


def _tls(configuration: Configuration) -> ssl.SSLContext | bool:
    if not configuration.host.startswith("https:"):
        return True
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
    # Python 3.13 asks for certificate extensions that the authorities of many running clusters lack.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    return context
