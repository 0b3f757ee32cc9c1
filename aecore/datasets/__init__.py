"""Named datasets. A new one is one file here and one row of `DATASETS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import NamedTuple

from aecore.datasets import fashion_mnist, mnist, olivetti
from aecore.datasets.base import Dataset
from aecore.errors import AecoreError

__all__ = ["DATASETS", "Dataset", "Row", "load"]


class Row(NamedTuple):
    """A dataset's title and the function that finds it, which reads no image yet."""

    title: str
    load: Callable[[], Dataset]


DATASETS: Mapping[str, Row] = {
    "fashion_mnist": Row(fashion_mnist.TITLE, fashion_mnist.load),
    "mnist": Row(mnist.TITLE, mnist.load),
    **{
        variant.name: Row(variant.title, partial(olivetti.load, variant))
        for variant in (olivetti.BLURRED, olivetti.SHARP)
    },
}


@cache
def load(name: str) -> Dataset:
    """The dataset `name`, the same object on every call; `AecoreError` for an unknown name or absent files."""
    if name not in DATASETS:
        raise AecoreError(f"There is no dataset '{name}'; choose one of {', '.join(DATASETS)}.")
    return DATASETS[name].load()
