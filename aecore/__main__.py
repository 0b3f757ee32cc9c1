"""The command line: `python -m aecore` or `aecore`."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from io import TextIOWrapper
from typing import TextIO

from aecore import store, waiting  # noqa: F401 - waiting: before torch loads
from aecore.commands import data, export, figure, runs, scores, search, unfinished
from aecore.commands.options import Parser, complain
from aecore.errors import AecoreError, system_errors


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it worked, 1 when training failed, 2 for a request that cannot be met."""
    for stream in (sys.stdout, sys.stderr):
        _spell_out(stream)
    try:
        with system_errors():
            status = _run(arguments)
            _flush()
            return status
    except AecoreError as error:
        complain(error)
        return 2
    except ModuleNotFoundError as error:
        package = (error.name or "aecore").partition(".")[0]
        if package == "aecore":
            raise
        complain(f"This needs the package {package}; README's `pip install` line adds it.")
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of a pipe has seen enough
        return 0
    finally:
        _drop_what_cannot_be_written()


def _run(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    if options.store:
        os.environ["AECORE_HOME"] = options.store
    if getattr(options, "device", None):
        os.environ["AECORE_DEVICE"] = options.device
    if store.home().exists() and not store.home().is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(store.home()))
    command: Callable[[argparse.Namespace], int] = options.command
    return command(options)


def _spell_out(stream: TextIO | None) -> None:
    """Let a stream spell out the letters that its encoding lacks, as in `LANG=C`, in place of an error."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def _flush() -> None:
    if sys.stdout:  # none where it is closed
        sys.stdout.flush()


def _drop_what_cannot_be_written() -> None:
    """Point a standard output that takes no more at nothing, as the interpreter's end would try it again."""
    try:
        _flush()
    except OSError:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
