"""An API server with etcd and the garbage collector, and no node: what an operator of thousands of objects is measured against.

Programs come from `e2e/cluster/cluster path`. Everything is on 127.0.0.1, in a folder that is removed.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def control_plane() -> Iterator[Path]:
    """Yields the kubeconfig of an administrator; the kinds are installed."""
    programs = Path(_output([str(ROOT / "e2e/cluster/cluster"), "path"]).strip())
    folder = Path(tempfile.mkdtemp(prefix="wasi-cloud-scale-"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        client, peer, secure = _free_port(), _free_port(), _free_port()
        etcd, peers = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
        _start(stack, folder, "etcd", [
            programs / "etcd", f"--data-dir={folder / 'etcd'}", f"--listen-client-urls={etcd}", f"--advertise-client-urls={etcd}",
            f"--listen-peer-urls={peers}", f"--initial-advertise-peer-urls={peers}", f"--initial-cluster=default={peers}", "--unsafe-no-fsync",
        ])  # fmt: skip
        token = secrets.token_hex(16)
        (folder / "tokens.csv").write_text(f'{token},admin,admin,"system:masters"\n')
        subprocess.run(
            ["openssl", "genrsa", "-traditional", "-out", str(folder / "sa.key"), "2048"],
            check=True,
            capture_output=True,
        )
        _start(stack, folder, "apiserver", [
            programs / "kube-apiserver", f"--etcd-servers={etcd}", f"--secure-port={secure}", "--bind-address=127.0.0.1",
            f"--cert-dir={folder}", f"--token-auth-file={folder / 'tokens.csv'}", "--authorization-mode=RBAC",
            "--enable-admission-plugins=OwnerReferencesPermissionEnforcement", "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-signing-key-file={folder / 'sa.key'}", f"--service-account-key-file={folder / 'sa.key'}",
            "--service-cluster-ip-range=10.96.0.0/14",
        ])  # fmt: skip
        kubeconfig = _kubeconfig(folder, secure, token)
        _ready(kubeconfig, programs)
        _start(stack, folder, "controllers", [
            programs / "kube-controller-manager", f"--kubeconfig={kubeconfig}", "--leader-elect=false", "--secure-port=0",
            "--controllers=garbage-collector-controller,namespace-controller,deployment-controller,replicaset-controller",
        ])  # fmt: skip
        os.environ["PATH"] = f"{programs}:{os.environ['PATH']}"
        for file in sorted((ROOT / "crds").glob("*.yaml")):
            _output(["kubectl", "--kubeconfig", str(kubeconfig), "apply", "-f", str(file)])
        _output(
            [
                "kubectl",
                "--kubeconfig",
                str(kubeconfig),
                "wait",
                "crd",
                "--all",
                "--for=condition=Established",
                "--timeout=60s",
            ]
        )
        yield kubeconfig


def _start(stack: contextlib.ExitStack, folder: Path, name: str, command: list[str | Path]) -> None:
    log = stack.enter_context((folder / f"{name}.log").open("wb"))
    process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log)
    stack.callback(process.wait)
    stack.callback(process.kill)


def _kubeconfig(folder: Path, port: int, token: str) -> Path:
    path = folder / "kubeconfig"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "c", "cluster": {"server": f"https://127.0.0.1:{port}", "insecure-skip-tls-verify": True}}
        ],
        "users": [{"name": "u", "user": {"token": token}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    path.write_text(json.dumps(document))
    return path


def _ready(kubeconfig: Path, programs: Path) -> None:
    deadline = time.monotonic() + 120
    command = [str(programs / "kubectl"), "--kubeconfig", str(kubeconfig), "get", "--raw", "/readyz"]
    while subprocess.run(command, capture_output=True, check=False).returncode != 0:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the API server did not come up; its log is {kubeconfig.parent / 'apiserver.log'}")
        time.sleep(0.3)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _output(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
