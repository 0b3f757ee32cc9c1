"""Directions through code space: the principal ones of the codes, and from one group of codes to another. Pure numpy.

Codes are rows: (n, d) float32, or (d,) for one. Bad shapes and values raise `AecoreError`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aecore.errors import AecoreError
from aecore.latents import MARGIN, TAIL, Array, checked


@dataclass(frozen=True)
class Direction:
    """The line origin + t v through code space, `origin` and `vector` v (d,); every code has a place t along it."""

    origin: Array
    vector: Array

    def along(self, codes: Array) -> NDArray[np.float64]:
        """Where codes lie along it, t = (z - origin) v / |v|^2: (n, d) -> (n,)."""
        v = self.vector.astype(np.float64)
        return np.asarray((checked(codes) - self.origin.astype(np.float64)) @ v / (v @ v))

    def move(self, z: Array, t: ArrayLike) -> Array:
        """Copies of the code z, moved to each place t along it and nowhere else: (d,), (m,) -> (m, d)."""
        steps = np.asarray(t, np.float64) - self.along(z[None])
        return np.asarray(z + steps[:, None] * self.vector, np.float32)


def principal(codes: Array) -> list[Direction]:
    """The principal directions of codes (n, d), of unit length, through their mean, the largest variance first.

    With U S V' the singular value decomposition of z - mean, they are the rows of V'. A singular vector's sign
    is arbitrary: each is turned so that its largest entry is positive.
    """
    mean = checked(codes).mean(axis=0, dtype=np.float64)
    _, _, found = np.linalg.svd(codes - mean, full_matrices=False)
    largest = np.take_along_axis(found, np.abs(found).argmax(axis=1, keepdims=True), axis=1)
    axes = found * np.sign(largest)
    return [Direction(mean.astype(np.float32), axis.astype(np.float32)) for axis in axes]


def attribute(codes: Array, a: Sequence[int], b: Sequence[int] | None = None) -> Direction:
    """From the mean code of group b (t = 0) to that of group a (t = 1); without b, from that of all the rest.

    The groups are rows of `codes` (n, d). A code z gets the attribute of a by z + s (mean_a - mean_b) (Radford,
    Metz & Chintala 2016 did so with the codes of faces).
    """
    inside = np.zeros(len(checked(codes)), bool)
    inside[_rows(codes, a)] = True
    rest = np.flatnonzero(~inside) if b is None else np.asarray(b)
    start = codes[_rows(codes, rest)].mean(axis=0, dtype=np.float64)
    vector = codes[_rows(codes, a)].mean(axis=0, dtype=np.float64) - start
    if not vector.any():
        raise AecoreError("The two groups have the same mean code, so no direction leads from one to the other.")
    return Direction(start.astype(np.float32), vector.astype(np.float32))


def worth_walking(direction: Direction, codes: Array) -> tuple[float, float]:
    """The part of a direction between two groups that is worth walking, as places t along it.

    As `latents.ranges` of the codes' places, and the means of both groups lie in it.
    """
    low, high = np.quantile(direction.along(codes), [TAIL, 1 - TAIL])
    low, high = min(low, 0.0), max(high, 1.0)
    margin = (high - low) * MARGIN / 2
    return float(low - margin), float(high + margin)


def _rows(codes: Array, group: ArrayLike) -> NDArray[np.intp]:
    rows = np.asarray(group, np.intp)
    if not rows.size:
        raise AecoreError("A group without a code has no mean; take one with at least one code.")
    if rows.min() < 0 or rows.max() >= len(codes):
        raise AecoreError(f"A group names rows of the codes, 0 to {len(codes) - 1}; this one has others.")
    return rows
