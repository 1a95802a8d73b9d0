"""``wasicloud new``: a component's project that builds at once, with its manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from wasicloud_cli import output
from wasicloud_cli.problems import Problem, Unusable

TEMPLATES = Path(__file__).with_name("templates")

_SUFFIX = ".template"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*")  # a WIT identifier and a Service's name at once
_LONGEST_NAME = 52
_VERSION = "0.2.12"


@dataclass(frozen=True, slots=True)
class Language:
    """What a toolchain needs of the WIT: the WASI version it insists on, and whether whole interfaces are imported.

    ``informational``: toolchains that import all of wasi:http/types would demand ``send-informational`` of every host.
    """

    version: str = _VERSION
    informational: bool = False


LANGUAGES: Mapping[str, Language] = MappingProxyType(
    {"js": Language(version="0.2.10"), "python": Language(), "rust": Language(informational=True), "ts": Language()}
)

_WORLD = """package local:{name};

// What the component imports and exports. To use a store, add `import wasi:keyvalue/store@0.2.0-draft;`, its WIT under deps/, and a Link.
world component {{
  import wasi:io/streams@{version};
  import wasi:http/types@{version};

  export wasi:http/incoming-handler@{version};
}}
"""


def run(language: str, name: str, folder: Path) -> int:
    """Write the project into ``folder``/``name``, which must not be there yet; raises `Unusable`."""
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        remedy = f"use words of lowercase letters and digits joined by '-', at most {_LONGEST_NAME} characters"
        raise Unusable([Problem("", "", f"{name!r} cannot be a component's name", remedy)])
    project = folder / name
    try:
        project.mkdir(parents=True)
        for path, content in files(language, name):
            target = project / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8")
    except FileExistsError:
        raise Unusable([Problem(str(project), "", "is there already", "choose another name or remove it")]) from None
    except OSError as error:
        raise Unusable(
            [Problem(str(project), "", f"cannot be written ({error.strerror})", "choose another place")]
        ) from None
    output.line(f"{project} holds a component in {language}. Next: cd {project} && make run")
    return 0


def files(language: str, name: str) -> Iterator[tuple[Path, str]]:
    """Every file of a project: its path and content."""
    for folder in (TEMPLATES / "common", TEMPLATES / language):
        for source in sorted(folder.rglob(f"*{_SUFFIX}")):
            path = str(source.relative_to(folder)).removesuffix(_SUFFIX)
            yield Path(_filled(path, name)), _filled(source.read_text(encoding="utf-8"), name)
    wanted = LANGUAGES[language]
    yield Path("wit/world.wit"), _WORLD.format(name=name, version=wanted.version)
    for source in sorted((TEMPLATES / "wit").glob("*.wit")):
        yield Path("wit", "deps", source.stem, "package.wit"), _package(source.read_text(encoding="utf-8"), wanted)


def _filled(text: str, name: str) -> str:
    return text.replace("__NAME__", name).replace("__CRATE__", name.replace("-", "_"))


def _package(text: str, wanted: Language) -> str:
    if not wanted.informational:
        text = "".join(line for line in text.splitlines(keepends=True) if "send-informational:" not in line)
    return text.replace(f"@{_VERSION}", f"@{wanted.version}")
