"""Reading primitives: bytes nobody vouches for, turned into numbers and names without trusting a length.

Every read is bounded by the enclosing section, every vector by the bytes that are left, and all reads of one
component together by a :class:`Budget`, so that a hostile file costs at most about a second and never a crash.
"""

from __future__ import annotations

from wasicloud_host import errors

PREAMBLE = b"\0asm\x0d\0\x01\0"
"""The first eight bytes of a component: magic, version 13, layer 1 (component model, Binary.md)."""

CORE_PREAMBLE = b"\0asm\x01\0\0\0"
"""The first eight bytes of a core module: magic, version 1, layer 0."""

ITEMS = 500_000
"""How many items (types, fields, imports, sections …) one component may have; real ones have a few thousand."""

EXTERNS = 1000
"""How many imports, and how many exports, one component may have; the largest worlds of WASI have about 40."""

_COPY_AGAIN = "copy or pull it again, or rebuild it"


def damaged(problem: str) -> errors.ComponentRefused:
    """The refusal of bytes that are not what the component model's binary format allows."""
    return errors.ComponentRefused("", problem, _COPY_AGAIN)


def too_complex() -> errors.ComponentRefused:
    """The refusal of a component that has more of something than any real one."""
    return errors.ComponentRefused(
        "", "is more complex than this host accepts", "split it into components that are linked at run time"
    )


def quote(name: str, limit: int = 120) -> str:
    """``name`` fit for a one-line message: control characters escaped, cut after ``limit`` characters."""
    text = name if len(name) <= limit else name[: limit - 1] + "…"
    return text if text.isprintable() else ascii(text)[1:-1]


class Budget:
    """What is left of :data:`ITEMS`; one per component, shared by all readers and all elaboration of it."""

    __slots__ = ("left",)

    def __init__(self, items: int = ITEMS) -> None:
        self.left = items

    def spend(self, items: int) -> None:
        """Take ``items``; raises :class:`errors.ComponentRefused` when the component has more than any real one."""
        self.left -= items
        if self.left < 0:
            raise too_complex()


class Reader:
    """A cursor over ``data[position:end]``; reads past ``end`` are refused, never answered with less."""

    __slots__ = ("budget", "data", "end", "position")

    def __init__(self, data: bytes, position: int, end: int, budget: Budget) -> None:
        self.data = data
        self.position = position
        self.end = end
        self.budget = budget

    def more(self) -> bool:
        """Whether bytes are left."""
        return self.position < self.end

    def short(self, wanted: int) -> errors.ComponentRefused:
        """The refusal of a length that reaches past the end."""
        left = self.end - self.position
        return damaged(f"is damaged or cut short at byte {self.position} ({wanted} more bytes announced, {left} left)")

    def byte(self) -> int:
        """The next byte."""
        position = self.position
        if position >= self.end:
            raise self.short(1)
        self.position = position + 1
        return self.data[position]

    def peek(self) -> int:
        """The next byte, which stays unread."""
        if self.position >= self.end:
            raise self.short(1)
        return self.data[self.position]

    def u32(self) -> int:
        """An unsigned LEB128 number of at most 32 bits."""
        position = self.position
        if position < self.end:  # nearly all numbers are one byte; this is the reader's hottest line
            value = self.data[position]
            if value < 0x80:
                self.position = position + 1
                return value
        value = self.byte() & 0x7F
        for shift in (7, 14, 21, 28):
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value >> 32:
                    break
                return value
        raise damaged(f"is damaged at byte {self.position} (a number that does not fit 32 bits)")

    def count(self) -> int:
        """The length of a vector: never more than the bytes left, and paid for from the budget."""
        value = self.u32()
        if value > self.end - self.position:
            raise self.short(value)
        self.budget.spend(value + 1)
        return value

    def name(self) -> str:
        """A length-prefixed UTF-8 string."""
        length = self.u32()
        start = self.position
        if length > self.end - start:
            raise self.short(length)
        self.position = start + length
        try:
            return self.data[start : start + length].decode()
        except UnicodeDecodeError:
            raise damaged(f"is damaged at byte {start} (a name that is not UTF-8)") from None

    def slice(self, length: int) -> Reader:
        """A reader over the next ``length`` bytes, which this one skips without looking at them."""
        start = self.position
        if length > self.end - start:
            raise self.short(length)
        self.position = start + length
        return Reader(self.data, start, start + length, self.budget)

    def section(self) -> tuple[int, Reader]:
        """The next section's id and a reader over its body."""
        self.budget.spend(1)
        identifier = self.byte()
        return identifier, self.slice(self.u32())

    def finished(self) -> None:
        """Refuse bytes that nothing in the section accounts for."""
        if self.position != self.end:
            raise damaged(f"is damaged at byte {self.position} ({self.end - self.position} stray bytes in a section)")
