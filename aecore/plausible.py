"""How plausible a code is: where it lies among a run's codes, and under the prior. The page's `plausible.js` agrees."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aecore.covariance import MANY, moments
from aecore.errors import AecoreError
from aecore.latents import checked, distinct
from aecore.stacks import Array

if TYPE_CHECKING:
    from aecore.store import Run

EDGE = 0.99  # beyond this share of the test codes a code has left the data
LEAST = 10  # codes that differ: of fewer, a share would go in steps of more than a tenth
_SHARES = np.linspace(0, 1, 201)  # where the distances are kept
_BATCH = 2000


@dataclass(frozen=True)
class Cloud:
    """Where codes lie: `mean` (d,); `whiten` L^-1 (d, d) of their covariance L L^T, lower triangular; `distances`.

    The last are quantiles of the codes' own squared Mahalanobis distances from 0 to 1 in even steps. All are float64.
    """

    mean: NDArray[np.float64]
    whiten: NDArray[np.float64]
    distances: NDArray[np.float64]

    def mahalanobis(self, z: Array) -> NDArray[np.float64]:
        """The squared Mahalanobis distance of each z, |L^-1 (z - mean)|^2: (m, d) -> (m,)."""
        return _squared((z - self.mean) @ self.whiten.T)

    def share(self, z: Array) -> NDArray[np.float64]:
        """The share of the codes that lie nearer to the mean than z, by that distance: (m, d) -> (m,) in [0, 1]."""
        return np.interp(self.mahalanobis(z), self.distances, _SHARES)

    def outside(self, z: Array) -> NDArray[np.bool_]:
        """Whether z has left the data: at most 1 - EDGE of the codes lie as far out. (m, d) -> (m,)."""
        return self.mahalanobis(z) > np.interp(EDGE, _SHARES, self.distances)


def fit_cloud(codes: Array) -> Cloud:
    """The cloud of codes (n, d), by the covariance of `covariance.moments`.

    That covariance was fitted to the codes themselves, which few of them bring too near: of n <= d + 1 codes the sample
    covariance makes all equally far. Where they are few (`covariance.MANY`) each code's distance is therefore that to
    the cloud of all others, and equal codes count once. Raises `AecoreError` where fewer than `LEAST` codes differ.
    """
    codes = checked(codes)
    rows, _ = distinct(codes)
    if len(rows) < LEAST:
        raise AecoreError(_too_few(len(rows), len(codes)))
    if len(rows) >= MANY * codes.shape[1]:
        mean, covariance, _ = moments(codes)
        whiten = _whitening(covariance)
        return Cloud(mean, whiten, np.quantile(_squared((codes - mean) @ whiten.T), _SHARES))
    codes = codes[rows]
    mean, covariance, own = moments(codes)
    return Cloud(mean, _whitening(covariance), np.quantile(_left_out(codes, mean, covariance, own), _SHARES))


def _too_few(different: int, codes: int) -> str:
    if different < codes:
        return f"Too few test codes to tell: {different} of {codes} differ, and it takes {LEAST}."
    return f"Too few test codes to tell: {codes}, and it takes {LEAST}."


def _whitening(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.tril(np.linalg.inv(np.linalg.cholesky(covariance)))


def _left_out(
    codes: Array, mean: NDArray[np.float64], covariance: NDArray[np.float64], own: float
) -> NDArray[np.float64]:
    """The squared Mahalanobis distance of each of n codes to the mean and covariance of the n - 1 others: (n,).

    With v = z - mean and C = own S + T, where T does not change, the others' mean lies at z - n / (n - 1) v and their
    covariance is B - c v v' with B = own (n - 1) / (n - 2) S + T and c = own n / ((n - 1)(n - 2)); with q = v' B^-1 v
    the distance is (n / (n - 1))^2 q / (1 - c q) (Sherman & Morrison 1950).
    """
    n = len(codes)
    v = codes - mean
    b = covariance + own / (n - 2) * (v.T @ v) / (n - 1)
    q = _squared(v @ _whitening(b).T)
    return (n / (n - 1)) ** 2 * q / (1 - own * n / ((n - 1) * (n - 2)) * q)


def aggregate(run: Run) -> Array:
    """A sample of the run's aggregate posterior, the mean of q(z | x) over the test images x: one code each, (n, d).

    A VAE's are draws mean + exp(logvar / 2) * eps, eps ~ N(0, I) with the run's seed; any other family's q(z | x) is
    the code itself.
    """
    if not has_posterior(run):
        return run.codes
    dataset, random = run.dataset, np.random.default_rng(run.config.seed)
    batches = (dataset.test_images[at : at + _BATCH] for at in range(0, len(run.codes), _BATCH))
    sigma = np.exp(0.5 * np.concatenate([run.stacks["logvar"](dataset.pixels(batch)) for batch in batches]))
    return np.asarray(run.codes + sigma * random.standard_normal(sigma.shape, np.float32), np.float32)


def has_posterior(run: Run) -> bool:
    """Whether the encoder gives a Gaussian q(z | x), as a VAE's."""
    return "kl_per_dimension" in run.evaluation


def prior_share(z: Array) -> NDArray[np.float64]:
    """The share of draws from N(0, I) that have a higher density than z: (m, d) -> (m,) in [0, 1].

    Their |z|^2 follows the chi-square distribution with d degrees of freedom, so that the share is P(d / 2, |z|^2 / 2)
    with the regularised lower incomplete gamma function

        P(a, x) = x^a e^-x / Gamma(a + 1) ( 1 + x / (a + 1) + x^2 / ((a + 1)(a + 2)) + ... )

    Source: Abramowitz & Stegun 1964, 6.5.29.
    """
    a, x = z.shape[1] / 2, _squared(z.astype(np.float64)) / 2
    near = x <= a + 40 * math.sqrt(a) + 40  # beyond, the share is 1 to the last bit
    x = np.where(near, x, 0)
    term, total, k = np.ones_like(x), np.ones_like(x), 0
    while (term > 1e-17 * total).any():
        k += 1
        term = term * x / (a + k)
        total += term
    with np.errstate(divide="ignore"):
        shares = np.exp(a * np.log(x) - x - math.lgamma(a + 1)) * total
    return np.where(near, np.minimum(shares, 1), 1.0)


def _squared(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((vectors**2).sum(axis=1))
