"""How well a map can be walked backwards: the error of its inverse, on the test codes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aecore import projection
from aecore.projection import METHODS, NEIGHBOURS, Array
from aecore.store import Run

ASKED = 1000  # test codes that stand for all: an answer for each looks at every point of the map


class InverseError(NamedTuple):
    """What is lost when test codes are taken to the map and back."""

    variance: float  # mean squared distance from the true code, as a share of the codes' variance
    sse: float  # of the test images against the pictures of the codes that came back, summed over pixels; a mean
    own_sse: float  # the same against the pictures of the true codes


def inverse_error(run: Run, method: str, first: int | None = None) -> InverseError:
    """The error of the inverse that a drag over the run's map uses, or over that of its `first` test codes alone.

    The nearest codes are blended without the code that is asked for, which would otherwise give itself away;
    of PCA's plane every code is asked, and the SSE is that of `ASKED` test images.
    """
    codes, layout = run.codes[:first], run.maps[method][:first]
    chosen = spread(len(codes))
    if METHODS[method].inverse == "plane":
        found = projection.lift(layout, projection.plane(run.codes))
        variance, found = unexplained(codes, codes, found), found[chosen]
    else:
        found = blend_of_others(codes, layout, chosen)
        variance = unexplained(codes, codes[chosen], found)
    dataset = run.dataset
    x = dataset.pixels(dataset.test_images[chosen])
    return InverseError(variance, _sse(run.decode(found), x), _sse(run.decode(codes[chosen]), x))


def explain(method: str, error: InverseError) -> str:
    """What a drag over the map decodes, and how far that is from the truth; for a person."""
    pictures = f"SSE {error.sse:.1f} from a test image's dot, {error.own_sse:.1f} from its code"
    if METHODS[method].inverse == "plane":
        return (
            f"A drag decodes the point of the plane under the pointer, exactly: z = mean + u·V. The plane loses "
            f"{error.variance:.0%} of the codes' variance: {pictures}."
        )
    return (
        f"{METHODS[method].title} has no inverse: a drag decodes the weighted mean of the {NEIGHBOURS} nearest test "
        "codes, ringed on the map; on a dot, that image's own code. Were that code not among them, it would be missed "
        f"by {error.variance:.1%} of the codes' variance (mean squared distance): {pictures}."
    )


def spread(n: int) -> NDArray[np.intp]:
    """At most `ASKED` of n numbers, evenly apart."""
    return np.unique(np.linspace(0, n - 1, min(n, ASKED)).astype(np.intp))


def blend_of_others(codes: Array, layout: Array, chosen: NDArray[np.intp]) -> Array:
    """For each chosen code, what `projection.blend` makes of its point on the map of all others: (m, d)."""
    others, k = layout.copy(), max(1, min(NEIGHBOURS, len(codes) - 2))
    found = np.empty((len(chosen), codes.shape[1]), np.float32)
    for row, index in enumerate(chosen):
        others[index] = np.inf  # farther than all
        found[row] = projection.blend(layout[index : index + 1], codes, others, k)[0]
        others[index] = layout[index]
    return found


def unexplained(codes: Array, true: Array, found: Array) -> float:
    """mean ||found - true||^2 / mean ||z - mean z||^2, the second over all codes: 0 is exact, 1 the mean code."""
    of_all = float(codes.var(axis=0, dtype=np.float64).sum())
    missed = float(((found - true).astype(np.float64) ** 2).sum(axis=1).mean())
    return missed / of_all if of_all else 0.0


def _sse(x_hat: Array, x: Array) -> float:
    return float(((x_hat - x) ** 2).sum(axis=1).mean())
