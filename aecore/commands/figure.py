"""The chapter's figures."""

from __future__ import annotations

import argparse
from pathlib import Path

from aecore import figures
from aecore.commands.options import Add, complain
from aecore.errors import AecoreError


def add_to(add: Add) -> None:
    """Enter the commands."""
    figure = add("figure", _figure, "Draw a figure of the chapter, or all that can be made here.")
    figure.add_argument("name", metavar="NAME", help=f"all, {', '.join(figures.FIGURES)}")
    figure.add_argument(
        "--out", required=True, metavar="FILE", help="a .png file; its provenance goes beside it; for all: a folder"
    )


def _figure(options: argparse.Namespace) -> int:
    path = Path(options.out)
    if options.name == "all":
        return _all_figures(path)
    figures.save(figures.make(options.name), path)
    print(path)
    return 0


def _all_figures(folder: Path) -> int:
    """Status 2 when some could not be made."""
    status = 0
    for outcome in figures.save_all(folder):
        if isinstance(outcome, AecoreError):
            complain(outcome)
            status = 2
        else:
            print(outcome)
    return status
