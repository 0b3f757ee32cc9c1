"""Datasets: download them, or bring one."""

from __future__ import annotations

import argparse
from pathlib import Path

from aecore import datasets
from aecore.commands.options import Add, Parser
from aecore.datasets import own
from aecore.datasets.fetch import SOURCES, fetch
from aecore.datasets.sources import SIZE
from aecore.errors import AecoreError


def add_to(add: Add) -> None:
    """Enter the commands."""
    fetching = add("fetch", _fetch, "Download a dataset that is not shipped.")
    fetching.add_argument("dataset", choices=list(SOURCES), metavar="DATASET", help=", ".join(SOURCES))
    data = add("data", _data, "Keep your own images as a dataset, list or remove such datasets.")
    actions = data.add_subparsers(required=True, metavar="add|list|remove", dest="action", parser_class=Parser)
    adding = actions.add_parser("add", help="a folder of images, an .npy or an .npz file, as the dataset NAME")
    adding.add_argument("name", metavar="NAME")
    adding.add_argument("path", metavar="PATH", type=Path)
    adding.add_argument("--size", type=int, help=f"pixels a side (default: a square array's own, otherwise {SIZE})")
    adding.add_argument("--test-share", type=float, default=0.1, metavar="SHARE", help="of the images (default: 0.1)")
    adding.add_argument(
        "--range", type=float, nargs=2, metavar=("LOW", "HIGH"),
        help="the values that are black and white, of arrays and of 16-bit pictures (default: found, and said)",
    )  # fmt: skip
    actions.add_parser("list", help="what was added")
    actions.add_parser("remove", help="delete NAME").add_argument("name", metavar="NAME")


def _fetch(options: argparse.Namespace) -> int:
    print(fetch(options.dataset))
    return 0


def _problem(name: str) -> str:
    """What is wrong with the record of own images, or nothing."""
    try:
        own.load(name)
    except AecoreError as error:
        return str(error)
    return ""


def _data(options: argparse.Namespace) -> int:
    if options.action == "add":
        span = options.range and tuple(options.range)
        summary = datasets.add(options.name, options.path, options.size, options.test_share, span)
        print(summary.folder, summary, sep="\n")
    elif options.action == "remove":
        own.remove(options.name)
    else:
        for name, title in own.names().items():
            print(f"{name:<40}  {_problem(name) or title}")
    return 0
