"""The chart's release: installed, upgraded and removed as an administrator does it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass

import servers
from kube import Namespace, kubectl

CHART = servers.ROOT / "helm" / "wasi-cloud"
TAG = os.environ.get("E2E_TAG", "dev")
REPOSITORY = os.environ.get("E2E_REPOSITORY", "localhost/wasi-cloud")


def helm(*arguments: str) -> str:
    """Run helm; its output, or `AssertionError` with what it said."""
    done = subprocess.run(["helm", *arguments], capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise AssertionError(f"helm {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


@dataclass(frozen=True)
class Release:
    """A release ``name`` in ``namespace_name``."""

    name: str
    namespace_name: str

    @property
    def namespace(self) -> Namespace:
        return Namespace(self.namespace_name)

    @property
    def host_image(self) -> str:
        return f"{REPOSITORY}-host:{TAG}"

    def install(self, plain_http: str, *settings: str) -> None:
        """Install or upgrade and wait until the operator is ready."""
        arguments = [
            "upgrade", self.name, str(CHART), "--install", "--namespace", self.namespace_name, "--create-namespace", "--wait", "--timeout", "2m",
            "--set", f"image.repository={REPOSITORY}-operator,image.tag={TAG},hostImage.repository={REPOSITORY}-host,hostImage.tag={TAG}",
            "--set", f"registries.plainHttp={{{plain_http}}}",
        ]  # fmt: skip
        for setting in settings:
            arguments += ["--set", setting]
        helm(*arguments)

    def test(self) -> str:
        """`helm test`."""
        return helm("test", self.name, "--namespace", self.namespace_name, "--timeout", "1m", "--logs")

    def uninstall(self) -> None:
        """`helm uninstall`; what users wrote stays."""
        helm("uninstall", self.name, "--namespace", self.namespace_name, "--wait")

    def remove(self) -> None:
        """Uninstall, and take away the namespace; the kinds stay, with whatever else is in the cluster."""
        if os.environ.get("E2E_KEEP"):
            return
        self.uninstall()
        kubectl("delete", "namespace", self.namespace_name, "--wait=false")

    def scale(self, replicas: int) -> None:
        """Change the number of operators, and wait for it."""
        self.namespace.run("scale", f"deployment/{self.name}", f"--replicas={replicas}")
        self.namespace.run("rollout", "status", f"deployment/{self.name}", "--timeout=60s")

    def restart(self) -> None:
        """Replace the operator's pods."""
        self.namespace.run("rollout", "restart", f"deployment/{self.name}")
        self.namespace.run("rollout", "status", f"deployment/{self.name}", "--timeout=60s")
