"""The test codes as a Parquet table: a row an image, with its label, code, errors and places on the 2-D maps."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aecore.errors import AecoreError
from aecore.exports.view import View
from aecore.grids import png

ERRORS = ("sse", "bce")


def columns(view: View) -> dict[str, NDArray[Any]]:
    """`index`, `label`, `class`, `z0` ..., `sse`, `bce` (nats) if there is one, `map_pca_x`, `map_pca_y` ...; (n,)."""
    run, dataset = view.run, view.run.dataset
    labels = dataset.test_labels
    return {
        "index": np.arange(len(labels)),
        "label": labels,
        "class": np.asarray(dataset.classes)[labels],
        **{f"z{j}": column for j, column in enumerate(run.codes.T)},
        **{name: run.errors[name] for name in ERRORS if name in run.errors},
        **{f"map_{method}_{axis}": points[:, i] for method, points in run.maps.items() for i, axis in enumerate("xy")},
    }


def parquet(view: View) -> dict[str, bytes]:
    """The columns as one Parquet file; its metadata name the run.

    Where `images` are asked for, the column `image` holds each test image as a PNG: struct<bytes, path>.
    """
    try:
        import pyarrow
        from pyarrow import parquet as files
    except ImportError as error:
        raise AecoreError("Parquet files need the package pyarrow; `pip install pyarrow` adds it.") from error
    run = view.run
    table = pyarrow.table({name: np.ascontiguousarray(column) for name, column in columns(view).items()})
    if view.images:
        pictures = run.dataset.test_images
        held = [pyarrow.array([png(picture) for picture in pictures], pyarrow.binary())]
        held += [pyarrow.array([f"test-{index}.png" for index in range(len(pictures))])]
        table = table.append_column("image", pyarrow.StructArray.from_arrays(held, ["bytes", "path"]))
    buffer = BytesIO()
    files.write_table(table.replace_schema_metadata({"run": run.run_id, "title": run.title}), buffer)
    return {f"{run.run_id}.parquet": buffer.getvalue()}
