"""A small dataset, so that whole runs take a moment."""

import numpy as np
import pytest

from aecore import datasets
from aecore.datasets import Dataset, Row


def _blobs(count, seed):
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:8, :8]
    centres = random.uniform(1, 6, (count, 2, 1, 1))
    distance = (rows - centres[:, 0]) ** 2 + (columns - centres[:, 1]) ** 2
    return (255 * np.exp(-distance / 4)).astype(np.uint8)


def _read(part):
    count, seed = (200, 0) if part.startswith("train") else (100, 1)
    return _blobs(count, seed) if part.endswith("images") else (np.arange(count) % 2).astype(np.uint8)


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """The dataset `tiny` (8 x 8 blobs, two classes) and a home of its own; yields that home."""
    dataset = Dataset("tiny", "Tiny", "none", ("even", "odd"), {"blobs": "0"}, _read)
    monkeypatch.setitem(datasets.DATASETS, "tiny", Row("Tiny", lambda: dataset))
    datasets.load.cache_clear()
    monkeypatch.setenv("AECORE_HOME", str(tmp_path / "home"))
    yield tmp_path / "home"
    datasets.load.cache_clear()
