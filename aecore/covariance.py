"""The covariance of codes, shrunk where there are few of them. Pure numpy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MANY = 50  # codes a dimension: beyond, the sample covariance's distances are right to some per cent


class Moments(NamedTuple):
    """The codes' `mean` (d,); their `covariance` (d, d), of full rank; `own`, the weight in it of the sample's own."""

    mean: Floats
    covariance: Floats
    own: float


def moments(codes: NDArray[np.float32]) -> Moments:
    """The mean and the covariance of n >= 2 codes: (n, d).

    Of fewer than `MANY` codes a dimension, the covariance is that of Ledoit & Wolf 2004 for codes scaled to unit
    variance in each dimension, scaled back: S is drawn towards its own diagonal by the share that makes the expected
    squared error least. Dimensions that never vary, or depend on others, leave it singular; a millionth of its mean
    variance on the diagonal then keeps its factor real without being seen.
    """
    mean = codes.mean(0, dtype=np.float64)
    sample = np.atleast_2d(np.cov(codes.astype(np.float64), rowvar=False))
    n, d = codes.shape
    share = 0.0 if n >= MANY * d else _shrinkage(codes, mean, np.sqrt(np.diag(sample)))
    if share:
        sample = (1 - share) * sample + share * np.diag(np.diag(sample))
    jitter = 1e-6 * np.trace(sample) / d + 1e-12
    return Moments(mean, sample + jitter * np.eye(d), 1 - share)


def _shrinkage(codes: NDArray[np.float32], mean: Floats, scale: Floats) -> float:
    """Ledoit and Wolf's share of the identity in the covariance of codes over `scale`; of those that vary."""
    varies = scale > 0
    x = (codes[:, varies] - mean[varies]) / scale[varies]
    return ledoit_wolf(x) if varies.any() else 0.0


def ledoit_wolf(x: Floats) -> float:
    """The share of the identity that makes the expected squared error of a shrunk covariance least: centred x (n, d).

    With S = X'X / n, m = tr(S) / d, |A|^2 = tr(A A') / d, d2 = |S - m I|^2 and b2 = sum |x x' - S|^2 / n^2 over the
    rows: min(b2, d2) / d2. Source: Ledoit & Wolf 2004, "A well-conditioned estimator for large-dimensional covariance
    matrices".
    """
    n, d = x.shape
    s = x.T @ x / n
    off = float(np.square(s - np.trace(s) / d * np.eye(d)).sum())
    noise = float(np.square(np.square(x).sum(1)).sum() / n - np.square(s).sum()) / n
    return min(max(noise, 0.0), off) / off if off else 0.0
