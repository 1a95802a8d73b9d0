"""Who an object is: its key, and the part of its metadata that decisions read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wasicloud_operator.api.errors import SpecInvalid

_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST_LABEL = 52  # a Service's name with room for suffixes of children
_LONGEST_SUBDOMAIN = 253


@dataclass(frozen=True, slots=True, order=True)
class ObjectKey:
    """Where an object is, whatever its kind."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What identifies one object and one generation of its spec. ``uid`` is empty and ``generation`` 0 outside a cluster."""

    key: ObjectKey
    uid: str = ""
    generation: int = 0

    @property
    def name(self) -> str:
        """The object's name."""
        return self.key.name

    @property
    def namespace(self) -> str:
        """The object's namespace."""
        return self.key.namespace


def metadata(body: Mapping[str, Any], *, as_label: bool = False) -> Metadata:
    """Read ``metadata`` of a manifest's body; ``as_label`` when the name becomes a Service's. Raises `SpecInvalid`."""
    raw = body.get("metadata")
    if not isinstance(raw, Mapping) or not isinstance(raw.get("name"), str) or not raw["name"]:
        raise SpecInvalid("metadata.name", "is missing", "add it")
    _check_name(raw["name"], as_label)
    namespace = raw.get("namespace") or "default"
    if not isinstance(namespace, str) or not _NAMESPACE.fullmatch(namespace):
        raise SpecInvalid(
            "metadata.namespace", f"{namespace!r} is no namespace", "use lowercase letters, digits and '-'"
        )
    return Metadata(ObjectKey(namespace, raw["name"]), str(raw.get("uid") or ""), int(raw.get("generation") or 0))


def _check_name(name: str, as_label: bool) -> None:
    if as_label and not (len(name) <= _LONGEST_LABEL and _LABEL.fullmatch(name)):
        raise SpecInvalid(
            "metadata.name",
            f"{name!r} cannot become a Service's name",
            f"use at most {_LONGEST_LABEL} lowercase letters, digits and '-', starting with a letter",
        )
    if not (len(name) <= _LONGEST_SUBDOMAIN and _SUBDOMAIN.fullmatch(name)):
        raise SpecInvalid("metadata.name", f"{name!r} is no name", "use lowercase letters, digits, '-' and '.'")
