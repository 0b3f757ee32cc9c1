"""How far PCA gets with every number of components, from one solution: the yardstick for a nonlinear code."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aecore.datasets.base import UNIT, Span, pixels
from aecore.errors import AecoreError

Curve = NDArray[np.float64]
ROUNDING = 1e-4  # two solutions of one PCA in float32 differ by less than this, relatively
EXACT = 1e-6  # what rounding leaves of the variance where all of it is explained
MOST = 4096  # images or pixels, whichever is less: the eigenbasis of so many takes half a minute
_NOTHING = 1e-10  # of the largest variance: rounding
_BATCH = 5000  # images as float32 at a time: 16 MB of 28 x 28


def pca_curve(train: NDArray[np.uint8], test: NDArray[np.uint8], span: Span = UNIT) -> Curve:
    """SSE on `test` of the PCA of `train`, for every code length: (m + 1,), entry k for k components.

    There are m = min(n - 1, pixels) components of n training images. Both are uint8 images (n, h, w) of pixels in
    `span`. The components are orthonormal, so what k of them leave of a centred image is its squared norm less the
    squares of its first k coordinates; one pass gives the whole curve.
    SSE: sum over pixels, mean over images, x_hat not clipped. Raises `AecoreError` for a single training image, and
    where there are more than `MOST` of both images and pixels.
    """
    mean, components = _principal(train, span)
    squares = np.zeros(components.shape[1])  # of each coordinate, summed over the test images
    norm = 0.0
    for start in range(0, len(test), _BATCH):
        centred = pixels(test[start : start + _BATCH], span) - mean
        norm += float(np.square(centred).sum(dtype=np.float64))
        squares += np.square(centred @ components).sum(0, dtype=np.float64)
    left = norm - np.concatenate([[0.0], np.cumsum(squares)])
    return np.maximum(left, 0) / len(test)


def equal_length(curve: Curve, sse: float) -> int | None:
    """The fewest components with which PCA's SSE is at most `sse`; None where all that there are leave more.

    All components are exact where there are as many as pixels, and only there.
    """
    enough = np.flatnonzero(curve <= sse * (1 + ROUNDING))
    if len(enough):
        return int(enough[0])
    return len(curve) - 1 if curve[-1] <= EXACT * curve[0] else None


def _principal(images: NDArray[np.uint8], span: Span) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The mean image (pixels,) and all principal directions, largest variance first, as columns."""
    if len(images) < 2:
        raise AecoreError(f"PCA needs at least two training images, not {len(images)}.")
    if min(images.size // len(images), len(images)) > MOST:
        raise AecoreError(
            f"PCA at every code length takes minutes for more than {MOST:,} images of more than {MOST:,} pixels; "
            "it is left out here, and `aecore train pca` solves one length."
        )
    mean = pixels(images.mean(0, keepdims=True), span)[0]
    return mean, _thin(images, mean, span) if len(images) <= len(mean) else _wide(images, mean, span)


def _wide(images: NDArray[np.uint8], mean: NDArray[np.float32], span: Span) -> NDArray[np.float32]:
    """From the eigenbasis of X' X, (pixels, pixels), X the centred images."""
    scatter = np.zeros((len(mean), len(mean)))
    for start in range(0, len(images), _BATCH):
        centred = pixels(images[start : start + _BATCH], span) - mean
        scatter += centred.T @ centred
    return np.asarray(np.linalg.eigh(scatter)[1][:, ::-1], np.float32)


def _thin(images: NDArray[np.uint8], mean: NDArray[np.float32], span: Span) -> NDArray[np.float32]:
    """From that of X X' = U S^2 U', (n, n), where there are fewer images than pixels: X' U / S, (pixels, n - 1).

    A direction without variance is 0: it explains nothing.
    """
    centred = (pixels(images, span) - mean).astype(np.float64)
    variances, u = np.linalg.eigh(centred @ centred.T)
    kept = np.maximum(variances[:0:-1], 0)
    scale = np.where(kept > _NOTHING * variances[-1], 1 / np.sqrt(np.maximum(kept, 1e-300)), 0)
    return np.asarray(centred.T @ u[:, :0:-1] * scale, np.float32)
