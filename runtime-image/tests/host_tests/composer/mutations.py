"""Ways to damage a component, repeatably: each is a function of a random generator, the bytes, and other components."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wasicloud_host.composer import binary

Mutation = Callable[[random.Random, bytearray, "Outline", Sequence[bytes]], None]

_TELLING = (0x00, 0x01, 0x02, 0x03, 0x05, 0x06, 0x3F, 0x40, 0x41, 0x42, 0x43, 0x66, 0x6B, 0x70, 0x7F, 0x80, 0xFF)
_CODE = (1, 4)  # sections that hold a module or a component


@dataclass(frozen=True, slots=True)
class Outline:
    """Where a component's sections are, and the places worth damaging: everything but the inside of its modules."""

    sections: tuple[tuple[int, int], ...]
    places: tuple[int, ...]


def outline(data: bytes) -> Outline:
    """The outline of an undamaged component."""
    reader = binary.Reader(data, len(binary.PREAMBLE), len(data), binary.Budget())
    sections: list[tuple[int, int]] = []
    places = list(range(len(binary.PREAMBLE)))
    while reader.more():
        start = reader.position
        identifier, body = reader.section()
        sections.append((start, body.end))
        if identifier == 0:
            continue
        places.extend(range(start, body.position if identifier == 1 else body.end))
    return Outline(tuple(sections), tuple(places))


def _place(rng: random.Random, data: bytearray, shape: Outline) -> int:
    at = rng.choice(shape.places) if rng.random() < 0.9 else rng.randrange(len(shape.places) * 2)
    return min(at, max(len(data) - 1, 0))


def flip_bits(rng: random.Random, data: bytearray, shape: Outline, _: Sequence[bytes]) -> None:
    """One to four bits, anywhere that matters."""
    for _n in range(rng.randint(1, 4)):
        if data:
            data[_place(rng, data, shape)] ^= 1 << rng.randrange(8)


def set_byte(rng: random.Random, data: bytearray, shape: Outline, _: Sequence[bytes]) -> None:
    """A byte that means something to the format."""
    if data:
        data[_place(rng, data, shape)] = rng.choice(_TELLING)


def truncate(rng: random.Random, data: bytearray, shape: Outline, _: Sequence[bytes]) -> None:
    """The end is lost."""
    del data[_place(rng, data, shape) :]


def cut(rng: random.Random, data: bytearray, shape: Outline, _: Sequence[bytes]) -> None:
    """A few bytes are lost."""
    at = _place(rng, data, shape)
    del data[at : at + rng.randint(1, 8)]


def repeat(rng: random.Random, data: bytearray, shape: Outline, _: Sequence[bytes]) -> None:
    """A few bytes are there twice."""
    at = _place(rng, data, shape)
    data[at:at] = data[at : at + rng.randint(1, 16)]


def splice(rng: random.Random, data: bytearray, shape: Outline, others: Sequence[bytes]) -> None:
    """A piece of another component stands in the middle."""
    other = rng.choice(others)
    start = rng.randrange(len(other))
    at = _place(rng, data, shape)
    length = rng.randint(1, 64)
    data[at : at + rng.choice((0, length))] = other[start : start + length]


def stretch(rng: random.Random, data: bytearray, shape: Outline, _: Sequence[bytes]) -> None:
    """A section's length is another one."""
    start, _end = rng.choice(shape.sections)
    if start + 1 < len(data):
        data[start + 1 : start + 2] = rng.choice((b"\xff\xff\xff\xff\x0f", b"\x80\x80\x80\x80\x80\x80", b"\0", b"\x7f"))


def nudge(rng: random.Random, data: bytearray, shape: Outline, _: Sequence[bytes]) -> None:
    """A length or an index is off by one."""
    if data:
        at = _place(rng, data, shape)
        data[at] = (data[at] + rng.choice((-1, 1))) & 0xFF


def shuffle_sections(rng: random.Random, data: bytearray, shape: Outline, _: Sequence[bytes]) -> None:
    """A section is lost, doubled or swapped with another; all bytes of it are intact."""
    one, other = rng.choice(shape.sections), rng.choice(shape.sections)
    if one[1] > len(data) or other[1] > len(data):
        return
    choice = rng.randrange(3)
    if choice == 0:
        del data[one[0] : one[1]]
    elif choice == 1:
        data[other[0] : other[0]] = data[one[0] : one[1]]
    else:
        low, high = sorted((one, other))
        if low != high:
            first, second = bytes(data[low[0] : low[1]]), bytes(data[high[0] : high[1]])
            data[high[0] : high[1]] = first
            data[low[0] : low[1]] = second


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits,
    set_byte,
    truncate,
    cut,
    repeat,
    splice,
    stretch,
    nudge,
    shuffle_sections,
)


def mutated(rng: random.Random, data: bytes, shape: Outline, others: Sequence[bytes]) -> bytes:
    """``data`` after one mutation, now and then after several."""
    result = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        rng.choice(MUTATIONS)(rng, result, shape, others)
    return bytes(result)
