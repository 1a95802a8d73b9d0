"""Reading the body of a manifest into the dataclass of its kind: strict, and every mistake by path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from wasicloud_host import config_codec as codec
from wasicloud_host.errors import ConfigInvalid
from wasicloud_operator.api import names
from wasicloud_operator.api.errors import SpecInvalid

T = TypeVar("T")

_TOP = ("apiVersion", "kind", "metadata", "spec", "status")


def spec(cls: type[T], body: Mapping[str, Any], kind: str) -> T:
    """The ``spec`` of ``body`` as ``cls``; raises `SpecInvalid`."""
    if body.get("apiVersion") != names.API_VERSION:
        raise SpecInvalid("apiVersion", f"is {body.get('apiVersion')!r}", f"write {names.API_VERSION}")
    if body.get("kind") != kind:
        raise SpecInvalid("kind", f"is {body.get('kind')!r}", f"write {kind}")
    for key in body:
        if key not in _TOP:
            raise SpecInvalid(str(key), "is not a known field", f"known are {', '.join(_TOP)}")
    if "spec" not in body:
        raise SpecInvalid("spec", "is missing", "add it")
    _refuse_null(body["spec"], "spec")
    try:
        return codec.decode(cls, body["spec"], "spec")
    except ConfigInvalid as error:
        raise SpecInvalid(error.where, error.problem, error.remedy) from None


def _refuse_null(value: Any, path: str) -> None:
    """YAML's ``memory:`` is null, not an empty object, and an API server drops it silently: say so."""
    if value is None:
        raise SpecInvalid(path, "is null", "give it a value ({} for an empty object) or remove the line")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise SpecInvalid(f"{path}.{key}", "its name is not a string", f'write "{key}" in quotes')
            _refuse_null(item, f"{path}.{key}")
    if isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_null(item, f"{path}[{index}]")


def key(field: str) -> str:
    """The manifest's name of a dataclass's field: ``azure_blob`` → ``azureBlob``."""
    return codec.camel(field)
