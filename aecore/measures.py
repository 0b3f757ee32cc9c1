"""Measures of a finished run that need torch: how alike images look, and how alike two sets of images are.

A classifier FID compares features of the project's own small classifier. It ranks models on one dataset;
it is no Inception FID and is never set beside one.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from aecore import bound, evaluation
from aecore.classifier import DATASETS, Classifier, load_classifier
from aecore.datasets import Dataset
from aecore.datasets.base import Bytes
from aecore.errors import AecoreError
from aecore.stacks import Array
from aecore.store import Run
from aecore.vision import torchvision

torchvision()  # before torchmetrics, which imports it
from torchmetrics.functional.image import structural_similarity_index_measure  # noqa: E402
from torchmetrics.image.fid import FrechetInceptionDistance  # noqa: E402
from torchmetrics.image.inception import InceptionScore  # noqa: E402

NOISES = (0.1, 0.2, 0.3, 0.4, 0.5)  # variances
_AT_ONCE = 1000


def measure(run: Run) -> dict[str, Any]:
    """What `evaluation.evaluate` leaves out, on the run's test images and with its encoder's codes.

    `ssim`; `sse_train`, on the images it was trained on; `sse_noise_0.1` and so on, where the model sees images
    with noise of that variance; the largest distance of a dimension's mean code from 0 (`code_mean`) and of its
    standard deviation from 1 (`code_deviation`); a VAE's `iw_bound` (nats; `bound.importance_bound`).

    On the datasets with a classifier, the classifier FID of test images against reconstructions of them
    (`classifier_fid_reconstructions`), against as many images decoded from N(0, I) (`classifier_fid_prior`)
    and from a Gaussian with the mean and covariance of the training codes (`classifier_fid_gaussian`), and
    the Inception Score of the last two (`classifier_is_prior`, `classifier_is_gaussian`).
    """
    dataset = run.dataset
    real = dataset.test_images
    rebuilt = _shown(dataset, run.decode(run.codes))
    trained_on = dataset.train_images[: run.config.train_images or None]
    table: dict[str, Any] = {"ssim": float(ssim(real, rebuilt).mean()), "sse_train": _sse(run, dataset, trained_on)}
    table |= {f"sse_noise_{variance}": _sse(run, dataset, real, variance) for variance in NOISES}
    table["code_mean"] = float(np.abs(run.codes.mean(0)).max())
    table["code_deviation"] = float(np.abs(run.codes.std(0) - 1).max())
    if "logvar" in run.stacks:
        table["iw_bound"] = float(bound.importance_bound(run.stacks, dataset.pixels(real), run.config).mean())
        table["iw_samples"] = bound.SAMPLES
    if run.config.dataset in DATASETS:
        classifier = load_classifier(run.config.dataset)
        table["classifier_fid_reconstructions"] = classifier_fid(classifier, real, rebuilt)
        drawn = {"prior": prior_codes(run, len(real))}
        if len(trained_on) > 1:  # one code has no Gaussian
            drawn["gaussian"] = gaussian_codes(run, dataset, len(real))
        for name, codes in drawn.items():
            samples = _shown(dataset, run.decode(codes))
            table[f"classifier_fid_{name}"] = classifier_fid(classifier, real, samples)
            table[f"classifier_is_{name}"] = classifier_score(classifier, samples)
    return table


def ssim(images: Bytes, others: Bytes) -> Array:
    """Structural similarity of images in pairs, (n, h, w) uint8 twice -> (n,), 1 for equal images.

    Gaussian window of 1.5 pixels, borders mirrored, constants (0.01 L)^2 and (0.03 L)^2 with L = 255.
    Source: Wang, Bovik, Sheikh & Simoncelli 2004.
    """
    pairs = zip(_batches(images), _batches(others), strict=True)
    return np.concatenate([_ssim(*(images.float().unsqueeze(1) for images in pair)) for pair in pairs])


def classifier_fid(classifier: Classifier, real: Bytes, others: Bytes) -> float:
    """|m - m'|^2 + tr(S + S' - 2 (S S')^(1/2)) of the means and covariances of both sets' features.

    Both (n, 28, 28) uint8. Source: Heusel et al. 2017, there with Inception's features.
    """
    fid = FrechetInceptionDistance(feature=_Features(classifier))  # it sums in float64
    for images, is_real in ((real, True), (others, False)):
        for batch in _batches(images):
            fid.update(batch, real=is_real)
    return max(0.0, float(fid.compute()))


def classifier_score(classifier: Classifier, images: Bytes) -> float:
    """exp(mean over images of KL( p(y | x) || p(y) )), from 1 to the number of classes: (n, 28, 28) uint8.

    Source: Salimans et al. 2016, there with Inception's classes.
    """
    with warnings.catch_warnings(), torch.random.fork_rng():
        warnings.simplefilter("ignore")  # it keeps every logit, and one split has no deviation: both are meant
        score = InceptionScore(feature=classifier, splits=1)
        for batch in _batches(images):
            score.update(batch)
        return float(score.compute()[0])


def prior_codes(run: Run, count: int) -> Array:
    """Draws from N(0, I) with the run's seed: (count, latent_dim)."""
    return np.random.default_rng(run.config.seed).standard_normal((count, run.config.latent_dim), dtype=np.float32)


def gaussian_codes(run: Run, dataset: Dataset, count: int) -> Array:
    """Draws from the Gaussian with the mean and covariance of the training codes: (count, latent_dim)."""
    images = dataset.train_images[: run.config.train_images or None]
    starts = range(0, len(images), _AT_ONCE)
    codes = np.concatenate([run.encode(dataset.pixels(images[start : start + _AT_ONCE])) for start in starts])
    if len(codes) < 2:
        raise AecoreError("A Gaussian needs at least two training codes to be fitted to; train on more images.")
    variances, axes = np.linalg.eigh(np.cov(codes, rowvar=False, dtype=np.float64).reshape(codes.shape[1], -1))
    spread = (axes * np.sqrt(np.maximum(variances, 0))).T  # a code that never varies has variance 0, give or take
    drawn: Array = codes.mean(0) + prior_codes(run, count) @ spread.astype(np.float32)
    return drawn


class _Features(nn.Module):
    """The classifier without its last layer, as torchmetrics wants it."""

    def __init__(self, classifier: Classifier) -> None:
        super().__init__()
        self.classifier, self.num_features = classifier, classifier.num_features

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier.features(images)


def _sse(run: Run, dataset: Dataset, images: Bytes, noise: float = 0.0) -> float:
    scored = evaluation.evaluate(
        run.run_id, run.config, run.stacks, images, run.record["epochs"], "feed-forward", noise, dataset.span
    )
    return float(scored.evaluation["sse"])


def _shown(dataset: Dataset, x: Array) -> Bytes:
    return dataset.grey(x).reshape(-1, *dataset.test_images.shape[1:])


def _batches(images: Bytes) -> Iterator[Tensor]:
    tensor = torch.tensor(images)
    return (tensor[start : start + _AT_ONCE] for start in range(0, len(tensor), _AT_ONCE))


def _ssim(images: Tensor, others: Tensor) -> Array:
    values = structural_similarity_index_measure(others, images, data_range=255.0, reduction="none")
    return cast(Tensor, values).reshape(-1).numpy()
