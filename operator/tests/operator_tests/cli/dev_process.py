"""`wasicloud dev` as a process that a test talks to. Run as a script it is the command with the stand-in host."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from wasicloud_cli.dev import command
from wasicloud_cli.problems import Unusable

PATIENCE_SECONDS = 60.0
_STAND_IN = Path(__file__).with_name("stand_in_host.py")


class DevProcess:
    """The command; lines of stdout and stderr are kept as they come."""

    def __init__(self, *arguments: str, command: tuple[str, ...] = (sys.executable, __file__)) -> None:
        self.out: list[str] = []
        self._enough = False
        self.process = subprocess.Popen(
            [*command, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> "DevProcess":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        if self.process.stdout:
            self.process.stdout.close()

    @property
    def text(self) -> str:
        return "".join(self.out)

    def url(self, component: str = "gopher", after: int = 0) -> str:
        """The URL of a component in the last table."""
        pattern = re.compile(rf"^{component} +(http://\S+)", re.MULTILINE)
        self.until(lambda: pattern.search(self.text, after) is not None, f"the URL of {component}")
        return pattern.findall(self.text)[-1]

    def says(self, sentence: str, times: int = 1) -> None:
        """Wait until ``sentence`` was printed so many times."""
        self.until(lambda: self.text.count(sentence) >= times, f"{sentence!r}")

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for ``condition``; fails with what was printed."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            ended = self.process.poll() is not None and not self._reader.is_alive() and not condition()
            assert not ended, f"ended with {self.process.returncode} before {what}:\n{self.text[-4000:]}"
            assert time.monotonic() < deadline, f"no {what} in time:\n{self.text[-4000:]}"
            time.sleep(0.02)

    def stop(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)

    def stop_reading(self) -> None:
        """Go away at the next line, as `head` does when it has enough."""
        self._enough = True

    def _read(self) -> None:
        if self.process.stdout is None:
            return
        for line in self.process.stdout:
            self.out.append(line)
            if self._enough:
                self.process.stdout.close()
                return


def answer(url: str) -> dict[str, Any]:
    """What the stand-in host says of itself."""
    with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as response:
        return dict(json.load(response))


def main() -> int:
    files = tuple(Path(argument) for argument in sys.argv[1:] if not argument.startswith("--"))
    return command.run(
        command.Options(
            files,
            port=0,
            watch="--no-watch" not in sys.argv,
            host_command=(sys.executable, str(_STAND_IN)),
        )
    )


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Unusable as error:
        sys.exit(f"refused: {error}")
