"""The command line: `python -m aecore` or `aecore`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from aecore import waiting  # noqa: F401 - before torch loads
from aecore.commands import data, export, figure, runs, scores, search, unfinished
from aecore.commands.options import Parser
from aecore.errors import AecoreError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it worked, 1 when training failed, 2 for a request that cannot be met."""
    options = _parser().parse_args(arguments)
    if options.store:
        os.environ["AECORE_HOME"] = options.store
    if getattr(options, "device", None):
        os.environ["AECORE_DEVICE"] = options.device
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except AecoreError as error:
        print(f"aecore: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        package = (error.name or "aecore").partition(".")[0]
        if package == "aecore":
            raise
        print(f"aecore: This needs the package {package}; README's `pip install` line adds it.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="aecore", description="Train, cache and measure autoencoders.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)

    def add(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--store", metavar="DIR", help="the folder of your own runs (default: $AECORE_HOME)")
        command.set_defaults(command=run)
        return command

    for module in (runs, unfinished, search, scores, figure, export, data):
        module.add_to(add)
    return parser


if __name__ == "__main__":
    sys.exit(main())
