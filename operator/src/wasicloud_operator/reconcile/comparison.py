"""Is there anything to write? What is wanted against what is there.

Everything wanted must be there with its value; what others added (defaults, other managers' fields) is theirs. That something is no
longer wanted shows by the seal: the digest of the whole manifest, an annotation of the child.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from wasicloud_operator.api import names
from wasicloud_operator.build import host_config

SEAL = f"{names.GROUP}/applied"
"""Annotation of every child: the digest of the manifest that was applied."""

_QUANTITIES = ("requests", "limits")
_SUFFIXES = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "": Decimal(1),
    "k": Decimal(10) ** 3, "M": Decimal(10) ** 6, "G": Decimal(10) ** 9, "T": Decimal(10) ** 12, "P": Decimal(10) ** 15, "E": Decimal(10) ** 18,
    "Ki": Decimal(2) ** 10, "Mi": Decimal(2) ** 20, "Gi": Decimal(2) ** 30, "Ti": Decimal(2) ** 40, "Pi": Decimal(2) ** 50, "Ei": Decimal(2) ** 60,
}  # fmt: skip


def sealed(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """``manifest`` with its seal."""
    metadata = dict(manifest["metadata"])
    metadata["annotations"] = {**metadata.get("annotations", {}), SEAL: host_config.digest(manifest)}
    return {**manifest, "metadata": metadata}


def seal(manifest: Mapping[str, Any]) -> str:
    """The seal of a sealed manifest."""
    return str(manifest["metadata"]["annotations"][SEAL])


def covers(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    """Whether a sealed manifest is there as it is wanted. Lists in the cache say neither apiVersion nor kind."""
    return all(
        key in live and _same(value, live[key], key in _QUANTITIES)
        for key, value in wanted.items()
        if key not in ("apiVersion", "kind")
    )


def _same(wanted: Any, live: Any, quantities: bool = False) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(live, Mapping) and all(
            # an empty value is not kept by the API server
            (key in live and (quantity_equal(value, live[key]) if quantities else _same(value, live[key], key in _QUANTITIES)))
            or (key not in live and _empty(value))
            for key, value in wanted.items()
        )  # fmt: skip
    if isinstance(wanted, list | tuple):
        return isinstance(live, Sequence) and not isinstance(live, str) and _same_list(wanted, live)
    return bool(wanted == live)


def _same_list(wanted: Sequence[Any], live: Sequence[Any]) -> bool:
    if wanted and all(isinstance(item, Mapping) and "name" in item for item in (*wanted, *live)):
        by_name = {item["name"]: item for item in live}
        return all(item["name"] in by_name and _same(item, by_name[item["name"]]) for item in wanted)
    return len(wanted) == len(live) and all(map(_same, wanted, live))


def _empty(value: Any) -> bool:
    return value in ({}, [], (), "", None, False, 0)


def quantity_equal(one: Any, other: Any) -> bool:
    """Whether two quantities are the same amount: the API server writes ``0.1`` as ``100m``."""
    return bool(one == other) or _amount(one) == _amount(other)


def _amount(value: Any) -> Any:
    text = str(value)
    number = text.rstrip("numkKMGTPEi")
    try:
        return Decimal(number) * _SUFFIXES[text[len(number) :]]
    except (KeyError, ArithmeticError):
        return text
