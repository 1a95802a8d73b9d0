"""A backend's options from the configuration: frozen dataclasses, as in `config`, with paths in every mistake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from wasicloud_host import config_codec

T = TypeVar("T")


def parse(cls: type[T], options: Mapping[str, Any], path: str) -> T:
    """A ``cls`` of the options at ``path``; raises `errors.ConfigInvalid` for a field that is unknown, missing or of the wrong kind."""
    return config_codec.decode(cls, _plain(options), path)


def _plain(value: Any) -> Any:
    """Mappings as the dictionaries that JSON gives."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value
