"""The training images nearest to a code and to its picture, as the explorer component shows them."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aecore import neighbours
from aecore.stacks import Array
from aecore.store import Run

SHOWN = 8  # neighbours of each kind

Rows = list[list[Any]]  # number, label, distance, and the image's bytes in base64


def nearest_pictures(run: Run, z: Array) -> Rows:
    """The training images with the least SSE to the decoded z, (d,)."""
    dataset = run.dataset
    blocks = neighbours.pixel_blocks(dataset, neighbours.trained_on(run, dataset))
    return _rows(run, *neighbours.nearest(blocks, run.decode(z[None])[0], SHOWN))


def nearest_codes(run: Run, codes: Array, z: Array) -> Rows:
    """The training images whose codes, (n, d), lie nearest to z, (d,)."""
    index, squared = neighbours.nearest([codes], z, SHOWN)
    return _rows(run, index, np.sqrt(squared))


def _rows(run: Run, index: NDArray[np.intp], distances: NDArray[np.float64]) -> Rows:
    dataset = run.dataset
    return [
        [
            int(at),
            int(dataset.train_labels[at]),
            round(float(distance), 4),
            base64.b64encode(dataset.train_images[at].tobytes()).decode(),
        ]
        for at, distance in zip(index, distances, strict=True)
    ]
