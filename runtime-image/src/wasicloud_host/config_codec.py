"""Frozen dataclasses from JSON and back: camelCase keys, unknown fields refused by path, bounds from field metadata.

Standard library only. Metadata keys: ``min``, ``max`` (numbers, inclusive), ``choices`` (a tuple), ``key`` (the JSON key where
camelCase is not it), ``convert`` (``(raw, path) -> value`` in place of the type's own reading), ``check`` (``(value, path) -> None``
after it); the two callables raise `ConfigInvalid`. The manifests' kinds (``wasicloud_operator.api``) are read by the same rules.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import types
import typing
from collections.abc import Callable, Hashable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from wasicloud_host.errors import ConfigInvalid

T = TypeVar("T")

_SCALARS: Mapping[Any, str] = MappingProxyType(
    {str: "a string", bool: "true or false", int: "a whole number", float: "a number"}
)


def camel(name: str) -> str:
    """``max_body_bytes`` → ``maxBodyBytes``."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def decode(cls: type[T], value: Any, path: str = "") -> T:
    """Make a ``cls`` (a dataclass) of a JSON object; raises `ConfigInvalid` naming the path."""
    if not isinstance(value, dict):
        raise ConfigInvalid(
            path,
            f"must be an object, not {_named(value)}",
            f"its fields are {', '.join(_fields(typing.cast('Hashable', cls))) or 'none'}",
        )
    fields = _fields(typing.cast("Hashable", cls))
    for key in value:
        if key not in fields:
            near = difflib.get_close_matches(key, fields, n=1)
            raise ConfigInvalid(
                _join(path, key),
                "is not a known field",
                f"did you mean {near[0]!r}?" if near else f"known are {', '.join(fields)}",
            )
    arguments = {}
    for key, (item, kind) in fields.items():
        if key in value:
            arguments[item.name] = _field(item, kind, value[key], _join(path, key))
        elif item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING:
            raise ConfigInvalid(_join(path, key), "is missing", "add it")
    return cls(**arguments)


def encode(value: Any) -> Any:
    """The JSON of a dataclass: fields that hold their default are left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            _key(f): encode(getattr(value, f.name))
            for f in dataclasses.fields(value)
            if getattr(value, f.name) != _default(f)
        }
    if isinstance(value, Mapping):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    return value


@functools.cache
def _fields(cls: Any) -> dict[str, tuple[dataclasses.Field[Any], Any]]:
    hints = typing.get_type_hints(cls)
    return {_key(f): (f, hints[f.name]) for f in dataclasses.fields(cls)}


def _key(item: dataclasses.Field[Any]) -> str:
    return str(item.metadata.get("key") or camel(item.name))


def _field(item: dataclasses.Field[Any], kind: Any, raw: Any, path: str) -> Any:
    convert, check = item.metadata.get("convert"), item.metadata.get("check")
    value = _bounded(convert(raw, path) if convert else _value(kind, raw, path), item, path)
    if check is not None and value is not None:
        check(value, path)
    return value


def _default(item: dataclasses.Field[Any]) -> Any:
    if item.default_factory is not dataclasses.MISSING:
        return item.default_factory()
    return item.default


def _value(kind: Any, value: Any, path: str) -> Any:
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return (
            None
            if value is None
            else _value(next(k for k in typing.get_args(kind) if k is not type(None)), value, path)
        )
    if dataclasses.is_dataclass(kind):
        return decode(typing.cast("type[Any]", kind), value, path)
    convert = _CONTAINERS.get(origin)
    if convert is not None:
        return convert(kind, value, path)
    if kind is Any:
        return value
    return _scalar(kind, value, path)


def _scalar(kind: Any, value: Any, path: str) -> Any:
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:  # bool is an int to isinstance
        remedy = _quoted(value) if kind is str else "correct it"
        raise ConfigInvalid(path, f"must be {_SCALARS[kind]}, not {_named(value)}", remedy)
    return value


def _quoted(value: Any) -> str:
    """What YAML read as a number, truth or date was probably meant as text."""
    if isinstance(value, bool):
        return f'write "{str(value).lower()}" in quotes'
    if isinstance(value, int | float):
        return f'write "{value}" in quotes'
    return "correct it" if value is None or isinstance(value, dict | list) else "write it in quotes"


def _tuple(kind: Any, value: Any, path: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise ConfigInvalid(path, f"must be a list, not {_named(value)}", "correct it")
    return tuple(_value(typing.get_args(kind)[0], item, f"{path}[{i}]") for i, item in enumerate(value))


def _mapping(kind: Any, value: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ConfigInvalid(path, f"must be an object, not {_named(value)}", "correct it")
    return MappingProxyType(
        {key: _value(typing.get_args(kind)[1], item, _join(path, key)) for key, item in value.items()}
    )


_CONTAINERS: Mapping[Any, Callable[[Any, Any, str], Any]] = MappingProxyType(
    {tuple: _tuple, Mapping: _mapping, typing.get_origin(Mapping[str, str]): _mapping}
)


def _bounded(value: Any, item: dataclasses.Field[Any], path: str) -> Any:
    low, high, choices = (item.metadata.get(key) for key in ("min", "max", "choices"))
    if value is None:
        return value
    if low is not None and value < low:
        raise ConfigInvalid(path, f"is {value}, below {low}", f"use {low} or more")
    if high is not None and value > high:
        raise ConfigInvalid(path, f"is {value}, above {high}", f"use {high} or less")
    if choices is not None and value not in choices:
        raise ConfigInvalid(path, f"is {value!r}", f"use one of {', '.join(choices)}")
    return value


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _named(value: Any) -> str:
    return {dict: "an object", list: "a list", type(None): "null", **_SCALARS}.get(type(value), type(value).__name__)
