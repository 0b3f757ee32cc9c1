"""A run's latent space as the explorer component needs it: ready for JSON, and small."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aecore import directions, latents, plausible
from aecore.datasets import Dataset
from aecore.errors import AecoreError
from aecore.latents import Gaussian
from aecore.stacks import Array
from aecore.store import SAMPLES, Run


def describe(run: Run) -> dict[str, Any]:
    """The dimensions in the order to show, the codes' principal directions, class means, what samples are drawn from.

    `prior`: whether samples are drawn from N(0, I); `gaussian`, what else they are drawn from, is fitted to the test
    codes, and None where there is a prior, or one code alone, and then no sample. `posterior`: whether the encoder
    gives a Gaussian q(z | x), as a VAE's. `cloud`: as from `cloud`, or None where `unsure` says why.
    """
    dataset, codes = run.dataset, run.codes
    prior = SAMPLES in run.kinds()
    found, unsure = cloud(run)
    return {
        "run": run.run_id,
        "version": run.version,
        "dataset": dataset.name,
        "images": dataset.key,
        "shape": dataset.test_images.shape[1:],
        "span": dataset.span,
        "count": len(dataset.test_images),
        "classes": dataset.classes,
        "dimensions": _dimensions(run, prior),
        "principal": _principal(codes),
        "measure": "KL to the prior" if "kl_per_dimension" in run.evaluation else "variance of the test codes",
        "posterior": plausible.has_posterior(run),
        "cloud": found,
        "unsure": unsure,
        "means": _means(codes, dataset),
        "prior": prior,
        "gaussian": None if prior or len(codes) < 2 else _gaussian(latents.fit_gaussian(codes)),
    }


def cloud(run: Run) -> tuple[dict[str, Any] | None, str]:
    """Where the run's codes lie (`aecore.plausible.Cloud`): `mean`, the lower rows of `whiten`, and `distances`.

    None, and a sentence that says why, where that cannot be told.
    """
    codes = plausible.aggregate(run)
    try:
        found = plausible.fit_cloud(codes)
    except AecoreError as error:
        return None, str(error)
    return {
        "mean": _exact(found.mean),
        "whiten": [_exact(row[: i + 1]) for i, row in enumerate(found.whiten)],
        "distances": _exact(found.distances),
    }, ""


def _gaussian(fitted: Gaussian) -> dict[str, Any]:
    """Its mean, and the lower rows of its Cholesky factor."""
    rows = _short(fitted.cholesky)
    return {"mean": _short(fitted.mean), "cholesky": [row[: i + 1] for i, row in enumerate(rows)]}


def _means(codes: Array, dataset: Dataset) -> list[list[float] | None]:
    """Each class's mean code; None for a class without a test image."""
    there = set(dataset.test_labels.tolist())
    means = _short(latents.class_means(codes, dataset.test_labels, len(dataset.classes)))
    return [mean if label in there else None for label, mean in enumerate(means)]


def _dimensions(run: Run, prior: bool) -> list[dict[str, Any]]:
    measure = ("KL", " nats") if "kl_per_dimension" in run.evaluation else ("variance", "")
    return _axes(latents.importance(run), latents.ranges(run.codes, prior), *measure)


def _principal(codes: Array) -> dict[str, Any]:
    """The principal directions of the test codes through their mean: unit vectors, and a slider for each."""
    found = directions.principal(codes)
    vectors = np.stack([direction.vector for direction in found]).astype(np.float64)
    places = ((codes - found[0].origin.astype(np.float64)) @ vectors.T / (vectors**2).sum(1)).astype(np.float32)
    return {
        "mean": _short(found[0].origin),
        "vectors": [_short(direction.vector) for direction in found],
        "dimensions": _axes(places.var(axis=0, dtype=np.float64), latents.ranges(places), "variance"),
    }


def _axes(importance: NDArray[np.float64], spans: Array, name: str, unit: str = "") -> list[dict[str, Any]]:
    """What the sliders are told of axes, the most important first."""
    return [
        {
            "index": int(index),
            "low": _rounded(spans[index, 0], spans[index, 1] - spans[index, 0], 4),
            "high": _rounded(spans[index, 1], spans[index, 1] - spans[index, 0], 4),
            "importance": round(float(importance[index] / (importance.max() or 1)), 4),
            "detail": f"{name} {importance[index]:.3g}{unit}, {importance[index] / (importance.sum() or 1):.0%} of all",
        }
        for index in latents.order(importance)
    ]


def _exact(array: NDArray[np.float64]) -> list[float]:
    """Numbers with six digits, however small they are."""
    return [float(f"{value:.6g}") for value in array]


def _short(array: Array) -> Any:
    """Nested lists of numbers with five decimals, or more where all are small."""
    return np.round(array.astype(np.float64), _decimals(float(np.abs(array).max()), 5)).tolist()


def _rounded(value: np.floating[Any], extent: np.floating[Any], decimals: int) -> float:
    return round(float(value), _decimals(float(extent), decimals))


def _decimals(extent: float, least: int) -> int:
    """At least so many, and enough for a hundredth of the extent."""
    return max(least, 2 - math.floor(math.log10(extent))) if extent > 0 else least
