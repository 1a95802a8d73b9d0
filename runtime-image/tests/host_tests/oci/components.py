"""Components of the tests: as small as a component can be, each different."""

from __future__ import annotations

PREAMBLE = b"\0asm\x0d\x00\x01\x00"


def empty(name: str) -> bytes:
    """A valid component that imports and exports nothing; ``name`` stands in a custom section."""
    payload = bytes([len(name)]) + name.encode()
    return PREAMBLE + b"\x00" + bytes([len(payload)]) + payload
