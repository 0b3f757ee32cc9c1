"""Dataset: named images with labels, each part read when it is first asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import platformdirs
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Grey images, 0 black to 255 white, with labels that index `classes`.

    `read` maps a part ("train_images", "train_labels", "test_images", "test_labels") to its array;
    each part is read and verified at its first use, so showing test images never unpacks the training
    images. The arrays are read-only. A part whose file is missing or damaged raises `AecoreError`.
    """

    name: str
    title: str
    licence: str
    classes: tuple[str, ...]
    checksums: Mapping[str, str]  # file -> SHA-256 of its unpacked content
    read: Callable[[str], Bytes]

    @cached_property
    def train_images(self) -> Bytes:
        """(n, h, w) uint8."""
        return self.read("train_images")

    @cached_property
    def train_labels(self) -> Bytes:
        """(n,) uint8."""
        return self.read("train_labels")

    @cached_property
    def test_images(self) -> Bytes:
        """(n, h, w) uint8."""
        return self.read("test_images")

    @cached_property
    def test_labels(self) -> Bytes:
        """(n,) uint8."""
        return self.read("test_labels")


def data_folder() -> Path:
    """Where data that is not shipped is kept: `$AECORE_DATA`, or the platform's cache folder."""
    return Path(os.environ.get("AECORE_DATA") or platformdirs.user_cache_dir("aecore"))
