"""Every number that is shown or stored, computed in numpy from a stored run and test images."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aecore.config import Codes, RunConfig
from aecore.datasets.base import UNIT, Span, pixels
from aecore.datasets.sources import rows_of
from aecore.errors import AecoreError
from aecore.families import MODELS
from aecore.optimised import optimised_codes
from aecore.stacks import Array, Stack

__all__ = [
    "TestPass",
    "bce",
    "bce_floor",
    "evaluate",
    "kl_per_dimension",
    "mean_image_errors",
    "noisy",
    "pixels",
    "psnr",
    "sse",
    "useless",
]

# Where a reconstruction is no sigmoid's output (PCA), BCE clips it to this far inside (0, 1).
# 0.01 is near the value that favours it most: PCA-20 then scores 240.5 nats on Fashion-MNIST.
CLIP = 0.01
# A dimension is active when its mean code varies by more than this over the images (Burda et al. 2016).
ACTIVE_VARIANCE = 0.01
_BATCH = 2000


@dataclass(frozen=True)
class TestPass:
    """A run over n test images: codes (n, d), errors per image by name (n,), and the table of means."""

    codes: Array
    errors: dict[str, Array]
    evaluation: dict[str, Any]


def sse(x: Array, x_hat: Array) -> Array:
    """Squared error summed over pixels, unclipped: (n, pixels) twice -> (n,)."""
    return _total(np.square(x_hat - x))


def bce(x: Array, stack: Stack, z: Array) -> Array:
    """Bernoulli negative log-likelihood of x under the decoded z, summed over pixels: (n,) nats.

    From the logits where the decoder ends in a sigmoid, otherwise from x_hat clipped to [CLIP, 1 - CLIP].
    """
    logits = stack.logits(z)
    if logits is None:
        x_hat = np.clip(stack(z).astype(np.float64), CLIP, 1 - CLIP)
        terms = -x * np.log(x_hat) - (1 - x) * np.log1p(-x_hat)
    else:
        terms = np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits))) - x * logits
    return _total(terms)


def bce_floor(x: Array) -> Array:
    """The least BCE that any reconstruction can have, the entropy of the grey pixels: (n,) nats."""
    p = np.clip(x.astype(np.float64), 1e-300, 1)
    q = np.clip(1 - x.astype(np.float64), 1e-300, 1)
    return _total(-x * np.log(p) - (1 - x) * np.log(q))


def _total(terms: NDArray[np.floating[Any]]) -> Array:
    return np.asarray(terms.sum(1, dtype=np.float64), dtype=np.float32)


def noisy(x: Array, variance: float, random: np.random.Generator) -> Array:
    """x with Gaussian noise on each pixel, not clipped: (n, pixels) -> (n, pixels)."""
    return x + np.float32(variance**0.5) * random.standard_normal(x.shape, dtype=np.float32)


def kl_per_dimension(mean: Array, logvar: Array) -> Array:
    """KL( N(mean, exp(logvar)) || N(0, 1) ) of each dimension: (n, d) nats."""
    return 0.5 * (np.exp(logvar) + np.square(mean) - 1 - logvar)


def psnr(mse: float, peak: float = 1.0) -> float | None:
    """Peak signal-to-noise ratio in dB of a mean squared error a pixel, 10 log10(peak^2 / mse); None without error."""
    return 10 * math.log10(peak**2 / mse) if mse > 0 else None


def mean_image_errors(train: NDArray[np.uint8], test: NDArray[np.uint8], span: Span = UNIT) -> dict[str, float]:
    """The errors on `test` of one image for all, the mean of `train`: both uint8 (n, h, w) of pixels in `span`.

    `mean_image_sse` of the mean m itself; `mean_image_bce` (nats), where pixels are in [0, 1], of
    (n m + 1/2) / (n + 1), which no pixel makes infinite (Krichevsky & Trofimov 1981). Both sum over pixels; each is
    averaged over the images.
    """
    mean, test_mean = _mean(train, span), _mean(test, span)
    squares = sum((np.square(x - mean).sum(dtype=np.float64) for x in _parts(test, span)), 0.0)
    sse = squares / len(test)
    if span != UNIT:
        return {"mean_image_sse": float(sse)}
    p = (len(train) * mean + 0.5) / (len(train) + 1)
    nats = -test_mean * np.log(p) - (1 - test_mean) * np.log1p(-p)
    return {"mean_image_sse": float(sse), "mean_image_bce": float(nats.sum())}


def _mean(images: NDArray[np.uint8], span: Span) -> NDArray[np.float64]:
    """The mean image of images that may lie on disk, (pixels,)."""
    total = np.zeros(images[0].size, np.uint64)
    for start in range(0, len(images), _BATCH):
        rows = rows_of(images, np.arange(start, min(start + _BATCH, len(images))))
        total += rows.reshape(len(rows), -1).sum(0, dtype=np.uint32)
    return span[0] + (span[1] - span[0]) * total / (255 * len(images))


def _parts(images: NDArray[np.uint8], span: Span) -> Iterator[Array]:
    """Images in order, as pixels, some at a time."""
    return (pixels(images[start : start + _BATCH], span) for start in range(0, len(images), _BATCH))


def useless(config: RunConfig, table: Mapping[str, Any]) -> str:
    """One sentence where a run's error, by the loss that it was trained for, is above that of the mean training image.

    Empty where it is below, or where the table of an older run does not say.
    """
    name = "sse" if config.loss == "mse" or "loss" in MODELS[config.family].unused else "bce"
    error, plain = table.get(name), table.get(f"mean_image_{name}")
    if error is None or plain is None or error <= plain:
        return ""
    unit = name.upper()
    return f"Worse than the mean training image for all: {unit} {error:.5g}, where that image has {plain:.5g}."


def evaluate(
    run_id: str,
    config: RunConfig,
    stacks: Mapping[str, Stack],
    images: NDArray[np.uint8],
    epochs: int,
    codes: Codes | None = None,
    noise: float = 0.0,
    span: Span = UNIT,
) -> TestPass:
    """Score stored stacks on uint8 `images` (n, h, w), whose bytes stand for pixels in `span`.

    `codes` says whose codes are decoded, the encoder's or the best there are (`optimised`); None: those
    that the run was trained with. The model sees the images with noise of variance `noise` on each
    pixel, and is scored against the clean ones.
    `sse` sums over pixels and `mse` averages over them; `bce` and the VAE's terms are nats an image;
    each is averaged over the images. Pixels outside [0, 1] are no probabilities and have no `bce`.
    `recon` is sampled once an image from q(z | x) with the run's seed, `recon_at_mean` decodes the mean
    (no bound), `neg_elbo` = recon + kl, unweighted; they belong to the encoder, so that with optimised
    codes there are none. Raises `AecoreError` where a number is not finite.
    """
    kind = codes or config.codes
    with np.errstate(over="ignore", invalid="ignore"):  # looked at below
        parts = [_score(stacks, config, kind, span, *batch) for batch in _batches(images, config, noise, span)]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    z, kl = columns.pop("codes"), columns.pop("kl_per_dimension", None)
    table: dict[str, Any] = {
        "run_id": run_id,
        "family": config.family,
        "dataset": config.dataset,
        "latent_dim": config.latent_dim,
        "epochs": epochs,
        "codes": kind,
        "noise": noise,
        "images": len(images),
    }
    means = {name: float(column.mean(dtype=np.float64)) for name, column in columns.items()}
    _check_finite(run_id, z, kl, *columns.values())
    mse = means["sse"] / images[0].size
    table |= {"sse": means["sse"], "mse": mse, "psnr": psnr(mse, span[1] - span[0])}
    table |= {name: means[name] for name in ("bce", "bce_floor") if name in means}
    if kl is not None:
        table |= _posterior_table(config, means, z, kl)
    return TestPass(z, {name: columns[name] for name in ("sse", "bce") if name in columns}, table)


def _check_finite(run_id: str, *columns: Array | None) -> None:
    if not all(np.isfinite(column).all() for column in columns if column is not None):
        raise AecoreError(
            f"The codes or errors of '{run_id}' are not finite numbers; train it again with a lower learning rate."
        )


def _posterior_table(config: RunConfig, means: Mapping[str, float], codes: Array, kl: Array) -> dict[str, Any]:
    at_mean, sampled = ("bce", "sampled_bce") if config.loss == "bce" else ("sse", "sampled_sse")
    total = float(kl.sum(1, dtype=np.float64).mean())
    return {
        "recon": means[sampled],
        "recon_at_mean": means[at_mean],
        "kl": total,
        "neg_elbo": means[sampled] + total,
        "active_units": int((codes.var(0, dtype=np.float64) > ACTIVE_VARIANCE).sum()),
        "kl_per_dimension": [float(value) for value in kl.mean(0, dtype=np.float64)],
    }


def _batches(
    images: NDArray[np.uint8], config: RunConfig, noise: float, span: Span
) -> Iterator[tuple[Array, Array, Array]]:
    """Images in order, as they are and as the model sees them, with standard normal draws (b, d) for the code."""
    random, pixel_random = np.random.default_rng(config.seed), np.random.default_rng([config.seed, 1])
    for start in range(0, len(images), _BATCH):
        batch = seen = pixels(images[start : start + _BATCH], span)
        if noise:
            seen = noisy(batch, noise, pixel_random)
        yield batch, seen, random.standard_normal((len(batch), config.latent_dim), dtype=np.float32)


def _score(
    stacks: Mapping[str, Stack], config: RunConfig, kind: Codes, span: Span, x: Array, seen: Array, draws: Array
) -> dict[str, Array]:
    decoder = stacks["decoder"]
    codes = optimised_codes(stacks, config, seen) if kind == "optimised" else stacks["encoder"](seen)
    columns = {"codes": codes, "sse": sse(x, decoder(codes))}
    if span == UNIT:
        columns |= {"bce": bce(x, decoder, codes), "bce_floor": bce_floor(x)}
    if "logvar" in stacks and kind == "feed-forward":
        logvar = stacks["logvar"](seen)
        z = codes + np.exp(0.5 * logvar) * draws
        columns |= {"kl_per_dimension": kl_per_dimension(codes, logvar), "sampled_sse": sse(x, decoder(z))}
        if span == UNIT:
            columns["sampled_bce"] = bce(x, decoder, z)
    return columns
