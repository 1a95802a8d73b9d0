"""Any text as a file name, and back. Pure.

Lower-case letters, digits and ``-_.`` stand for themselves (a leading dot does not: dotted names are the backend's own);
every other byte is ``%XX``, upper-case letters too, so that file systems that ignore case or normalise Unicode keep names
apart. The empty name is ``%``. A name that would be too long for a file is ``%~`` and its hash; the name itself is then
kept in a file beside it.
"""

from __future__ import annotations

import hashlib
import re

LONGEST = 200
"""Bytes of a file name; file systems take 255, and temporary names need some."""

HASHED = "%~"

_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_.")
_ESCAPED = re.compile(r"%([0-9A-F]{2})")


def encode(name: bytes) -> str:
    """The file name; `is_hashed` says whether ``name`` has to be kept."""
    if not name:
        return "%"
    text = "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in name)
    if text.startswith("."):
        text = "%2E" + text[1:]
    return text if len(text) <= LONGEST else HASHED + hashlib.sha256(name).hexdigest()


def is_hashed(file_name: str) -> bool:
    """Whether a file name does not tell the name."""
    return file_name.startswith(HASHED)


def decode(file_name: str) -> bytes:
    """The name that `encode` was given, if it is not hashed."""
    if file_name == "%":
        return b""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), file_name).encode("latin-1")
