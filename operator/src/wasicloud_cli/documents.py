"""YAML files as documents that know on which line each of their fields stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from wasicloud_cli.problems import Problem, Unusable

_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its file, its content, and the node that it was made of."""

    file: Path
    body: Any
    node: yaml.Node

    def where(self, path: str = "") -> str:
        """``FILE:LINE`` of a field, or of the nearest field around it that is written."""
        return f"{self.file}:{_deepest(self.node, path).start_mark.line + 1}"

    def problem(self, path: str, problem: str, remedy: str) -> Problem:
        """A mistake at ``path`` in this document."""
        return Problem(self.where(path), path, problem, remedy)


def files(paths: list[Path]) -> list[Path]:
    """Files as given, and the manifests in folders, by name. Raises `Unusable`."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(item for item in path.iterdir() if item.suffix in _SUFFIXES and item.is_file())
            if not inside:
                raise Unusable(
                    [Problem(str(path), "", "holds no manifest", "name a folder with .yaml files, or a file")]
                )
            found.extend(inside)
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def read(file: Path) -> list[Document]:
    """The documents of a file, empty ones left out. Raises `Unusable`."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise Unusable([Problem(str(file), "", f"cannot be read ({error.strerror})", "check the path")]) from None
    except UnicodeDecodeError:
        raise Unusable([Problem(str(file), "", "is not UTF-8 text", "name a YAML manifest")]) from None
    try:
        return list(_documents(file, text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}:{mark.line + 1}" if mark else str(file)
        raise Unusable([Problem(where, "", f"is not YAML ({error.problem})", "correct it")]) from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise Unusable([Problem(str(file), "", "is not YAML", "name a YAML manifest")]) from None


def _documents(file: Path, text: str) -> Iterator[Document]:
    loader = yaml.SafeLoader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is None:
                continue
            _refuse_repeats(file, node, "")
            body = loader.construct_document(node)
            if body is not None:
                yield Document(file, body, node)
    finally:
        loader.dispose()


def _refuse_repeats(file: Path, node: yaml.Node, path: str) -> None:
    """YAML keeps the last of two equal keys and says nothing: say it."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            inner = f"{path}.{name}" if path else name
            if name in seen and name != "<<":
                where = f"{file}:{key.start_mark.line + 1}"
                raise Unusable([Problem(where, inner, "is written twice", "remove one of the two")])
            seen.add(name)
            _refuse_repeats(file, value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _refuse_repeats(file, item, f"{path}[{index}]")


def _deepest(node: yaml.Node, path: str) -> yaml.Node:
    """Follow ``path`` as far as it is written; keys may hold dots, so the longest key that fits is taken."""
    if isinstance(node, yaml.SequenceNode) and path.startswith("["):
        index, _, rest = path[1:].partition("]")
        if index.isdigit() and int(index) < len(node.value):
            return _deepest(node.value[int(index)], rest.removeprefix("."))
    if isinstance(node, yaml.MappingNode) and path:
        fitting = [
            (key, value)
            for key, value in node.value
            if path == str(key.value) or path.startswith((f"{key.value}.", f"{key.value}["))
        ]
        if fitting:
            key, value = max(fitting, key=lambda pair: len(str(pair[0].value)))
            rest = path[len(str(key.value)) :].removeprefix(".")
            found = _deepest(value, rest)
            return key if found is value else found
    return node
