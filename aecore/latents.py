"""What can be said about codes and done with them: importance, ranges, means, a Gaussian, walks. Pure numpy.

Codes are rows: (n, d) float32, or (d,) for one. Bad shapes and values raise `AecoreError`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aecore.covariance import moments
from aecore.errors import AecoreError

if TYPE_CHECKING:
    from aecore.store import Run

Array = NDArray[np.float32]

# The share of codes that a range leaves out at each end, and how much wider it then is, as a part of itself.
TAIL, MARGIN = 0.005, 0.1
# The standard normal's own quantile at TAIL, which a range over a prior must reach.
PRIOR_REACH = 2.5758
# A span below this share of its ends is float32's rounding.
_SEEN = 1e-6
# Below this, relative to the larger code, the sine of an angle is no longer told from rounding.
_PARALLEL = 1e-6


def importance(run: Run) -> NDArray[np.float64]:
    """How much each dimension carries over the test images, (d,).

    A VAE's is its KL to the prior, E_x KL( q(z_j | x) || N(0, 1) ), in nats: what the code tells about the
    image. Every other family's is the variance of its codes, Var_x z_j.
    """
    kl = run.evaluation.get("kl_per_dimension")
    return np.asarray(kl, np.float64) if kl is not None else checked(run.codes).var(0, dtype=np.float64)


def order(values: ArrayLike) -> NDArray[np.intp]:
    """Dimensions from the most to the least important; equal ones keep their order. (d,) -> (d,)."""
    return np.argsort(-np.asarray(values), kind="stable")


def ranges(codes: Array, prior: bool = False) -> Array:
    """The span of each dimension that is worth walking, rows (low, high): (n, d) -> (d, 2).

    From the quantile TAIL of the codes to 1 - TAIL, widened by MARGIN of itself; under a standard normal
    `prior` it also covers that prior's quantiles. A dimension that never varies gets its value +- 1.
    """
    low, high = np.quantile(checked(codes), [TAIL, 1 - TAIL], axis=0)
    if prior:
        low, high = np.minimum(low, -PRIOR_REACH), np.maximum(high, PRIOR_REACH)
    varies = high - low > _SEEN * np.maximum(np.abs(low), np.abs(high))
    margin = np.where(varies, (high - low) * MARGIN / 2, 1)
    return np.stack([low - margin, high + margin], axis=1).astype(np.float32)


def class_means(codes: Array, labels: ArrayLike, classes: int) -> Array:
    """The mean code of each class: (n, d), (n,) -> (classes, d). A class without a code gets the mean of all."""
    codes, labels = checked(codes), np.asarray(labels)
    if labels.shape != codes.shape[:1]:
        raise AecoreError(f"There are {len(codes)} codes and {labels.size} labels; each code needs its own.")
    groups = (codes[labels == label] for label in range(classes))
    means = [(group if len(group) else codes).mean(0, dtype=np.float64) for group in groups]
    return np.array(means, np.float32)


@dataclass(frozen=True)
class Gaussian:
    """N(mean, L L^T): `mean` (d,), `cholesky` L (d, d), lower triangular."""

    mean: Array
    cholesky: Array

    def sample(self, count: int, seed: int) -> Array:
        """mean + L e, e ~ N(0, I): (count, d)."""
        noise = np.random.default_rng(seed).standard_normal((count, len(self.mean)), np.float32)
        return self.mean + noise @ self.cholesky.T


def fit_gaussian(codes: Array) -> Gaussian:
    """The Gaussian with the codes' mean and covariance (`covariance.moments`): (n, d), n >= 2."""
    if len(checked(codes)) < 2:
        raise AecoreError("A Gaussian needs at least two codes to be fitted to, not 1.")
    mean, covariance, _ = moments(codes)
    return Gaussian(mean.astype(np.float32), np.linalg.cholesky(covariance).astype(np.float32))


def traversal(z: Array, dimension: int, values: ArrayLike) -> Array:
    """Copies of the code z with one dimension set to each of `values`: (d,), (m,) -> (m, d)."""
    z = checked(z[None])[0]
    if not 0 <= dimension < len(z):
        raise AecoreError(f"There is no dimension {dimension}; a code of {len(z)} numbers has 0 to {len(z) - 1}.")
    values = np.asarray(values, np.float32)
    walk = np.tile(z, (len(values), 1))
    walk[:, dimension] = values
    return walk


def lerp(a: Array, b: Array, t: ArrayLike) -> Array:
    """The straight way from a to b, (1 - t) a + t b: (d,), (d,), (m,) -> (m, d)."""
    a, b, steps = _pair(a, b, t)
    return np.asarray((1 - steps) * a + steps * b, np.float32)


def slerp(a: Array, b: Array, t: ArrayLike) -> Array:
    """The way along the arc, with w the angle between a and b: (d,), (d,), (m,) -> (m, d).

        ( sin((1 - t) w) a + sin(t w) b ) / sin w

    It keeps the length of codes of equal length, as samples of a wide normal have (Shoemake 1985). Codes on one
    line through the origin span no arc: between them it is `lerp`.
    """
    a, b, steps = _pair(a, b, t)
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    cosine = float(a @ b) / lengths if lengths else 1.0
    angle = float(np.arccos(np.clip(cosine, -1, 1)))
    if np.sin(angle) < _PARALLEL:
        return lerp(a, b, t)
    arc = (np.sin((1 - steps) * angle) * a + np.sin(steps * angle) * b) / np.sin(angle)
    return np.asarray(arc, np.float32)


def _pair(a: Array, b: Array, t: ArrayLike) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    if a.shape != b.shape or a.ndim != 1:
        raise AecoreError(f"A way needs two codes of one length, not of shapes {a.shape} and {b.shape}.")
    both = checked(np.stack([a, b])).astype(np.float64)
    return both[0], both[1], np.atleast_1d(np.asarray(t, np.float64))[:, None]


def distinct(codes: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows (m,) where each different code is met first, and which of them each code is, (n,): (n, d).

    Codes that differ by float32's rounding are one: an encoder gives an image others in its last bits at another place
    of a batch. In the order of their places along some direction, such codes are neighbours.
    """
    order = np.argsort(codes @ np.random.default_rng(0).standard_normal(codes.shape[1]), kind="stable")
    steps = np.abs(np.diff(codes[order], axis=0)).max(axis=1) > _SEEN * np.abs(codes).max()
    places = np.empty(len(codes), np.intp)
    places[order] = np.concatenate([[0], np.cumsum(steps)])
    _, rows, places = np.unique(places, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(rows))  # groups by their first row
    return np.sort(rows), rank[places]


def checked(codes: Array) -> Array:
    """The codes themselves, if they are rows of finite numbers."""
    if codes.ndim != 2 or not codes.size:
        raise AecoreError(f"Codes are rows of numbers, (n, d); these have the shape {codes.shape}.")
    if not np.isfinite(codes).all():
        raise AecoreError("Some codes are not finite numbers; train the run again with a smaller learning rate.")
    return codes
