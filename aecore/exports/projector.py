"""The test codes for TensorFlow's Embedding Projector: tensors and metadata as TSV, and a sprite of the images."""

from __future__ import annotations

import csv
import json
import math
from io import StringIO
from typing import Any

import numpy as np

from aecore.exports.table import ERRORS, columns
from aecore.exports.view import View
from aecore.grids import png, tile

SPRITE_SIDE = 8192  # pixels: the largest sprite that the Projector takes


def files(view: View) -> dict[str, bytes]:
    """`tensors.tsv`, `metadata.tsv`, `sprite.png` and the `projector_config.json` that ties them together.

    Where the sprite cannot hold all test images, all three hold the first that it can.
    """
    run, dataset = view.run, view.run.dataset
    height, width = dataset.test_images.shape[1:]
    count = min(len(run.codes), (SPRITE_SIDE // max(height, width)) ** 2)
    told = columns(view)
    metadata = {name: told[name][:count].tolist() for name in ("index", "label", "class", *ERRORS) if name in told}
    sprite = tile(dataset.test_images[:count], math.ceil(math.sqrt(count)))
    config = {
        "embeddings": [{
            "tensorName": run.title,
            "tensorShape": [count, run.config.latent_dim],
            "tensorPath": "tensors.tsv",
            "metadataPath": "metadata.tsv",
            "sprite": {"imagePath": "sprite.png", "singleImageDim": [width, height]},
        }]
    }  # fmt: skip
    return {
        "tensors.tsv": _tsv(run.codes[:count].astype(np.float64).tolist()),
        "metadata.tsv": _tsv([metadata, *zip(*metadata.values(), strict=True)]),
        "sprite.png": png(sprite),
        "projector_config.json": json.dumps(config, indent=1).encode(),
    }


def _tsv(rows: Any) -> bytes:
    text = StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
