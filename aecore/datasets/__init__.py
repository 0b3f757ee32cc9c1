"""Named datasets. A new one is one file here and one row of `DATASETS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

from aecore.datasets import fashion_mnist, mnist, olivetti, own
from aecore.datasets.base import Dataset
from aecore.datasets.own import Summary
from aecore.errors import AecoreError

__all__ = ["DATASETS", "Dataset", "Row", "Summary", "add", "load", "table", "title"]

_KEPT = 16  # datasets: what was read of one is kept with it


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


def table() -> Mapping[str, Row]:
    """`DATASETS` and the user's own images, by name."""
    mine = {name: Row(title, partial(own.load, name)) for name, title in own.names().items()}
    return {**DATASETS, **{name: row for name, row in mine.items() if name not in DATASETS}}


def load(name: str) -> Dataset:
    """The dataset `name`, the same object on every call; `AecoreError` for an unknown name or absent files.

    Own images that were removed and added anew are another dataset, and so another object.
    """
    return _load(name, None if name in DATASETS else own.stamp(name))


@lru_cache(maxsize=_KEPT)
def _load(name: str, stamp: tuple[str, int, int] | None) -> Dataset:
    known = table()
    if name not in known:
        raise AecoreError(
            f"There is no dataset '{name}'; choose one of {', '.join(known)}, or add it (`aecore data add`)."
        )
    return known[name].load()


load.cache_clear = _load.cache_clear  # type: ignore[attr-defined]


def title(name: str) -> str:
    """The title of the dataset `name`, or the name where there is none; only own images take a look at the disk."""
    return DATASETS[name].title if name in DATASETS else own.names().get(name, name)


def add(
    name: str,
    path: Path,
    size: int | None = None,
    test_share: float = 0.1,
    span: tuple[float, float] | None = None,
) -> Summary:
    """`own.add`, for a name that no dataset has."""
    if name in table():
        raise AecoreError(f"There is a dataset '{name}' already; choose another name, or remove it first.")
    return own.add(name, path, size, test_share, span)
