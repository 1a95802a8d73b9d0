"""wasmtime's C interface as the crossing calls it: prototypes, layouts, and the check that both are what was built for.

wasmtime-py's own wrappers look every type up again at every call (30 µs a request); the functions here are the same C
functions with prototypes that convert nothing. What wasmtime-py does not promise is pinned: ``mismatches`` compares the
version, signatures and layouts with the ones below, and ``program.load`` uses the stock crossing where they differ.

Functions that return within a microsecond are called *with* the interpreter lock held: giving it up would invite another
thread in, and getting it back would cost more than the call.
"""

from __future__ import annotations

import ctypes
import importlib.metadata
from ctypes import CFUNCTYPE, PYFUNCTYPE, Structure, c_bool, c_char_p, c_size_t, c_uint8, c_uint64, c_void_p
from typing import Any

from wasmtime import _bindings, _ffi

VERSION = "50.0.1"
"""The version of wasmtime-py whose C interface this module describes."""

U32, U64, STRING = 6, 8, 12
"""Kinds of component values."""

VALUE_SIZE = 32
"""Bytes of one component value: the kind at 0, the payload at 8."""

PAYLOAD = 8


class StringResult(Structure):
    """A component value with a string that wasmtime wrote: its bytes must be given back by ``byte_vec_delete``."""

    _fields_ = (("kind", c_uint8), ("size", c_size_t), ("data", c_void_p), ("rest", c_uint64))
    kind: int
    size: int
    data: int


class TwoStrings(Structure):
    """Two component values with strings that Python owns."""

    _fields_ = (
        ("kind_0", c_uint8),
        ("size_0", c_size_t),
        ("data_0", c_char_p),
        ("rest_0", c_uint64),
        ("kind_1", c_uint8),
        ("size_1", c_size_t),
        ("data_1", c_char_p),
        ("rest_1", c_uint64),
    )
    kind_0: int
    size_0: int
    data_0: bytes
    kind_1: int
    size_1: int
    data_1: bytes


InstanceRef: Any = _bindings.wasmtime_component_instance
"""Plain data, nothing to free."""

FunctionRef: Any = _bindings.wasmtime_component_func
"""Plain data, nothing to free."""


class Bytes(Structure):
    """``wasm_byte_vec_t``, owned by wasmtime until ``byte_vec_delete``."""

    _fields_ = (("size", c_size_t), ("data", c_void_p))
    size: int
    data: int


HOST_CALLBACK = CFUNCTYPE(c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, c_size_t, c_void_p, c_size_t)
"""(env, context, type, arguments, their number, results, their number) -> error or None."""

EPOCH_CALLBACK = CFUNCTYPE(c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)
"""(context, data, delta: u64*, kind: u8*) -> error or None."""

CONTINUE = 0
"""``WASMTIME_UPDATE_DEADLINE_CONTINUE``: the delta holds the ticks until the next look."""


def _address(name: str) -> int:
    return ctypes.cast(getattr(_ffi.dll, name), c_void_p).value or 0


def _short(name: str, result: Any, *params: Any) -> Any:
    return PYFUNCTYPE(result, *params)(_address(name))


def _long(name: str, result: Any, *params: Any) -> Any:
    return CFUNCTYPE(result, *params)(_address(name))


store_new = _short("wasmtime_store_new", c_void_p, c_void_p, c_void_p, c_void_p)
store_context = _short("wasmtime_store_context", c_void_p, c_void_p)
store_limiter = _short("wasmtime_store_limiter", None, c_void_p, *(ctypes.c_int64,) * 5)
store_epoch_callback = _short(
    "wasmtime_store_epoch_deadline_callback", None, c_void_p, EPOCH_CALLBACK, c_void_p, c_void_p
)
store_delete = _long("wasmtime_store_delete", None, c_void_p)
context_set_epoch_deadline = _short("wasmtime_context_set_epoch_deadline", None, c_void_p, c_uint64)
increment_epoch = _short("wasmtime_engine_increment_epoch", None, c_void_p)

linker_add_function = _short(
    "wasmtime_component_linker_instance_add_func",
    c_void_p,
    *(c_void_p, c_char_p, c_size_t, HOST_CALLBACK, c_void_p, c_void_p),
)
instantiate = _long("wasmtime_component_linker_instantiate", c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)
instance_function = _short("wasmtime_component_instance_get_func", c_bool, c_void_p, c_void_p, c_void_p, c_void_p)
call = _long("wasmtime_component_func_call", c_void_p, c_void_p, c_void_p, c_void_p, c_size_t, c_void_p, c_size_t)

byte_vec_new = _short("wasm_byte_vec_new", None, c_void_p, c_size_t, c_char_p)
byte_vec_delete = _short("wasm_byte_vec_delete", None, c_void_p)
error_new = _short("wasmtime_error_new", c_void_p, c_char_p)
error_message = _short("wasmtime_error_message", None, c_void_p, c_void_p)
error_delete = _short("wasmtime_error_delete", None, c_void_p)


bytes_at = PYFUNCTYPE(ctypes.py_object, c_void_p, ctypes.c_ssize_t)(("PyBytes_FromStringAndSize", ctypes.pythonapi))
"""``bytes_at(address, size)``: a copy of the bytes there; of size 0 from any address."""


def pointer(owner: Any) -> int:
    """The address behind one of wasmtime-py's objects; ValueError if it is closed."""
    return ctypes.cast(owner.ptr(), c_void_p).value or 0


