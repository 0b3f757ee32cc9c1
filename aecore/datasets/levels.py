"""What numbers in files mean as grey levels: which value is black, which one is white."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aecore.datasets.base import Bytes
from aecore.errors import AecoreError

FEW = 16  # the largest value of numbers that have a scale of their own, such as digits of 0 to 16
BITS_8, BITS_12, BITS_16 = 255, 4095, 65535
_NEAR = 1e-3  # floats may pass the ends of their scale by so much, from rounding


class Levels(NamedTuple):
    """The values that are shown black and white, and why these."""

    low: float
    high: float
    why: str

    def grey(self, values: NDArray[Any]) -> Bytes:
        """Bytes of values, clipped and rounded: any shape, any kind of number -> uint8."""
        if values.dtype == np.uint8 and (self.low, self.high) == (0, BITS_8):
            return values
        share = (values.astype(np.float64) - self.low) / (self.high - self.low)
        grey: Bytes = np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)
        return grey

    def __str__(self) -> str:
        return f"{self.low:g} is black, {self.high:g} is white: {self.why}"


BYTES = Levels(0, BITS_8, "8 bits")


def stated(low: float, high: float) -> Levels:
    """The levels that a person states; `AecoreError` unless both are numbers, the first one the smaller."""
    if not (np.isfinite([low, high]).all() and low < high):
        raise AecoreError(f"A range goes from a number up to a larger one, not from {low:g} to {high:g}.")
    return Levels(low, high, "as stated")


def found(kind: np.dtype[Any], low: float, high: float) -> Levels:
    """The levels of numbers of that dtype which lie between `low` and `high`, by the scale that they fill.

    In order: true and false; floats in [0, 1] or [-1, 1]; whole scales of up to `FEW`; 8 bits; 12 bits; 16 bits, where
    more than 15 are used; anything else by the set's own range. A constant set has no range of its own.
    """
    if kind.kind == "b":
        return Levels(0, 1, "true and false")
    if kind.kind == "f" and high <= 1 + _NEAR:
        if low >= -_NEAR:
            return Levels(0, 1, "floats in [0, 1]")
        if low >= -1 - _NEAR:
            return Levels(-1, 1, "floats in [-1, 1]")
    if low >= -_NEAR:
        if 0 < high <= FEW and low < high:
            return Levels(0, high, "the set's own range")
        for top, words in ((BITS_8, "8 bits"), (BITS_12, "12 bits")):
            if high <= top:
                return Levels(0, top, words)
        if BITS_16 / 2 < high <= BITS_16:
            return Levels(0, BITS_16, "16 bits")
    return Levels(low, high if high > low else low + 1, "the set's own range")


def extremes(parts: Iterable[NDArray[Any]]) -> tuple[float, float]:
    """The smallest and the largest value of all parts; NaN and infinities come through."""
    ends = np.array([(part.min(), part.max()) for part in parts if part.size], np.float64)
    return float(ends[:, 0].min()), float(ends[:, 1].max())
