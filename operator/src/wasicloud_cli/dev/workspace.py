"""A private temporary directory with everything that hosts read: artifacts, Secrets, configuration. Gone when the command ends.

Names say the content where a change must start a new host (artifacts, ``configFrom``); files of Secrets keep their names and are
replaced, because hosts watch them.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wasicloud_cli.artifacts import Artifact
from wasicloud_cli.manifests import Files, Manifests
from wasicloud_operator.api import names
from wasicloud_operator.api.component import ConfigSource, WasmComponent
from wasicloud_operator.api.provider import Filesystem, SecretKeyRef
from wasicloud_operator.api.refs import ObjectKey

_PREFIX = "wasicloud-dev-"


class Workspace:
    """The directory (mode 0700) and its layout."""

    def __init__(self) -> None:
        _sweep(Path(tempfile.gettempdir()))
        made = Path(tempfile.mkdtemp(prefix="wasicloud-new-"))  # mkdtemp makes it 0700
        self._lock = os.open(made, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)  # the kernel lets go of it however this process ends
        # under its own name only once it is locked, or another command would sweep it away
        self.root = made.rename(made.with_name(made.name.replace("wasicloud-new-", _PREFIX)))

    def remove(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.root, ignore_errors=True)
        os.close(self._lock)

    def fill(self, manifests: Manifests, artifacts: Mapping[ObjectKey, Artifact]) -> None:
        """Write what `Paths` names for these manifests."""
        for artifact in artifacts.values():
            write(_artifact_file(self.root, artifact), artifact.data)
        for key, files in manifests.secrets.items():
            for name, content in files.items():
                write(_secret_directory(self.root, key) / name, content)
        for component in manifests.components.values():
            for source in component.spec.config_from:
                files = content_of(source, component.metadata.namespace, manifests) or {}
                directory = _config_directory(self.root, files)
                directory.mkdir(parents=True, exist_ok=True)
                for name, content in files.items():
                    write(directory / name, content)

    def configuration(self, title: str, text: str) -> Path:
        """Write the configuration of one host; each start has a file of its own."""
        directory = self.root / "hosts"
        directory.mkdir(exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f"{title}-", suffix=".json", dir=directory)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        return Path(name)


@dataclass(frozen=True, slots=True)
class Paths:
    """Where the hosts of one namespace find things: `wasicloud_operator.build.host_config.Paths` on this machine."""

    root: Path
    manifests: Manifests
    artifacts: Mapping[ObjectKey, Artifact]
    namespace: str

    def artifact(self, component: WasmComponent) -> str:
        """A copy of the bytes, so that a build may overwrite the original while a host runs."""
        return str(_artifact_file(self.root, self.artifacts[component.metadata.key]))

    def config_directory(self, component: WasmComponent, index: int) -> str:
        """A directory named by its content."""
        files = content_of(component.spec.config_from[index], self.namespace, self.manifests) or {}
        return str(_config_directory(self.root, files))

    def secret(self, provider: str, ref: SecretKeyRef) -> str:
        """A file that keeps its name while its content changes."""
        return str(_secret_directory(self.root, ObjectKey(self.namespace, ref.name)) / ref.key)

    def volume(self, provider: str, backend: Filesystem) -> str:
        """``path`` beside the manifest, made if it is not there; a claim is a directory that lives as long as the command."""
        if backend.path is not None:
            document = self.manifests.source(names.CAPABILITY_PROVIDER, ObjectKey(self.namespace, provider))
            directory = (document.file.parent / backend.path).resolve()
        else:
            claim = backend.persistent_volume_claim.claim_name if backend.persistent_volume_claim else provider
            directory = self.root / "volumes" / self.namespace / claim
        directory.mkdir(parents=True, exist_ok=True)
        return str(directory)


def _sweep(folder: Path) -> None:
    """Remove what a command left that was killed: directories of this user that no process holds."""
    for left in folder.glob(f"{_PREFIX}*"):
        try:
            if left.lstat().st_uid != os.getuid():
                continue
            descriptor = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
        except OSError:
            pass  # it is in use
        finally:
            os.close(descriptor)


def content_of(source: ConfigSource, namespace: str, manifests: Manifests) -> Files | None:
    """The ConfigMap or Secret of one ``configFrom`` entry, or None if the manifests hold none."""
    place = manifests.config_maps if source.config_map_ref else manifests.secrets
    return place.get(ObjectKey(namespace, source.name))


def write(path: Path, content: bytes) -> None:
    """Replace a file at once, readable by this user alone, unless it holds ``content`` already."""
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")  # mkstemp makes it 0600
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    Path(name).replace(path)


def _artifact_file(root: Path, artifact: Artifact) -> Path:
    return root / "artifacts" / f"{artifact.digest}.wasm"


def _secret_directory(root: Path, key: ObjectKey) -> Path:
    return root / "secrets" / key.namespace / key.name


def _config_directory(root: Path, files: Files) -> Path:
    content = hashlib.sha256()
    for name in sorted(files):
        content.update(f"{len(name)}:{name}{len(files[name])}:".encode())
        content.update(files[name])
    return root / "config" / content.hexdigest()
