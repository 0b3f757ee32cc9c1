"""Where the explorer component is told to be."""

from __future__ import annotations

import base64
from typing import Any

from links import Place

from aecore import datasets
from aecore.store import Run


def opening(run: Run, place: Place, number: int) -> dict[str, Any]:
    """The place to open, with what lets the first picture come before the codes and images: `number` tells it apart."""
    known: dict[str, Any] = {"number": number, "start": place.start, "z": place.z}
    if (index := place.test_index) is not None:
        dataset = datasets.load(run.config.dataset)
        known["code"] = run.codes[index].tolist()
        known["image"] = base64.b64encode(dataset.test_images[index].tobytes()).decode()
        known["label"] = int(dataset.test_labels[index])
    return known
