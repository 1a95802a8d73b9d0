"""Manifests as ``kubectl apply`` would take them: our three kinds, and the Secrets and ConfigMaps that they name."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wasicloud_cli import documents
from wasicloud_cli.documents import Document
from wasicloud_cli.problems import Problem, Unusable
from wasicloud_operator.api import component, link, names, provider, refs
from wasicloud_operator.api.errors import SpecInvalid
from wasicloud_operator.api.refs import ObjectKey

Files = Mapping[str, bytes]
"""Content of a Secret or ConfigMap: bytes by key. Never printed."""


@dataclass(slots=True)
class Manifests:
    """Everything that the files describe, by namespace and name, in the order of the files."""

    components: dict[ObjectKey, component.WasmComponent] = field(default_factory=dict)
    providers: dict[ObjectKey, provider.CapabilityProvider] = field(default_factory=dict)
    links: dict[ObjectKey, link.Link] = field(default_factory=dict)
    secrets: dict[ObjectKey, Files] = field(default_factory=dict, repr=False)
    config_maps: dict[ObjectKey, Files] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    _sources: dict[tuple[str, ObjectKey], Document] = field(default_factory=dict, repr=False)

    def source(self, kind: str, key: ObjectKey) -> Document:
        """The document that an object was read from."""
        return self._sources[kind, key]

    def add(self, document: Document) -> None:
        """Take one document; raises `Unusable`. Kinds that are not ours are only noted."""
        body = document.body
        if not isinstance(body, dict):
            raise Unusable([document.problem("", "is not a manifest", "write apiVersion, kind, metadata and spec")])
        kind = body.get("kind")
        if not isinstance(kind, str):
            raise Unusable([document.problem("kind", "is missing", "add it")])
        read = {
            names.WASM_COMPONENT: self._component,
            names.CAPABILITY_PROVIDER: self._provider,
            names.LINK: self._link,
            "Secret": self._secret,
            "ConfigMap": self._config_map,
        }.get(kind)
        if read is None:
            self.ignored.append(f"{document.where()}: {kind} is left to the cluster; `wasicloud dev` ignores it")
            return
        try:
            key = read(body)
        except SpecInvalid as error:
            raise Unusable([document.problem(error.path, error.problem, error.remedy)]) from None
        if (kind, key) in self._sources:
            first = self._sources[kind, key].where()
            raise Unusable(
                [document.problem("metadata.name", f"{kind} {key} stands already in {first}", "rename or remove one")]
            )
        self._sources[kind, key] = document

    def _component(self, body: Mapping[str, Any]) -> ObjectKey:
        value = component.from_body(body)
        return self._keep(self.components, value.metadata.key, value)

    def _provider(self, body: Mapping[str, Any]) -> ObjectKey:
        value = provider.from_body(body)
        return self._keep(self.providers, value.metadata.key, value)

    def _link(self, body: Mapping[str, Any]) -> ObjectKey:
        value = link.from_body(body)
        return self._keep(self.links, value.metadata.key, value)

    def _secret(self, body: Mapping[str, Any]) -> ObjectKey:
        content = {**_binary(body, "data"), **_text(body, "stringData")}
        return self._keep(self.secrets, refs.metadata(body).key, content)

    def _config_map(self, body: Mapping[str, Any]) -> ObjectKey:
        content = {**_binary(body, "binaryData"), **_text(body, "data")}
        return self._keep(self.config_maps, refs.metadata(body).key, content)

    @staticmethod
    def _keep(place: dict[ObjectKey, Any], key: ObjectKey, value: Any) -> ObjectKey:
        place.setdefault(key, value)
        return key


def load(paths: Iterable[Path]) -> Manifests:
    """Read files and folders of manifests; raises `Unusable` with every mistake in them."""
    manifests = Manifests()
    problems: list[Problem] = []
    for file in documents.files(list(paths)):
        try:
            found = documents.read(file)
        except Unusable as error:
            problems.extend(error.problems)
            continue
        for document in found:
            try:
                manifests.add(document)
            except Unusable as error:
                problems.extend(error.problems)
    if problems:
        raise Unusable(problems)
    return manifests


def _text(body: Mapping[str, Any], where: str) -> dict[str, bytes]:
    content = {}
    for key, value in _section(body, where).items():
        if not isinstance(value, str):
            raise SpecInvalid(f"{where}.{key}", "must be a string", "write it in quotes")
        content[key] = value.encode()
    return content


def _binary(body: Mapping[str, Any], where: str) -> dict[str, bytes]:
    content = {}
    for key, value in _section(body, where).items():
        try:
            content[key] = base64.b64decode(value if isinstance(value, str) else "-", validate=True)
        except (binascii.Error, ValueError):  # the value is not quoted: it may be a secret
            raise SpecInvalid(f"{where}.{key}", "is not base64", "encode it, or write it under stringData") from None
    return content


def _section(body: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    section = body.get(where) or {}
    if not isinstance(section, dict):
        raise SpecInvalid(where, "must be an object", "write one key a line")
    for key in section:
        if not isinstance(key, str) or not key or "/" in key or key in (".", ".."):
            raise SpecInvalid(f"{where}.{key}", "cannot be a key", "use letters, digits, '-', '_' and '.'")
    return section
