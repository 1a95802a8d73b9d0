"""The ``wasicloud`` command.

Exit codes: 0 done; 1 something here failed (a defect: please report it); 2 something that the user has to change, said on stderr as
``FILE:LINE path: problem; remedy``; 130 ended by Ctrl-C before anything ran.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from wasicloud_cli import inspection, output, pushing, scaffold
from wasicloud_cli.dev import command as dev
from wasicloud_cli.problems import Unusable
from wasicloud_host import errors

_EXAMPLES = {
    "dev": """examples:
  wasicloud dev app.yaml                  one URL for each component, the first on port 8080
  wasicloud dev app/ secrets.yaml --port 9000
  wasicloud dev app.yaml --no-watch       ignore edits""",
    "inspect": """examples:
  wasicloud inspect gopher.wasm
  wasicloud inspect registry.example/gopher:1.2 --output json""",
    "push": """examples:
  wasicloud push gopher.wasm registry.example/gopher:1.2""",
    "new": """examples:
  wasicloud new rust gopher               then: cd gopher && make run""",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with ``argv`` (default: the process's); returns the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except Unusable as error:
        for problem in error.problems:
            output.problem(str(problem))
        return 2
    except errors.Refused as error:
        output.problem(str(error))
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wasicloud", description="Run, look into and push WebAssembly components.", allow_abbrev=False
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _dev(_command(commands, "dev", "run what manifests describe on this machine"))
    _inspect(_command(commands, "inspect", "show what a component imports and exports, and which Links it needs"))
    _push(_command(commands, "push", "push a component to a registry"))
    _new(_command(commands, "new", "write a component's project that builds at once"))
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=_EXAMPLES[name],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _dev(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="*", type=Path, help="a manifest, or a folder of them")
    parser.add_argument(
        "-f", "--filename", metavar="FILE", action="append", default=[], type=Path, help="the same, as kubectl has it"
    )
    parser.add_argument(
        "--port", type=int, default=8080, help="port of the first component, the others follow (0: any)"
    )
    parser.add_argument("--address", default="127.0.0.1", help="address to serve on (default: this machine only)")
    parser.add_argument(
        "--watch", action=argparse.BooleanOptionalAction, default=True, help="apply edits of the files (default)"
    )

    def run(given: argparse.Namespace) -> int:
        files = (*given.files, *given.filename)
        if not files:
            parser.error("name a manifest, or a folder of them")
        return dev.run(dev.Options(files, given.port, given.address, given.watch))

    parser.set_defaults(run=run)


def _inspect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="FILE_OR_IMAGE", help="a .wasm file, or an image in a registry")
    parser.add_argument("--output", choices=("text", "json"), default="text", help="for people or for programs")
    parser.set_defaults(run=lambda given: inspection.run(given.name, as_json=given.output == "json"))


def _push(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="the component's .wasm file")
    parser.add_argument("image", metavar="IMAGE", help="REGISTRY/NAME:TAG")
    parser.set_defaults(run=lambda given: pushing.run(given.file, given.image))


def _new(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "language", metavar="LANG", choices=tuple(scaffold.LANGUAGES), help=", ".join(scaffold.LANGUAGES)
    )
    parser.add_argument("name", metavar="NAME", help="the component's name, and the folder's")
    parser.set_defaults(run=lambda given: scaffold.run(given.language, given.name, Path()))


if __name__ == "__main__":
    sys.exit(main())