SIGNATURES: dict[str, tuple[str, ...]] = {
    "wasm_byte_vec_delete": ("None", "LP_wasm_byte_vec_t"),
    "wasm_byte_vec_new": ("None", "LP_wasm_byte_vec_t", "c_ulong", "LP_c_ubyte"),
    "wasmtime_component_func_call": (
        "LP_wasmtime_error",
        *("LP_wasmtime_component_func", "LP_wasmtime_context", "LP_wasmtime_component_val", "c_ulong"),
        *("LP_wasmtime_component_val", "c_ulong"),
    ),
    "wasmtime_component_instance_get_func": (
        "c_bool",
        *("LP_wasmtime_component_instance", "LP_wasmtime_context"),
        *("LP_wasmtime_component_export_index_t", "LP_wasmtime_component_func"),
    ),
    "wasmtime_component_linker_instance_add_func": (
        "LP_wasmtime_error",
        *("LP_wasmtime_component_linker_instance_t", "LP_c_char", "c_ulong", "CFunctionType", "c_void_p"),
        "CFunctionType",
    ),
    "wasmtime_component_linker_instantiate": (
        "LP_wasmtime_error",
        *("LP_wasmtime_component_linker_t", "LP_wasmtime_context", "LP_wasmtime_component_t"),
        "LP_wasmtime_component_instance",
    ),
    "wasmtime_context_set_epoch_deadline": ("None", "LP_wasmtime_context", "c_ulong"),
    "wasmtime_engine_increment_epoch": ("None", "LP_wasm_engine_t"),
    "wasmtime_error_delete": ("None", "LP_wasmtime_error"),
    "wasmtime_error_message": ("None", "LP_wasmtime_error", "LP_wasm_byte_vec_t"),
    "wasmtime_error_new": ("LP_wasmtime_error", "LP_c_char"),
    "wasmtime_store_context": ("LP_wasmtime_context", "LP_wasmtime_store"),
    "wasmtime_store_delete": ("None", "LP_wasmtime_store"),
    "wasmtime_store_epoch_deadline_callback": (
        "None",
        *("LP_wasmtime_store", "CFunctionType", "c_void_p", "CFunctionType"),
    ),
    "wasmtime_store_limiter": ("None", "LP_wasmtime_store", *("c_long",) * 5),
    "wasmtime_store_new": ("LP_wasmtime_store", "LP_wasm_engine_t", "c_void_p", "CFunctionType"),
}
"""Result and parameters of every C function above, by the names of wasmtime-py's own ctypes."""

_CALLBACKS = {
    "wasmtime_component_func_callback_t": (
        "c_ulong",
        *("c_void_p", "LP_wasmtime_context", "LP_wasmtime_component_func_type_t", "LP_wasmtime_component_val"),
        *("c_ulong", "LP_wasmtime_component_val", "c_ulong"),
    )
}


def mismatches() -> list[str]:
    """What differs between the installed wasmtime and the one this module was written for; empty if nothing does."""
    found = []
    installed = importlib.metadata.version("wasmtime")
    if installed != VERSION:
        found.append(f"version {installed} instead of {VERSION}")
    for name, expected in SIGNATURES.items():
        function = getattr(_bindings, f"_{name}", None)
        actual = None if function is None else tuple(map(_name, (function.restype, *function.argtypes)))
        if actual != expected:
            found.append(f"{name} is {actual}")
    for name, expected in _CALLBACKS.items():
        kind = getattr(_bindings, name, None)
        actual = None if kind is None else tuple(map(_name, (kind._restype_, *kind._argtypes_)))
        if actual != expected:
            found.append(f"{name} is {actual}")
    return found + _layout_mismatches()


_FUNCTION: type = CFUNCTYPE(None).__mro__[1]


def _name(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, _FUNCTION):
        return "CFunctionType"
    return getattr(kind, "__name__", str(kind))


def _layout_mismatches() -> list[str]:
    value, union = _bindings.wasmtime_component_val, _bindings.wasmtime_component_valunion
    facts = {
        "size of a pointer": (ctypes.sizeof(c_void_p), 8),
        "size of a value": (ctypes.sizeof(value), VALUE_SIZE),
        "offset of a value's payload": (_offset(value, "of"), PAYLOAD),
        "offset of a string in the payload": (_offset(union, "string"), 0),
        "offset of a string's size": (_offset(_bindings.wasm_byte_vec_t, "size"), 0),
        "offset of a string's data": (_offset(_bindings.wasm_byte_vec_t, "data"), 8),
        "kind of a u32": (_kind("WASMTIME_COMPONENT_U32"), U32),
        "kind of a u64": (_kind("WASMTIME_COMPONENT_U64"), U64),
        "kind of a string": (_kind("WASMTIME_COMPONENT_STRING"), STRING),
        "size of StringResult": (ctypes.sizeof(StringResult), VALUE_SIZE),
        "size of TwoStrings": (ctypes.sizeof(TwoStrings), 2 * VALUE_SIZE),
        "offset of the second string": (_offset(TwoStrings, "size_1"), VALUE_SIZE + PAYLOAD),
        "size of a function": (ctypes.sizeof(FunctionRef), 32),
        "size of an instance": (ctypes.sizeof(InstanceRef), 16),
        "kind of an update": (ctypes.sizeof(_bindings.wasmtime_update_deadline_kind_t), 1),
    }
    return [f"{name} is {actual}, not {expected}" for name, (actual, expected) in facts.items() if actual != expected]


def _kind(name: str) -> int:
    return int(getattr(_ffi, name).value)


def _offset(structure: Any, field: str) -> int:
    return int(getattr(structure, field).offset)
