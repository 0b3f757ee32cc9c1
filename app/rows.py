"""What the Compare page's tiles show: the same test images in every row, and what each model makes of them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from aecore import evaluation, grids
from aecore.config import Codes
from aecore.datasets import Dataset
from aecore.store import Run

Indices = NDArray[np.intp]
Images = NDArray[np.float32]  # (n, pixels)
Encode = Callable[[Run, Codes, Images], NDArray[np.float32]]  # -> (n, latent_dim)

WHOSE: dict[Codes, str] = {"feed-forward": "encoder's codes", "optimised": "optimised codes"}


class Name(NamedTuple):
    """A run's name among the chosen ones: "AE", "100 epochs"."""

    short: str
    detail: str

    @property
    def words(self) -> str:
        """In one line: "AE (100 epochs)"."""
        return f"{self.short} ({self.detail})" if self.detail else self.short


@dataclass(frozen=True)
class View:
    """What is asked for: test images, a measure of error, whose codes (None: as each run was trained), and noise."""

    indices: Indices
    measure: str
    codes: Codes | None = None
    noise: float = 0.0  # variance on each pixel

    def codes_of(self, run: Run) -> Codes:
        """Whose codes a run's row shows."""
        return self.codes or run.config.codes


def by_error(pool: Indices, errors: NDArray[np.float32]) -> Indices:
    """The images of `pool`, largest error first; equal ones stay in order."""
    return pool[np.argsort(-errors[pool], kind="stable")]


def noisy(x: Images, indices: Indices, variance: float) -> Images:
    """The images as the models see them; an image's noise is the same wherever it stands."""
    draws = (np.random.default_rng(int(index)) for index in indices)
    return np.concatenate([evaluation.noisy(row[None], variance, draw) for row, draw in zip(x, draws, strict=True)])


def tile_rows(
    dataset: Dataset, chosen: Sequence[Run], names: Sequence[Name], view: View, encode: Encode
) -> dict[str, Any]:
    """What the component draws: the images, and for each row its sprite, its errors and its mean."""
    x = dataset.pixels(dataset.test_images[view.indices])
    seen = noisy(x, view.indices, view.noise) if view.noise else x
    rows = [_real(dataset, chosen, view, x)]
    if view.noise:
        rows.append(_noisy(dataset, view, x, seen))
    codes = [encode(run, view.codes_of(run), seen) for run in chosen]
    errors = np.array([_errors(run, view.measure, x, z) for run, z in zip(chosen, codes, strict=True)])
    lowest = errors == errors.min(0) if len(chosen) > 1 else np.zeros_like(errors, bool)
    tell = any(view.codes_of(run) != "feed-forward" for run in chosen)
    for run, name, z, of_run, best in zip(chosen, names, codes, errors, lowest, strict=True):
        rows.append({
            "run": run.run_id,
            "title": name.short,
            "detail": name.detail,
            "mean": _mean(run, view, of_run),
            "codes": WHOSE[view.codes_of(run)] if tell else "",
            "link": f"./?run={quote(run.run_id)}&start=",
            "errors": _numbers(of_run),
            "best": best.tolist(),
            "sprite": _sprite(dataset, run.decode(z)),
        })  # fmt: skip
    images = [
        {"index": int(index), "start": f"test-{index}", "title": dataset.classes[dataset.test_labels[index]]}
        for index in view.indices
    ]
    many = f"these {len(x)}" if view.noise else f"{len(dataset.test_images):,}"
    return {"images": images, "rows": rows, "meanTitle": f"mean of {many}"}


def _real(dataset: Dataset, chosen: Sequence[Run], view: View, x: Images) -> dict[str, Any]:
    row = _without_model("Real", dataset, x)
    if view.measure == "bce":
        floor = evaluation.bce_floor(x)
        mean = float(floor.mean()) if view.noise else chosen[0].evaluation["bce_floor"]
        row |= {"detail": "BCE floor", "errors": _numbers(floor), "mean": f"{mean:.2f}"}
    return row


def _noisy(dataset: Dataset, view: View, x: Images, seen: Images) -> dict[str, Any]:
    """What the models see. Pixels outside [0, 1] are no probabilities, so that it has no BCE."""
    row = _without_model("Noisy", dataset, seen) | {"detail": f"variance {view.noise:g}"}
    if view.measure == "sse":
        errors = evaluation.sse(x, seen)
        row |= {"errors": _numbers(errors), "mean": f"{errors.mean():.2f}"}
    return row


def _without_model(title: str, dataset: Dataset, x: Images) -> dict[str, Any]:
    row: dict[str, Any] = {"run": "", "title": title, "detail": "", "mean": "", "codes": "", "link": "./?start="}
    return row | {"errors": [""] * len(x), "best": [False] * len(x), "sprite": _sprite(dataset, x)}


def _errors(run: Run, measure: str, x: Images, z: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of each clean image, whatever it was encoded from: (n,)."""
    if measure == "bce":
        return evaluation.bce(x, run.stacks["decoder"], z)
    return evaluation.sse(x, run.decode(z))


def _mean(run: Run, view: View, errors: NDArray[np.float32]) -> str:
    """Over all test images where that is kept; of noisy ones, over those that are shown."""
    mean = float(errors.mean()) if view.noise else run.score(view.measure, view.codes_of(run))
    return "–" if mean is None else f"{mean:.2f}"


def _numbers(errors: NDArray[np.float32]) -> list[str]:
    return [f"{error:.1f}" for error in errors]


def _sprite(dataset: Dataset, x: Images) -> str:
    """Images side by side as one data URI."""
    shown = dataset.grey(x).reshape(-1, *dataset.test_images.shape[1:])
    return "data:image/png;base64," + base64.b64encode(grids.png(grids.tile(shown, len(shown)))).decode()
