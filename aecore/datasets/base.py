"""Dataset: named images with labels, each part read when it is first asked for."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import platformdirs
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Span = tuple[float, float]  # the pixel values that byte 0 (shown black) and byte 255 (shown white) stand for

UNIT: Span = (0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Grey images as bytes, 0 black to 255 white, with labels that index `classes`.

    `read` maps a part ("train_images", "train_labels", "test_images", "test_labels") to its array;
    each part is read and verified at its first use, so showing test images never unpacks the training
    images. The arrays are read-only. A part whose file is missing or damaged raises `AecoreError`.

    `span` says what the bytes stand for: a model sees `pixels(images)`, in [0, 1] unless the data ask
    for another scale, and `grey` goes back to what is shown. `fresh` draws a new set of training images,
    in the order of `train_labels`, where the training images are random views of larger pictures.
    """

    name: str
    title: str
    licence: str
    classes: tuple[str, ...]
    checksums: Mapping[str, str]  # file -> SHA-256 of its unpacked content
    read: Callable[[str], Bytes]
    span: Span = UNIT
    fresh: Callable[[np.random.Generator], Bytes] | None = None

    @property
    def version(self) -> str:
        """Eight hex digits that are others for other data under the same name."""
        return hashlib.sha256(json.dumps([sorted(self.checksums.items()), self.classes]).encode()).hexdigest()[:8]

    @property
    def key(self) -> str:
        """Name and version: what the pages know the images by."""
        return f"{self.name}/{self.version}"

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

    def pixels(self, images: Bytes) -> Floats:
        """What a model sees of images: (n, h, w) uint8 -> (n, h * w) float32."""
        return pixels(images, self.span)

    def grey(self, x: Floats) -> Bytes:
        """What is shown of pixels, clipped to the span and rounded: any shape, float -> uint8."""
        return grey(x, self.span)


def pixels(images: Bytes, span: Span = UNIT) -> Floats:
    """x = low + (high - low) byte / 255: (n, h, w) uint8 -> (n, h * w) float32."""
    low, high = span
    x = np.divide(images.reshape(len(images), -1), 255, dtype=np.float32)
    return x if span == UNIT else x * np.float32(high - low) + np.float32(low)


def grey(x: Floats, span: Span = UNIT) -> Bytes:
    """The inverse of `pixels`, clipped and rounded, in the shape of `x`."""
    low, high = span
    levels: Bytes = np.rint(np.clip((x - low) / (high - low), 0, 1) * 255).astype(np.uint8)
    return levels


def data_folder() -> Path:
    """Where data that is not shipped is kept: `$AECORE_DATA`, or the platform's cache folder."""
    return Path(os.environ.get("AECORE_DATA") or platformdirs.user_cache_dir("aecore"))
