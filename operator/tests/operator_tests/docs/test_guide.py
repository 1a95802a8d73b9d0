"""The guide's laptop blocks, run as they stand, against a real Redis and Azurite; only the ports are others.

A line that ends in ``# TEXT`` has to print TEXT; it is repeated until it does, as a reader would who looks a second too early.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from operator_tests.docs import pages

GUIDE = pages.ROOT / "docs" / "guide.md"
BLOCKS = [block for block in pages.blocks(GUIDE) if block.language == "sh"]
AZURITE = pages.ROOT / ".tools" / "node" / "node_modules" / ".bin" / "azurite-blob"
PATIENCE_SECONDS = 240
_SAYS = re.compile(r"^((?:curl|redis-cli) .*?)\s+# (.+)$")
_PRELUDE = """\
set -eu
says() {
  local got end=$((SECONDS + 90))
  while :; do
    got=$(eval "$2" 2>&1) || true
    case $got in *"$1"*) echo "ok: $2"; return 0 ;; esac
    if [ $SECONDS -gt $end ]; then echo "FAILED: $2 printed: $got, wanted: $1"; tail -n 8 terminal-*.log; exit 1; fi
    sleep 0.3
  done
}
"""


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


def script() -> str:
    """All laptop blocks as one bash script, with this run's ports."""
    parts = [_PRELUDE]
    for number, block in enumerate(BLOCKS):
        if block.marker == "laptop":
            parts += [_line(line) for line in block.text.splitlines()]
        elif block.marker == "laptop, another terminal":
            parts.append(f"({block.text.strip()}) > terminal-{number}.log 2>&1 &")
    text = "\n".join(parts)
    for port, free in zip(("8080", "6379", "10000"), free_ports(3), strict=True):
        text = re.sub(rf"\b{port}\b", str(free), text)
    return text + "\necho 'the guide ends'\n"


def _line(line: str) -> str:
    said = _SAYS.match(line)
    return f"says {shlex.quote(said[2])} {shlex.quote(said[1])}" if said else line


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder that looks like a clone in which `make setup` was run."""
    if not shutil.which("redis-server") or not AZURITE.exists():
        if os.environ.get("CI"):
            pytest.fail("redis-server or Azurite is missing: make setup")
        pytest.skip("redis-server or Azurite is missing: make setup")
    for name in (".venv", ".tools", "examples"):
        (tmp_path / name).symlink_to(pages.ROOT / name)
    return tmp_path


@pytest.mark.redis
@pytest.mark.azurite
@pytest.mark.slow
def test_a_reader_who_copies_the_laptop_blocks_sees_what_the_guide_says(clone: Path) -> None:
    (clone / "guide.sh").write_text(script())
    environment = {**os.environ, "XDG_CACHE_HOME": str(clone / "cache")}
    with (clone / "out").open("wb") as out:
        shell = subprocess.Popen(
            ["bash", "guide.sh"], cwd=clone, stdout=out, stderr=out, env=environment, start_new_session=True
        )
        try:
            code = shell.wait(PATIENCE_SECONDS)
        finally:
            _end(shell.pid)
            shell.wait()
    said = (clone / "out").read_text()
    assert code == 0, said
    assert said.endswith("the guide ends\n")


def _end(group: int) -> None:
    """The servers of the other terminals are of the shell's process group."""
    try:
        os.killpg(group, signal.SIGTERM)
    except ProcessLookupError:
        return


def test_every_block_says_whether_it_is_tested() -> None:
    assert [block.text for block in BLOCKS if not block.marker] == []
    assert {block.marker.partition(",")[0] for block in BLOCKS} == {"laptop", "no"}


def test_a_swapped_backend_is_at_most_ten_commands_away() -> None:
    """Up to the sentence that says so; a file that is written counts as none, the clone as one."""
    before = GUIDE.read_text().partition("That is the swap")[0]
    commands = 1
    for block in pages.blocks(GUIDE):
        if block.language != "sh" or block.text not in before:
            continue
        text = re.sub(r"^cat > .*?^END$", "", block.text, flags=re.MULTILINE | re.DOTALL)
        commands += sum(bool(line.strip()) for line in text.splitlines())
    assert commands <= 10, commands
