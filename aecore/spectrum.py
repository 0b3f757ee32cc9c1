"""How far PCA gets with every number of components, from one solution: the yardstick for a nonlinear code."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aecore.datasets.base import UNIT, Span, pixels
from aecore.errors import AecoreError

Curve = NDArray[np.float64]
ROUNDING = 1e-4  # two solutions of one PCA in float32 differ by less than this, relatively
_BATCH = 5000  # images as float32 at a time: 16 MB of 28 x 28


def pca_curve(train: NDArray[np.uint8], test: NDArray[np.uint8], span: Span = UNIT) -> Curve:
    """SSE on `test` of the PCA of `train`, for every code length: (pixels + 1,), entry k for k components.

    Both are uint8 images (n, h, w) of pixels in `span`. The components are orthonormal, so what k of them
    leave of a centred image is its squared norm less the squares of its first k coordinates; one pass gives
    the whole curve.
    SSE: sum over pixels, mean over images, x_hat not clipped.
    """
    mean, components = _principal(train, span)
    squares = np.zeros(len(mean))  # of each coordinate, summed over the test images
    norm = 0.0
    for start in range(0, len(test), _BATCH):
        centred = pixels(test[start : start + _BATCH], span) - mean
        norm += float(np.square(centred).sum(dtype=np.float64))
        squares += np.square(centred @ components).sum(0, dtype=np.float64)
    left = norm - np.concatenate([[0.0], np.cumsum(squares)])
    return np.maximum(left, 0) / len(test)


def equal_length(curve: Curve, sse: float) -> int:
    """The fewest components with which PCA's SSE is at most `sse`; with all of them PCA is exact."""
    enough = np.flatnonzero(curve <= sse * (1 + ROUNDING))
    return int(enough[0]) if len(enough) else len(curve) - 1


def _principal(images: NDArray[np.uint8], span: Span) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The mean image (pixels,) and all principal directions, largest variance first, as columns."""
    if len(images) < 2:
        raise AecoreError(f"PCA needs at least two training images, not {len(images)}.")
    mean = pixels(images.mean(0, keepdims=True), span)[0]
    scatter = np.zeros((len(mean), len(mean)))
    for start in range(0, len(images), _BATCH):
        centred = pixels(images[start : start + _BATCH], span) - mean
        scatter += centred.T @ centred
    return mean, np.linalg.eigh(scatter)[1][:, ::-1].astype(np.float32)
