"""Interfaces that go by several names, and names that stand for several shapes: the only hand-written list.

Everything else the bridge serves is read from its exports. The rows here are explained in wit/bridge/README.md,
"which import is served by what"; why each exists is WASI's history: drafts changed shape without a new version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_KEYVALUE_B = ("wasi-keyvalue-error", "types", "eventual", "atomic", "eventual-batch")

RENAMED: Mapping[str, str] = MappingProxyType(
    {
        **{f"wasi:keyvalue/{name}@0.1.0": f"wasi:keyvalue/{name}@0.2.0-draft" for name in _KEYVALUE_B},
        "wasi:config/store@0.2.0-draft": "wasi:config/store@0.2.0-rc.1",
        "wasi:config/store@0.2.0-draft-2024-09-27": "wasi:config/store@0.2.0-rc.1",
        "wasi:config/runtime@0.1.0": "wasi:config/runtime@0.2.0-draft",
        "wasi:logging/logging": "wasi:logging/logging@0.1.0-draft",
    }
)
"""Imports that are another interface of the bridge under an older or newer name."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """In the interfaces ``imports``, the function ``item`` may be served by ``function`` of the bridge's ``instance``.

    It replaces the interface's own only if that does not fit the import; with ``always`` in any case; with ``without``
    in any case where the import does not have that function.
    """

    imports: tuple[str, ...]
    item: str
    instance: str
    function: str
    always: bool = False
    without: str = ""


def _consume(imports: tuple[str, ...], instance: str) -> tuple[Replacement, ...]:
    """``incoming-value-consume-*`` were methods before they took the value itself."""
    kinds = ("sync", "async")
    return tuple(
        Replacement(
            imports, f"[method]incoming-value.incoming-value-consume-{k}", instance, f"incoming-value-consume-{k}"
        )
        for k in kinds
    )


REPLACED: tuple[Replacement, ...] = (
    Replacement(("wasi:keyvalue/batch@0.2.0-draft2",), "get-many", "wasicloud:shapes/keyvalue-pairs", "get-many"),
    *(
        Replacement(imports, function, "wasicloud:shapes/config-bytes", function, always=always)
        for imports, always in ((("wasi:config/runtime@0.2.0-draft",), False), (("wasi:config/runtime@0.1.0",), True))
        for function in ("get", "get-all")
    ),
    *_consume(("wasi:keyvalue/types@0.1.0", "wasi:keyvalue/types@0.2.0-draft"), "wasicloud:shapes/keyvalue-methods"),
    *_consume(("wasi:blobstore/types@0.2.0-draft",), "wasicloud:shapes/blobstore-methods"),
    Replacement(
        ("wasi:blobstore/types@0.2.0-draft",),
        "[static]outgoing-value.new-outgoing-value",
        "wasicloud:shapes/blobstore-unfinished",
        "new-outgoing-value",
        without="[static]outgoing-value.finish",
    ),
)
"""Functions whose shape differs between components that import them under the same name."""
