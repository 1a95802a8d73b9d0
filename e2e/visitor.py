"""A client inside the cluster: HTTP through Services, as another workload would speak it, at a steady rate if asked.

It is a pod of the host's image (which has Python) that sleeps; what it runs comes by `kubectl exec`.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kube import Body, Namespace

PROGRAM = (Path(__file__).parent / "visits.py").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Answer:
    """One response; ``at`` is the time of the cluster when it was complete."""

    status: int
    body: str
    at: float


@dataclass
class Visits:
    """The outcome of a steady load: each answer's body counted, and everything that was not a 200."""

    requests: int = 0
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0
    slowest: float = 0.0
    p99: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.requests} requests in {self.seconds:.0f} s, {len(self.failures)} failed, "
            f"p99 {self.p99 * 1000:.0f} ms, slowest {self.slowest * 1000:.0f} ms"
        )


@dataclass(frozen=True)
class Visitor:
    """The pod."""

    namespace: Namespace
    name: str = "visitor"

    def body(self, image: str) -> Body:
        """The pod, by the Pod Security Standard `restricted`."""
        security = {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }
        container = {
            "name": "visitor", "image": image, "imagePullPolicy": "IfNotPresent", "securityContext": security,
            "command": ["python", "-c", "import signal; signal.signal(signal.SIGTERM, lambda *_: exit()); signal.pause()"],
        }  # fmt: skip
        pod = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
        spec = {"containers": [container], "securityContext": pod, "automountServiceAccountToken": False}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": self.name}, "spec": spec}

    def get(self, url: str) -> Answer:
        """One GET; a connection that fails is status 0 with the reason as its body."""
        return Answer(**json.loads(self._python("one", url)))

    def first(self, url: str, holds: str = "", seconds: float = 60.0) -> Answer:
        """The first answer 200 whose body holds ``holds``, asking every 20 ms."""
        answer = Answer(**json.loads(self._python("first", url, holds, str(seconds))))
        assert answer.status == 200, f"{url}: no such answer within {seconds} s; the last was {answer}"
        return answer

    @contextlib.contextmanager
    def visiting(self, url: str, rate: float = 40.0, *, from_here: bool = False) -> Iterator[Visits]:
        """Visit at ``rate`` requests a second while the block runs; the outcome is filled in at its end.

        Half of the requests open a connection each, half reuse one. ``from_here``: from this machine, where the API server is not
        in between (`kubectl exec` is).
        """
        visits = Visits()
        begun = time.monotonic()
        arguments = ("steady", url, str(rate))
        command = [sys.executable, "-c", PROGRAM, *arguments] if from_here else self._command(*arguments)
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("visiting"), f"the visitor did not start: {line}{process.stdout.read()}"
            try:
                yield visits
            finally:
                with contextlib.suppress(OSError):
                    process.stdin.write("stop\n")
                    process.stdin.flush()
                report = process.stdout.read()
                visits.seconds = time.monotonic() - begun
        for key, value in json.loads(report.splitlines()[-1]).items():
            setattr(visits, key, value)

    def _python(self, *arguments: str) -> str:
        done = subprocess.run(self._command(*arguments), capture_output=True, text=True, timeout=180, check=False)
        assert done.returncode == 0, f"the visitor failed: {done.stderr}"
        return done.stdout

    def _command(self, *arguments: str) -> list[str]:
        return [
            "kubectl",
            "--namespace",
            self.namespace.name,
            "exec",
            "-i",
            self.name,
            "--",
            "python",
            "-c",
            PROGRAM,
            *arguments,
        ]


def same_body(answer: Answer, expected: Any) -> bool:
    """Whether an answer is a 200 with this body."""
    return answer.status == 200 and answer.body == expected
