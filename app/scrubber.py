"""What the epoch scrubber shows: a run's curves as small JSON, what is stored of its epochs packed by tens; pure."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aecore import AecoreError
from aecore.store import POINTS, RunFolder

CHUNK = 10  # epochs: while a run trains, only the last chunk changes


def describe(run: RunFolder) -> dict[str, Any]:
    """The run's stored epochs by kind of grid, and its history by term, ready for JSON.

    `test` and `train` map a term to one value for each of `epochs`, or None where a row lacks it; `unit` is
    that of `loss`.
    """
    history = run.history()
    return {
        "id": run.run_id,
        "unit": "SSE" if getattr(run.config, "loss", "bce") == "mse" else "nats",
        "wanted": run.config.epochs,
        "grids": {kind: run.epochs(kind) for kind in run.kinds()},
        "epochs": [row["epoch"] for row in history],
        "test": _columns([row["test"] for row in history]),
        "train": _columns([row["train"] for row in history]),
    }


def chunks(epochs: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Epochs by the number of their chunk: 1-10 are chunk 0, and so is epoch 0, of a model solved at once."""
    grouped: dict[int, tuple[int, ...]] = {}
    for epoch in epochs:
        grouped[number(epoch)] = (*grouped.get(number(epoch), ()), epoch)
    return grouped


def number(epoch: int) -> int:
    """The number of the chunk that an epoch is in."""
    return max(0, epoch - 1) // CHUNK


def newest_first(lists: Iterable[Iterable[tuple[int, ...]]]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """(which list, chunk) of several lists of chunks in turn, each from its end: a page opens at the newest epoch."""
    backwards = [[(at, chunk) for chunk in reversed([*chunks])] for at, chunks in enumerate(lists)]
    return (one for turn in zip_longest(*backwards) for one in turn if one is not None)


def pack(run: RunFolder, kind: str, epochs: Sequence[int]) -> bytes:
    """The run's pictures of some epochs, in order, as one blob that `epochs/frames.js` unpacks.

    A line of JSON, then the deflated pixels: the first grid whole, each later one as its difference to the
    one before, modulo 256. The real halves do not change and the others change little: about half a PNG's size.
    """
    found = [run.sheet(epoch, kind) for epoch in epochs]
    odd = next((epoch for epoch, sheet in zip(epochs, found, strict=True) if sheet.shape != found[0].shape), None)
    if odd is not None:
        raise AecoreError(f"The grid {run.grid(odd, kind)} has another size than the others; train the run again.")
    sheets = np.stack(found)
    sheets[1:] -= sheets[:-1].copy()
    _, height, width = sheets.shape
    header = {"epochs": [*epochs], "height": height, "width": width}
    return json.dumps(header).encode() + b"\n" + zlib.compress(sheets.tobytes(), 6)


def pack_points(run: RunFolder, epochs: Sequence[int], labels: NDArray[np.uint8] | None) -> bytes:
    """The run's maps of some epochs, and the class of each of their n points, as `epochs/frames.js` unpacks them.

    A line of JSON, then deflated: a byte a class, all 0 without `labels`, and of each epoch (n, 2) half-precision
    numbers.
    """
    found = [_points(run, epoch) for epoch in epochs]
    maps = np.stack([points[: min(map(len, found))] for points in found])
    n = maps.shape[1]
    groups = np.zeros(n, np.uint8) if labels is None else labels[:n]
    payload = groups.astype(np.uint8).tobytes() + maps.astype("<f2").tobytes()
    return json.dumps({"epochs": [*epochs], "count": n}).encode() + b"\n" + zlib.compress(payload, 6)


def _points(run: RunFolder, epoch: int) -> NDArray[Any]:
    if (points := run.points(epoch)) is None:
        raise AecoreError(f"The map {run.grid(epoch, POINTS)} is missing or damaged; train the run again.")
    return points


def _columns(rows: Sequence[dict[str, float]]) -> dict[str, list[float | None]]:
    terms = dict.fromkeys(term for row in rows for term in row)
    return {term: [_rounded(row.get(term)) for row in rows] for term in terms}


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")
