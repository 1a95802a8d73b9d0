"""The work of a pod's init container: bring every component of a configuration to where the host will look for it.

``main`` pulls, verifies and writes the artifacts. It ends with one message in the termination log, which the operator reads from the
pod's status: on success a JSON object ``{"components": [{"name", "digest", "imports"}]}``, on failure one sentence. Exit codes: 0 done,
1 a defect of ours, 2 something that the user has to change.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wasicloud_host import config, errors
from wasicloud_host.composer import inspection
from wasicloud_host.oci import cache, credentials, pull, reference, registry

_MAX_MESSAGE_BYTES = 4096  # of a container's termination message, by kubelet


@dataclass(frozen=True, slots=True)
class Fetched:
    """One component as it was fetched. ``digest`` is the manifest's, ``None`` for a component that came with the pod."""

    name: str
    digest: str | None
    info: inspection.ComponentInfo


Prepare = Callable[[config.HostConfig, Sequence[Fetched]], None]


@dataclass(frozen=True, slots=True)
class Source:
    """Where components come from: registries, what is kept of them, and when the registry is asked again."""

    access: registry.Access
    kept: cache.Cache
    options: pull.Options


def fetch(wanted: config.HostConfig, source: Source) -> tuple[Fetched, ...]:
    """Bring all components of ``wanted``; raises `errors.Refused` for the first that cannot be had."""
    return tuple(_one(component, source) for component in wanted.components)


def _one(component: config.Component, source: Source) -> Fetched:
    artifact = Path(component.artifact)
    if component.image is None:
        return Fetched(component.name, component.digest, inspection.inspect(_mounted(artifact), component.name))
    asked = reference.parse(component.image)
    pulled = pull.pull(
        asked.at(component.digest) if component.digest else asked, source.access, source.kept, source.options
    )
    info = inspection.inspect(pulled.data, f"image {asked}")
    try:
        cache.write_file(artifact, (pulled.data,))
    except OSError as error:
        raise errors.ArtifactRefused(
            f"image {asked}", f"cannot be written to {artifact} ({error.strerror})", "give the pod's volume more room"
        ) from None
    return Fetched(component.name, pulled.digest, info)


def _mounted(artifact: Path) -> bytes:
    try:
        return artifact.read_bytes()
    except OSError as error:
        raise errors.ArtifactRefused(
            str(artifact),
            f"cannot be read ({error.strerror})",
            "check the ConfigMap or volume that holds the component",
        ) from None


def success(fetched: Sequence[Fetched]) -> str:
    """The message of a success; imports are left out from the last component on if there is no room for them."""
    entries = [_entry(one) for one in fetched]
    for entry in reversed(entries):
        if len(_compact(entries).encode()) <= _MAX_MESSAGE_BYTES:
            break
        entry["imports"] = []
    return _compact(entries)


def _entry(one: Fetched) -> dict[str, object]:
    return {"name": one.name, "digest": one.digest, "imports": [extern.name for extern in one.info.imports]}


def _compact(entries: Sequence[dict[str, object]]) -> str:
    return json.dumps({"components": entries}, separators=(",", ":"))


def main(argv: Sequence[str], prepare: Prepare | None = None) -> int:
    """Run with ``argv`` (see ``--help``); ``prepare`` then checks and compiles what was fetched."""
    options = _arguments().parse_args(argv)
    try:
        wanted = config.load(options.config)
        fetched = fetch(wanted, _source(options))
        if prepare is not None:
            prepare(wanted, fetched)
    except errors.Refused as refusal:
        return _end(options.termination_log, str(refusal), 2)
    return _end(options.termination_log, success(fetched), 0)


def _source(options: argparse.Namespace) -> Source:
    access = registry.Access(credentials.load(options.credentials), options.ca_file, frozenset(options.plain_http))
    return Source(access, cache.Cache(tuple(options.cache)), pull.Options(options.pull_policy, options.max_bytes))


def _end(log: Path, message: str, code: int) -> int:
    (sys.stderr if code else sys.stdout).write(message + "\n")
    with contextlib.suppress(OSError):  # the message also stands in the container's log
        log.write_text(message.encode()[:_MAX_MESSAGE_BYTES].decode(errors="ignore"))
    return code


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wasicloud-host fetch", description="Pull the components that a configuration names."
    )
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="the host's configuration")
    parser.add_argument(
        "--cache", type=Path, action="append", default=[], metavar="DIR", help="keep what was pulled; the nearest first"
    )
    parser.add_argument(
        "--credentials",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="a mounted image pull Secret, or a config.json",
    )
    parser.add_argument(
        "--ca-file", type=Path, metavar="FILE", help="one more certificate authority for registries (PEM)"
    )
    parser.add_argument(
        "--plain-http", action="append", default=[], metavar="HOST[:PORT]", help="a registry that may speak plain HTTP"
    )
    parser.add_argument(
        "--pull-policy",
        choices=("Always", "IfNotPresent", "Never"),
        default="IfNotPresent",
        help="when a tag is resolved again",
    )
    parser.add_argument(
        "--max-bytes", type=int, default=pull.MAX_COMPONENT_BYTES, metavar="N", help="the largest component"
    )
    parser.add_argument(
        "--termination-log",
        type=Path,
        default=Path("/dev/termination-log"),
        metavar="FILE",
        help="where the message goes",
    )
    return parser
