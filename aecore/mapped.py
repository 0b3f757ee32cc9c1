"""Training images that stay on disk, read batch by batch."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from aecore.datasets.base import Bytes
from aecore.datasets.sources import rows_of


class Mapped:
    """A memory-mapped uint8 array (n, ...) where a tensor is wanted; `images[index]` reads those rows and no more."""

    device = torch.device("cpu")

    def __init__(self, array: Bytes) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, h, w), or (n, pixels) once flattened."""
        return self.array.shape

    def __getitem__(self, index: Tensor) -> Tensor:
        return torch.from_numpy(rows_of(self.array, index.numpy()))

    def flatten(self, start: int) -> Mapped:
        """(n, h, w) -> (n, pixels), without reading."""
        return Mapped(self.array.reshape(*self.array.shape[:start], -1))

    def parts(self, size: int) -> Iterator[Tensor]:
        """All images in order, `size` at a time."""
        order = torch.arange(len(self))
        return (self[order[start : start + size]] for start in range(0, len(self), size))


def images_of(array: Bytes) -> Tensor | Mapped:
    """A dataset's images where they are: in memory (shared with the array), or on disk."""
    if isinstance(array, np.memmap):
        return Mapped(array)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")  # nor is it written
        return torch.from_numpy(array)
