"""The rows of a table that lie nearest to a point, and a run's codes of all its training images. Pure numpy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from aecore.datasets import Dataset
from aecore.datasets.base import Bytes
from aecore.errors import AecoreError
from aecore.stacks import Array
from aecore.store import Run

_AT_ONCE = 2000  # images: few enough that their pixels as floats are a few megabytes


def nearest(blocks: Iterable[Array], x: Array, k: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The k rows of all blocks, one after another, that lie nearest to x: their numbers, and | row - x |^2.

    Blocks (m, d), x (d,) -> (k,) and (k,), nearest first, of equal ones the first; fewer than k where there are
    no more rows. `AecoreError` where their lengths differ.
    """
    squared = np.concatenate([np.zeros(0), *(_squared(block, x) for block in blocks)])
    found = np.argsort(squared, kind="stable")[:k]
    return found, squared[found]


def _squared(block: Array, x: Array) -> NDArray[np.float64]:
    if block.ndim != 2 or x.shape != block.shape[1:]:
        raise AecoreError(f"Rows of the shape {block.shape} have no distance from a point of the shape {x.shape}.")
    return np.asarray(np.square(block - x).sum(axis=1, dtype=np.float64))


def trained_on(run: Run, dataset: Dataset) -> Bytes:
    """The training images that the run has seen: (n, h, w) uint8."""
    return dataset.train_images[: run.config.train_images or None]


def pixel_blocks(dataset: Dataset, images: Bytes) -> Iterator[Array]:
    """What a model sees of images, in blocks (m, pixels): (n, h, w) uint8."""
    return (dataset.pixels(images[start : start + _AT_ONCE]) for start in range(0, len(images), _AT_ONCE))


def training_codes(run: Run, dataset: Dataset) -> Array:
    """The encoder's codes of the images that the run was trained on, in their order: (n, latent_dim)."""
    return np.concatenate([run.encode(block) for block in pixel_blocks(dataset, trained_on(run, dataset))])
