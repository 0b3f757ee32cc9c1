"""How much memory training takes at least, and how much this machine has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from aecore.errors import AecoreError

if TYPE_CHECKING:
    from aecore.config import RunConfig
    from aecore.datasets import Dataset

A_WEIGHT = 16  # bytes of float32: the weight, its gradient, and Adam's two moments
A_UNIT = 8  # bytes of each image of a batch: what the unit gives, and its gradient
MOST_PIXELS = 128 * 128  # of an image
_LIMITS = "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"  # of a container


def check_memory(config: RunConfig, dataset: Dataset) -> None:
    """`AecoreError` where a config needs more memory than this machine has, before any is asked for.

    What other processes have of it does not count, so that a run is refused today and tomorrow or not at all.
    """
    most = total()
    if needed(config, MOST_PIXELS, config.batch_size) <= most:
        return  # whatever the images are: they are not read for nothing
    images = dataset.train_images
    batch = min(config.batch_size, config.train_images or len(images), len(images))
    least = needed(config, images[0].size, batch)
    if least > most:
        raise AecoreError(
            f"Training this takes at least {_gib(least)} of memory, and this machine has {_gib(most)}; "
            "choose fewer or narrower 'hidden' layers, or a smaller 'batch_size'."
        )


def needed(config: RunConfig, pixels: int, batch: int) -> int:
    """The bytes that training takes at least: weights and what the optimiser keeps of them, and one batch's units."""
    widths = (pixels, *config.widths, config.latent_dim)
    weights = sum(2 * before * after + before + after for before, after in pairwise(widths))  # encoder and decoder
    return A_WEIGHT * weights + A_UNIT * batch * 2 * sum(widths)


def total() -> int:
    """The memory of this machine, in bytes, or of the container that it runs in."""
    return min([os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *_limits()])


def _limits() -> Iterator[int]:
    for path in map(Path, _LIMITS):
        try:
            yield int(path.read_text("ascii"))
        except (OSError, ValueError):  # no container, or "max"
            continue


def _gib(count: int) -> str:
    return f"{count / 2**30:,.1f} GiB"
