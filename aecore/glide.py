"""The codes of one epoch after another in two dimensions, so that points glide from each epoch to the next."""

from __future__ import annotations

import numpy as np

from aecore.projection import Array, Plane, plane

POINTS = 2_000  # of the test images, the first: they make the plane, and are mapped
STEPS = 11  # pictures in an epoch's strip


def epoch_plane(codes: Array, before: Array | None) -> Plane:
    """The plane of largest variance through codes (n, d), turned onto the points (n, 2) of the epoch before."""
    found = plane(codes)
    return found if before is None or len(before) != len(codes) else turned(found, codes, before)


def turned(plane: Plane, codes: Array, onto: Array) -> Plane:
    """The same plane with its axes turned, and mirrored if need be, so that codes (n, d) lie nearest to `onto` (n, 2).

    Orthogonal Procrustes: with P the codes' points, Q = `onto` and U S V' the singular value decomposition of
    P' Q, R = U V' has the least |P R - Q| of all orthogonal R; P R are the points under the axes R' A.
    Source: Schönemann 1966.
    """
    u, _, v = np.linalg.svd(flatten(codes, plane).T.astype(np.float64) @ onto.astype(np.float64))
    return Plane(plane.mean, np.asarray((u @ v).T @ plane.axes, np.float32))


def flatten(codes: Array, plane: Plane) -> Array:
    """Where codes fall on a plane, u = (z - mean) A': (n, d) -> (n, 2)."""
    return np.asarray((codes - plane.mean) @ plane.axes.T, np.float32)


def fitted(points: Array) -> Array:
    """Points moved, and scaled alike in both directions, so that they just fill a square of side 1 about 0: (n, 2)."""
    low, high = points.min(0).astype(np.float32), points.max(0).astype(np.float32)
    return np.asarray((points - (low + high) / 2) / ((high - low).max() or 1), np.float32)


def walk(z: Array, plane: Plane, points: Array) -> Array:
    """`STEPS` codes from the left of the map to its right, through the code z: (d,), (n, 2) -> (STEPS, d).

    All that changes is the place along the plane's first axis, from the least of the points to the greatest.
    """
    places = np.linspace(points[:, 0].min(), points[:, 0].max(), STEPS, dtype=np.float32)
    steps = places - flatten(z[None], plane)[0, 0]
    return np.asarray(z + steps[:, None] * plane.axes[0], np.float32)
