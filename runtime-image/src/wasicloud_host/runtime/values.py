"""Calling a host function with arguments from wasmtime's memory, and writing its result there.

The caller of a function is chosen once; common shapes have one of their own, since a generic loop costs as much as the
crossing itself.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from typing import Any

from wasicloud_host.runtime import imports, native

Invoke = Callable[[Any, int, int], None]
"""(target, address of the arguments, address of the result)."""

_kind_at = ctypes.c_uint8.from_address
_u32_at = ctypes.c_uint32.from_address
_u64_at = ctypes.c_uint64.from_address
_bytes_at = native.bytes_at
_byte_vec_new = native.byte_vec_new

_FORMATS = {imports.U32: "8xI20x", imports.U64: "8xQ16x", imports.STRING: "8xQQ8x"}


def invoker(function: imports.HostFunction) -> Invoke:
    """What calls ``function``; raises what the function raises, or for a result that is not of its type."""
    params, call, write = function.params, function.call, _WRITERS[function.result]
    unpack = struct.Struct("<" + "".join(_FORMATS[kind] for kind in params)).unpack
    size = native.VALUE_SIZE * len(params)
    special = _SPECIAL.get(params) or (_scalars if imports.STRING not in params else None)
    return special(call, write, unpack, size) if special else _general(params, call, write, unpack, size)


Call = Callable[..., Any]
Write = Callable[[int, Any], None]
Unpack = Callable[[bytes], tuple[int, ...]]


def _general(params: tuple[str, ...], call: Call, write: Write, unpack: Unpack, size: int) -> Invoke:
    def invoke(target: Any, arguments: int, result: int) -> None:
        raw = iter(unpack(_bytes_at(arguments, size)))
        values: list[Any] = []
        for kind in params:
            value = next(raw)
            values.append(_bytes_at(next(raw), value) if kind == imports.STRING else value)
        write(result, call(target, *values))

    return invoke


def _nothing(call: Call, write: Write, _unpack: Unpack, _size: int) -> Invoke:
    def invoke(target: Any, _arguments: int, result: int) -> None:
        write(result, call(target))

    return invoke


def _scalars(call: Call, write: Write, unpack: Unpack, size: int) -> Invoke:
    def invoke(target: Any, arguments: int, result: int) -> None:
        write(result, call(target, *unpack(_bytes_at(arguments, size))))

    return invoke


def _string(call: Call, write: Write, unpack: Unpack, size: int) -> Invoke:
    def invoke(target: Any, arguments: int, result: int) -> None:
        length, data = unpack(_bytes_at(arguments, size))
        write(result, call(target, _bytes_at(data, length)))

    return invoke


def _handle_string(call: Call, write: Write, unpack: Unpack, size: int) -> Invoke:
    def invoke(target: Any, arguments: int, result: int) -> None:
        handle, length, data = unpack(_bytes_at(arguments, size))
        write(result, call(target, handle, _bytes_at(data, length)))

    return invoke


def _handle_string_flag(call: Call, write: Write, unpack: Unpack, size: int) -> Invoke:
    def invoke(target: Any, arguments: int, result: int) -> None:
        handle, length, data, flag = unpack(_bytes_at(arguments, size))
        write(result, call(target, handle, _bytes_at(data, length), flag))

    return invoke


def _handle_two_strings(call: Call, write: Write, unpack: Unpack, size: int) -> Invoke:
    def invoke(target: Any, arguments: int, result: int) -> None:
        handle, length, data, length_2, data_2 = unpack(_bytes_at(arguments, size))
        write(result, call(target, handle, _bytes_at(data, length), _bytes_at(data_2, length_2)))

    return invoke


_SPECIAL: dict[tuple[str, ...], Callable[[Call, Write, Unpack, int], Invoke]] = {
    (): _nothing,
    ("string",): _string,
    ("u32", "string"): _handle_string,
    ("u32", "string", "u32"): _handle_string_flag,
    ("u32", "string", "string"): _handle_two_strings,
}


def _write_string(at: int, value: bytes) -> None:
    if not value.isascii():
        value.decode()
    _kind_at(at).value = native.STRING
    _byte_vec_new(at + native.PAYLOAD, len(value), value)


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


_WRITERS: dict[str, Write] = {imports.STRING: _write_string, imports.U32: _write_u32, imports.U64: _write_u64}
