"""Where the explorer component is told to be."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from links import Place
from numpy.typing import NDArray

from aecore.datasets import Dataset
from aecore.datasets.base import Bytes
from aecore.store import Run


def opening(run: Run, place: Place, number: int) -> dict[str, Any]:
    """The place to open, with what lets the first picture come before the codes and images: `number` tells it apart."""
    known: dict[str, Any] = {
        "number": number,
        "start": place.start,
        "z": place.z,
        "panel": place.panel,
        "view": place.view,
    }
    if place.image:
        split, index = place.image
        dataset = run.dataset
        images, labels = _split(dataset, split)
        known["code"] = (run.codes[index] if split == "test" else _encode(run, dataset, images[index])).tolist()
        known["image"] = base64.b64encode(images[index].tobytes()).decode()
        known["label"] = int(labels[index])
    return known


def _split(dataset: Dataset, split: str) -> tuple[Bytes, Bytes]:
    if split == "test":
        return dataset.test_images, dataset.test_labels
    return dataset.train_images, dataset.train_labels


def _encode(run: Run, dataset: Dataset, image: Bytes) -> NDArray[np.float32]:
    return run.encode(dataset.pixels(image[None]))[0]
