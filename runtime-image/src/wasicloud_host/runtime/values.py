"""Reading the arguments of a host function from wasmtime's memory, and writing its result.

A reader is chosen once per function; common shapes have one of their own, since a generic loop costs as much as the
crossing itself.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from typing import Any

from wasicloud_host.runtime import imports, native

Reader = Callable[[int], tuple[Any, ...]]
Writer = Callable[[int, Any], None]

_kind_at = ctypes.c_uint8.from_address
_u32_at = ctypes.c_uint32.from_address
_u64_at = ctypes.c_uint64.from_address
_string_at = ctypes.string_at

_FORMATS = {imports.U32: "8xI20x", imports.U64: "8xQ16x", imports.STRING: "8xQQ8x"}


def reader(params: tuple[str, ...]) -> Reader:
    """A function from the address of the arguments to their values. Common shapes have one of their own."""
    unpack = struct.Struct("<" + "".join(_FORMATS[kind] for kind in params)).unpack
    size = native.VALUE_SIZE * len(params)
    if imports.STRING not in params:
        return lambda at: unpack(_string_at(at, size))
    special = _SPECIAL.get(params)
    return special(unpack, size) if special else _general(unpack, size, params)


def _general(unpack: Callable[[bytes], tuple[int, ...]], size: int, params: tuple[str, ...]) -> Reader:
    def read(at: int) -> tuple[Any, ...]:
        raw = iter(unpack(_string_at(at, size)))
        values: list[Any] = []
        for kind in params:
            value = next(raw)
            values.append(_text(next(raw), value) if kind == imports.STRING else value)
        return tuple(values)

    return read


def _text(at: int, size: int) -> bytes:
    return _string_at(at, size) if size else b""


def _one_string(unpack: Callable[[bytes], tuple[int, ...]], size: int) -> Reader:
    def read(at: int) -> tuple[Any, ...]:
        length, data = unpack(_string_at(at, size))
        return (_string_at(data, length) if length else b"",)

    return read


def _handle_string(unpack: Callable[[bytes], tuple[int, ...]], size: int) -> Reader:
    def read(at: int) -> tuple[Any, ...]:
        handle, length, data = unpack(_string_at(at, size))
        return handle, _string_at(data, length) if length else b""

    return read


def _handle_string_flag(unpack: Callable[[bytes], tuple[int, ...]], size: int) -> Reader:
    def read(at: int) -> tuple[Any, ...]:
        handle, length, data, flag = unpack(_string_at(at, size))
        return handle, _string_at(data, length) if length else b"", flag

    return read


def _handle_two_strings(unpack: Callable[[bytes], tuple[int, ...]], size: int) -> Reader:
    def read(at: int) -> tuple[Any, ...]:
        handle, length, data, length_2, data_2 = unpack(_string_at(at, size))
        return handle, _string_at(data, length) if length else b"", _string_at(data_2, length_2) if length_2 else b""

    return read


_SPECIAL: dict[tuple[str, ...], Callable[[Callable[[bytes], tuple[int, ...]], int], Reader]] = {
    ("string",): _one_string,
    ("u32", "string"): _handle_string,
    ("u32", "string", "u32"): _handle_string_flag,
    ("u32", "string", "string"): _handle_two_strings,
}


def _write_string(at: int, value: bytes) -> None:
    if not value.isascii():
        value.decode()
    _kind_at(at).value = native.STRING
    native.byte_vec_new(at + native.PAYLOAD, len(value), value)


def _write_u32(at: int, value: int) -> None:
    if not 0 <= value < 1 << 32:
        raise OverflowError(f"{value} is no u32")
    _kind_at(at).value = native.U32
    _u32_at(at + native.PAYLOAD).value = value


def _write_u64(at: int, value: int) -> None:
    if not 0 <= value < 1 << 64:
        raise OverflowError(f"{value} is no u64")
    _kind_at(at).value = native.U64
    _u64_at(at + native.PAYLOAD).value = value


WRITERS: dict[str, Writer] = {imports.STRING: _write_string, imports.U32: _write_u32, imports.U64: _write_u64}
