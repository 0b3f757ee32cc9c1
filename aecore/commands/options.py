"""What several commands share: options, questions, and how numbers and complaints are printed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any, NoReturn, get_args, get_origin, get_type_hints

from aecore.config import RunConfig
from aecore.errors import AecoreError, one_line

Add = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]  # name, what runs, its help


class Parser(argparse.ArgumentParser):
    """A parser that says in one line what is wrong."""

    def error(self, message: str) -> NoReturn:
        """End with status 2."""
        complain(f"{message}; `{self.prog} --help` lists what there is.")
        self.exit(2)


def complain(sentence: str | AecoreError) -> None:
    """Print a sentence for a person on standard error, in one line."""
    print(f"aecore: {one_line(str(sentence))}", file=sys.stderr)


def agreed(question: str) -> bool:
    """Whether the person says yes; raises `AecoreError` where nobody can answer."""
    try:
        return input(question).strip().lower() in ("y", "yes")
    except (EOFError, RuntimeError, UnicodeDecodeError) as error:  # RuntimeError: there is no standard input at all
        raise AecoreError("Nobody has answered the question; give `--yes` where that is meant.") from error


def whole(least: int, most: int) -> Callable[[str], int]:
    """An option's type: a whole number from `least` to `most`."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"must be a whole number of {least:,} to {most:,}, not '{text}'")
        return value

    return read


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """One option for each field of `RunConfig`; what is not given is left to the recipe."""
    for name, hint in get_type_hints(RunConfig).items():
        option = f"--{name.replace('_', '-')}"
        if hint is bool:
            parser.add_argument(option, default=argparse.SUPPRESS, action=argparse.BooleanOptionalAction)
        elif name != "family":
            parser.add_argument(
                option,
                default=argparse.SUPPRESS,
                type=_option_type(name, hint),
                metavar="|".join(get_args(hint)) if isinstance(_first(hint), str) else name.upper(),
            )


def _option_type(name: str, hint: Any) -> Callable[[str], Any]:
    if name == "hidden":
        return _widths
    return hint if hint in (int, float) else str


def _widths(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(width) for width in text.split(",") if width)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be widths such as 256,128, not '{text}'") from error


def _first(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) and get_args(hint) else None


def changes(options: argparse.Namespace) -> dict[str, Any]:
    """The fields of a config that were given on the command line."""
    given = vars(options)
    return {field: given[field] for field in get_type_hints(RunConfig) if field in given and field != "family"}


def summary(numbers: dict[str, Any]) -> str:
    """The losses and errors among `numbers`, in one line."""
    shown = ("loss", "recon", "bce", "kl", "sse")
    return ", ".join(f"{name} {brief(numbers[name])}" for name in shown if isinstance(numbers.get(name), float))


def brief(value: float, decimals: int = 2) -> str:
    """A number with so many decimals, or with a power of ten where it is large."""
    return f"{value:.{decimals}f}" if abs(value) < 1e6 else f"{value:.4g}"
