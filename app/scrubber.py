"""What the epoch scrubber shows: a run's curves as small JSON, what is stored of its epochs packed by tens; pure."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aecore import AecoreError
from aecore.store import POINTS, Run, RunFolder

CHUNK = 10  # epochs: while a run trains, only the last chunk changes


def describe(run: RunFolder) -> dict[str, Any]:
    """The run's stored epochs by kind of grid, and its history by term, ready for JSON.

    `test` and `train` map a term to one value for each of `epochs`, or None where a row lacks it; `unit` is
    that of `loss`.
    """
    history = run.history()
    return {
        "id": run.run_id,
        "version": version(run),
        "unit": "SSE" if getattr(run.config, "loss", "bce") == "mse" else "nats",
        "wanted": run.config.epochs,
        "grids": {kind: run.epochs(kind) for kind in run.kinds()},
        "epochs": [row["epoch"] for row in history],
        "test": _columns([row["test"] for row in history]),
        "train": _columns([row["train"] for row in history]),
    }


def version(run: RunFolder) -> str:
    """What tells a finished run from others that had its name; nothing for one in training."""
    return run.version if isinstance(run, Run) else ""


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


class Packed(NamedTuple):
    """A blob of some epochs for `epochs/frames.js`, and a sentence for each epoch that it leaves out as damaged."""

    blob: bytes
    problems: tuple[str, ...]


def pack(run: RunFolder, kind: str, epochs: Sequence[int]) -> Packed:
    """The run's pictures of some epochs, in order, as one blob that `epochs/frames.js` unpacks.

    A line of JSON, then the deflated pixels: the first grid whole, each later one as its difference to the
    one before, modulo 256. The real halves do not change and the others change little: about half a PNG's size.
    Raises `AecoreError` where no epoch can be read.
    """
    found, problems = _readable(run, kind, epochs, lambda epoch: run.sheet(epoch, kind))
    sheets = np.stack([*found.values()])
    sheets[1:] -= sheets[:-1].copy()
    _, height, width = sheets.shape
    header = {"epochs": [*found], "height": height, "width": width}
    return Packed(json.dumps(header).encode() + b"\n" + zlib.compress(sheets.tobytes(), 6), problems)


def pack_points(run: RunFolder, epochs: Sequence[int], labels: NDArray[np.uint8] | None) -> Packed:
    """The run's maps of some epochs, and the class of each of their n points, as `epochs/frames.js` unpacks them.

    A line of JSON, then deflated: a byte a class, all 0 without `labels`, and of each epoch (n, 2) half-precision
    numbers. Raises as `pack`.
    """
    found, problems = _readable(run, POINTS, epochs, run.points)
    maps = np.stack([*found.values()])
    n = maps.shape[1]
    groups = np.zeros(n, np.uint8) if labels is None else np.resize(labels, n)
    payload = groups.astype(np.uint8).tobytes() + maps.astype("<f2").tobytes()
    header = {"epochs": [*found], "count": n}
    return Packed(json.dumps(header).encode() + b"\n" + zlib.compress(payload, 6), problems)


def _readable(
    run: RunFolder, kind: str, epochs: Sequence[int], read: Callable[[int], NDArray[Any] | None]
) -> tuple[dict[int, NDArray[Any]], tuple[str, ...]]:
    """What can be read of the epochs and has the shape of the first of them, and a sentence for each other one."""
    found: dict[int, NDArray[Any]] = {}
    problems = []
    for epoch in epochs:
        array = _attempt(read, epoch)
        if array is None or (found and array.shape != next(iter(found.values())).shape):
            problems.append(f"{run.grid(epoch, kind)} is missing or damaged, and left out; train the run again.")
        else:
            found[epoch] = array
    if not found:
        raise AecoreError(problems[0])
    return found, tuple(problems)


def _attempt(read: Callable[[int], NDArray[Any] | None], epoch: int) -> NDArray[Any] | None:
    try:
        return read(epoch)
    except AecoreError:
        return None


def _columns(rows: Sequence[dict[str, float]]) -> dict[str, list[float | None]]:
    terms = dict.fromkeys(term for row in rows for term in row)
    return {term: [_rounded(row.get(term)) for row in rows] for term in terms}


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")
