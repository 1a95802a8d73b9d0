"""Becomes the command it is given, after asking the kernel to end it when its parent dies, however that happens.

Run as a script: ``python -IS launcher.py PARENT_PID COMMAND…``. A process of its own because the same between fork and exec is not
safe in a program with threads. Where there is no prctl(2), hosts are only ended by the command itself.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Ask for SIGTERM at the parent's death, then run ``command`` in place of this program."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
        if os.getppid() != parent:
            sys.exit(1)  # it died before it was asked
    os.execvp(command[0], command)  # noqa: S606 the command is ours


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
