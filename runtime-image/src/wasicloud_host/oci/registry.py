"""One repository of one registry over HTTP: the OCI Distribution Specification's calls, with its two ways to log in.

TLS is verified; plain HTTP is spoken only to this machine itself and to registries named in `Access.plain_http`. A redirect is
followed without the credentials when it leaves the registry, and never from HTTPS to HTTP.
"""

from __future__ import annotations

import ipaddress
import json
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit

import urllib3

from wasicloud_host import errors
from wasicloud_host.oci import credentials, reference

_CONNECT_SECONDS = 3.0
_READ_SECONDS = 20.0
_MAX_HOPS = 5
_MAX_TOKEN_BYTES = 1 << 20
_CHUNK = 1 << 18
_PARAMETER = re.compile(r'([a-zA-Z_]+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Access:
    """How registries are reached: accounts, one more certificate authority (PEM), registries that speak plain HTTP."""

    keyring: credentials.Keyring = field(default_factory=credentials.Keyring)
    ca_file: Path | None = None
    plain_http: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``accept`` and ``content_type`` are media types; ``allowed`` are the statuses that are no failure."""

    method: str
    url: str
    accept: str = "*/*"
    body: bytes | None = None
    content_type: str = "application/octet-stream"
    allowed: tuple[int, ...] = (200,)


class Repository:
    """Calls on one repository. ``actions`` is what a token is asked for: ``pull`` or ``pull,push``. Not thread-safe."""

    def __init__(self, wanted: reference.Reference, access: Access, actions: str = "pull") -> None:
        self._wanted = wanted
        self._actions = actions
        self._login = access.keyring.find(wanted)
        self._authorization = ""
        self._base = f"{_scheme(wanted.registry, access)}://{_endpoint(wanted.registry)}"
        self._pool = urllib3.PoolManager(
            ssl_context=_tls(access, str(wanted)),
            timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
            retries=urllib3.Retry(
                total=2,
                redirect=False,
                status_forcelist=(502, 503, 504),
                backoff_factor=0.3,
                respect_retry_after_header=False,
                raise_on_status=False,
            ),
        )

    def url(self, path: str) -> str:
        """The address of ``path`` in this repository."""
        return f"{self._base}/v2/{self._wanted.repository}/{path}"

    def read(self, call: Call, limit: int) -> tuple[bytes, Mapping[str, str]]:
        """An answer in memory: body and headers. Raises `errors.ArtifactRefused`, also beyond ``limit`` bytes."""
        response = self.send(call)
        try:
            data = b"".join(self._chunks(response, limit))
        except errors.ArtifactRefused:
            response.close()
            raise
        response.release_conn()
        return data, response.headers

    def has(self, call: Call) -> bool:
        """Whether a HEAD finds something."""
        response = self.send(call)
        response.drain_conn()
        return response.status == 200

    def send(self, call: Call) -> urllib3.BaseHTTPResponse:
        """The answer, body unread; logs in if the registry asks for it. Raises `errors.ArtifactRefused`."""
        response = self._follow(call)
        if response.status == 401 and self._log_in(response):
            response = self._follow(call)
        if response.status not in call.allowed:
            raise self._refused(response)
        return response

    def _follow(self, call: Call) -> urllib3.BaseHTTPResponse:
        url = call.url
        for _ in range(_MAX_HOPS):
            response = self._request(call, url)
            location = response.headers.get("Location")
            if response.status not in (301, 302, 303, 307, 308) or not location:
                return response
            target = urljoin(url, location)
            if url.startswith("https:") and not target.startswith("https:"):
                raise self._failure("redirects from HTTPS to plain HTTP", "correct the registry's configuration")
            response.drain_conn()
            url = target
        raise self._failure("redirects in circles", "correct the registry's configuration")

    def _request(self, call: Call, url: str) -> urllib3.BaseHTTPResponse:
        headers = {"Accept": call.accept, "User-Agent": "wasicloud"}
        if call.body is not None:
            headers["Content-Type"] = call.content_type
        if self._authorization and urlsplit(url).netloc == urlsplit(self._base).netloc:
            headers["Authorization"] = self._authorization
        return self._raw(call.method, url, headers, call.body)

    def _raw(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> urllib3.BaseHTTPResponse:
        try:
            return self._pool.urlopen(
                method, url, body=body, headers=dict(headers), redirect=False, preload_content=False
            )
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise self._unreachable(error) from None

    def _chunks(self, response: urllib3.BaseHTTPResponse, limit: int) -> Iterator[bytes]:
        taken = 0
        try:
            for chunk in response.stream(_CHUNK, decode_content=False):
                taken += len(chunk)
                if taken > limit:
                    raise self._failure(f"is larger than {limit} bytes", "push a smaller component, or raise the limit")
                yield chunk
        except urllib3.exceptions.HTTPError as error:
            raise self._unreachable(error) from None

    def _log_in(self, response: urllib3.BaseHTTPResponse) -> bool:
        """Answer the registry's challenge; false if there is nothing (more) to answer with."""
        challenge = response.headers.get("WWW-Authenticate", "")
        response.drain_conn()
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() == "bearer":
            self._authorization = f"Bearer {self._token(dict(_PARAMETER.findall(rest)))}"
            return True
        if scheme.lower() == "basic" and self._login is not None:
            self._authorization = self._login.basic()
            return True
        return False

    def _token(self, challenge: Mapping[str, str]) -> str:
        """A bearer token of the realm that the registry names (token authentication, and OAuth 2 for an identity token)."""
        realm = challenge.get("realm", "")
        if not realm.startswith("https:") and not self._base.startswith("http:"):
            raise self._failure("sends logins to an address that is not HTTPS", "correct the registry's configuration")
        query = {"scope": f"repository:{self._wanted.repository}:{self._actions}"}
        if challenge.get("service"):
            query["service"] = challenge["service"]
        response = self._ask(realm, query)
        if response.status != 200:
            raise self._refused(response)
        try:
            answer = json.loads(response.read(_MAX_TOKEN_BYTES))
            token = answer.get("token") or answer["access_token"]
        except (ValueError, KeyError, AttributeError):
            raise self._failure("answers a login without a token", "correct the registry's configuration") from None
        return str(token)

    def _ask(self, realm: str, query: dict[str, str]) -> urllib3.BaseHTTPResponse:
        if self._login is not None and self._login.identity_token:
            form = query | {
                "grant_type": "refresh_token",
                "refresh_token": self._login.identity_token,
                "client_id": "wasicloud",
            }
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            return self._raw("POST", realm, headers, urlencode(form).encode())
        headers = {"Authorization": self._login.basic()} if self._login is not None else {}
        separator = "&" if "?" in realm else "?"
        return self._raw("GET", realm + separator + urlencode(query), headers, None)

    def _refused(self, response: urllib3.BaseHTTPResponse) -> errors.ArtifactRefused:
        status, registry = response.status, self._wanted.registry
        response.drain_conn()
        if status in (401, 403) and self._login is None:
            return self._failure(
                f"{registry} asks for a login ({status})", "name a Secret with the account in spec.imagePullSecrets"
            )
        if status in (401, 403):
            account = (
                f"the account {self._login.username!r}"
                if self._login and self._login.username
                else "the account's token"
            )
            return self._failure(
                f"{registry} refuses {account} ({status})", "correct the Secret of spec.imagePullSecrets"
            )
        if status == 404:
            return self._failure(f"{registry} has no such artifact", "correct spec.image, or push it first")
        if status == 429:
            return self._failure(f"{registry} limits the rate of pulls (429)", "log in with an account, or wait")
        return self._failure(f"{registry} answers with status {status}", "look at the registry's log")

    def _unreachable(self, error: Exception) -> errors.ArtifactRefused:
        reason = getattr(error, "reason", None) or error
        registry = self._wanted.registry
        if isinstance(reason, (urllib3.exceptions.SSLError, ssl.SSLError)):
            if "WRONG_VERSION_NUMBER" in str(reason):
                return self._failure(
                    f"{registry} speaks plain HTTP",
                    "add it to the registries that may (chart value registries.plainHttp)",
                )
            return self._failure(
                f"the certificate of {registry} is not trusted",
                "give its authority (chart value registries.caConfigMap)",
            )
        kind = (
            "cannot be resolved" if isinstance(reason, urllib3.exceptions.NameResolutionError) else "cannot be reached"
        )
        return self._failure(
            f"{registry} {kind} ({type(reason).__name__})", "check the name, and that the network lets pods reach it"
        )

    def _failure(self, problem: str, remedy: str) -> errors.ArtifactRefused:
        return errors.ArtifactRefused(f"image {self._wanted}", problem, remedy)


def _endpoint(registry: str) -> str:
    """Docker Hub serves its API under another name than the one that references use."""
    return f"registry-1.{reference.DEFAULT_REGISTRY}" if registry == reference.DEFAULT_REGISTRY else registry


def _scheme(registry: str, access: Access) -> str:
    if registry in access.plain_http:
        return "http"
    return "http" if access.ca_file is None and _is_this_machine(registry) else "https"


def _is_this_machine(registry: str) -> bool:
    host = urlsplit(f"//{registry}").hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _tls(access: Access, where: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if access.ca_file is not None:
        try:
            context.load_verify_locations(access.ca_file)
        except (OSError, ssl.SSLError):
            raise errors.ArtifactRefused(
                f"image {where}",
                "cannot be pulled: the file of the certificate authority is not PEM or cannot be read",
                "correct the ConfigMap that holds it",
            ) from None
    return context
