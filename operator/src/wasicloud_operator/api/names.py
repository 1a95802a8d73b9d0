"""The fixed names of the API: group, kinds, plurals, labels and annotations."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

GROUP = "wasicloud.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

WASM_COMPONENT = "WasmComponent"
CAPABILITY_PROVIDER = "CapabilityProvider"
LINK = "Link"

PLURALS: Mapping[str, str] = MappingProxyType(
    {WASM_COMPONENT: "wasmcomponents", CAPABILITY_PROVIDER: "capabilityproviders", LINK: "links"}
)

FIELD_MANAGER = "wasicloud"
"""Who owns the fields that server-side apply writes."""

COMPONENT_LABEL = f"{GROUP}/component"
"""Label of every child: the WasmComponent it was made for. The pods' selector."""

CONFIG_DIGEST_ANNOTATION = f"{GROUP}/config-digest"
"""On the pod template: digest of the host's configuration, so that a change of it rolls the pods."""

HTTP_EXPORT = "wasi:http/incoming-handler"
"""What a component exports that answers HTTP."""
