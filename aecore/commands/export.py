"""Runs for other programs."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import get_args

from aecore import exports, store
from aecore.commands.options import Add


def add_to(add: Add) -> None:
    """Enter the commands."""
    exporting = add("export", _export, "Write a run for other programs: pictures, codes, the model, or a page.")
    exporting.add_argument("run", metavar="RUN")
    exporting.add_argument("--format", required=True, metavar="FORMAT", help=", ".join(exports.FORMATS))
    exporting.add_argument(
        "--out", required=True, metavar="PATH", help="a file; for formats of several files (onnx, projector) a folder"
    )
    exporting.add_argument(
        "--code", "--from", "--start", default=argparse.SUPPRESS, metavar="CODE",
        help="test-12, mean-3, sample-7, zero, or the z of an Explore link (default: test-0)",
    )  # fmt: skip
    exporting.add_argument("--to", default=argparse.SUPPRESS, metavar="CODE", help="walk from the code to this one")
    exporting.add_argument(
        "--dimension", type=int, default=argparse.SUPPRESS, metavar="J", help="walk along one dimension of the code"
    )
    exporting.add_argument(
        "--way",
        choices=get_args(exports.Way),
        default=argparse.SUPPRESS,
        help="the walk to another code (default: lerp)",
    )
    exporting.add_argument(
        "--images", action="store_true", default=argparse.SUPPRESS,
        help="a column of pictures in parquet, as Embedding Atlas and Hugging Face's datasets show them",
    )  # fmt: skip
    exporting.add_argument(
        "--scale", type=int, default=argparse.SUPPRESS, metavar="N", help="screen pixels a pixel of png and gif (8)"
    )


def _export(options: argparse.Namespace) -> int:
    given = vars(options)
    wishes = {field.name: given[field.name] for field in dataclasses.fields(exports.View) if field.name in given}
    view = exports.View(**{**wishes, "run": store.load(options.run)})
    for path in exports.write(options.format, view, Path(options.out)):
        print(path)
    return 0
