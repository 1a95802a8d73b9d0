"""Copies of the examples that a test may run and edit, and questions to them."""

import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

from operator_tests.cli.dev_process import DevProcess

EXAMPLES = Path(__file__).parents[4] / "examples"
COMMAND = (sys.executable, "-m", "wasicloud_cli", "dev", "--no-watch", "--port", "0")
READY_SECONDS = 240
_BUILD_OUTPUT = shutil.ignore_patterns("build", "target", ".tools", "src", "wasi_*", "export_*", "data")


@dataclass(frozen=True)
class Answer:
    """What a component answered."""

    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class _Straight(urllib.request.HTTPRedirectHandler):
    """Redirects are answers too."""

    def redirect_request(self, *_: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_Straight, urllib.request.ProxyHandler({}))


def ask(url: str, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """One request; any status is an answer."""
    request = urllib.request.Request(url, body, dict(headers or {}), method=method)
    try:
        with _OPENER.open(request, timeout=120) as response:
            return Answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


def ready(dev: DevProcess, component: str) -> str:
    """The component's URL, once it serves."""
    url = dev.url(component)
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            ask(url + "/favicon.ico")
        except (urllib.error.URLError, ConnectionError):
            assert dev.process.poll() is None, dev.text[-4000:]
            assert time.monotonic() < deadline, dev.text[-4000:]
            time.sleep(0.1)
        else:
            return url


def copied(folder: Path) -> Path:
    """All examples with their manifests and committed components, in a folder of the test's own."""
    target = folder / "examples"
    shutil.copytree(EXAMPLES, target, ignore=_BUILD_OUTPUT)
    return target


def running(manifest: Path) -> DevProcess:
    """The command of the README on this manifest."""
    return DevProcess(str(manifest), command=COMMAND)
