"""Codes in two dimensions, and back: the maps that a person walks over.

`METHODS` is the table of projections. Each row says how codes become points (`project`) and how a point
of the map becomes a code again (`inverse`): PCA's plane is inverted exactly, t-SNE and UMAP have no
inverse and the nearest codes are blended. `aecore.inverse` measures what that costs.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aecore.directions import principal
from aecore.errors import AecoreError
from aecore.latents import distinct
from aecore.store import home

Array = NDArray[np.float32]

PERPLEXITY = 30.0  # the effective number of neighbours t-SNE keeps together; openTSNE's and van der Maaten's default
UMAP_NEIGHBOURS, UMAP_DISTANCE = 15, 0.1  # umap-learn's defaults of n_neighbors and min_dist
LEAST = 8  # different codes that a neighbourhood can be told from
FLAT = 1e-6  # an extent below this share of another is rounding
NEIGHBOURS = 12  # codes that `blend` mixes
MAPS = "latent-explorer[maps]"  # the extra with the packages of rows that have one


class Plane(NamedTuple):
    """The affine plane z = mean + u V through code space, with orthonormal rows of V."""

    mean: Array  # (d,)
    axes: Array  # (2, d): V; the second row is zero for one-dimensional codes


@dataclass(frozen=True)
class Method:
    """One row of `METHODS`: a projection, and what undoes it on the map.

    A row with a `package` is computed only when it is asked for, and needs that package, which is not required.
    """

    name: str
    title: str
    project: Callable[[Array, int], Array]
    inverse: Literal["plane", "blend"]
    package: str | None = None
    least: int = 1  # different codes

    def lacks(self, codes: Array) -> str:
        """One sentence where the codes (n, d) are too few for this projection, otherwise nothing."""
        found, kind = len(codes), "codes"
        if found >= self.least:
            found, kind = len(distinct(codes)[0]), "different codes"
        if found >= self.least:
            return ""
        return f"{self.title} needs at least {self.least} {kind}, not {found}; PCA takes any number."

    def require(self) -> None:
        """`AecoreError` where the package is not installed; it is not loaded for the answer."""
        if self.package and find_spec(self.package) is None:
            raise AecoreError(f"{self.title} needs a package that is not installed; `pip install {MAPS}` brings it.")


def project(codes: Array, method: str = "pca", seed: int = 0) -> Array:
    """Codes (n, d) -> points (n, 2), float32, all finite; bitwise the same under one seed and thread count.

    Equal codes have one point. Raises `AecoreError` for an unknown method or one whose package is not installed, for
    codes that are not finite or too few, and where the method finds no finite points.
    """
    if method not in METHODS:
        raise AecoreError(f"There is no projection '{method}'; choose one of {', '.join(METHODS)}.")
    if not np.isfinite(codes).all():
        raise AecoreError("The codes hold numbers that are not finite, so they have no map; train the run again.")
    row = METHODS[method]
    row.require()
    if sentence := row.lacks(codes):
        raise AecoreError(sentence)
    points = row.project(codes, seed) if row.inverse == "plane" else _of_distinct(row, codes, seed)
    if not np.isfinite(points).all():
        raise AecoreError(f"{row.title} found no finite points for these codes; choose PCA.")
    return points


def _of_distinct(row: Method, codes: Array, seed: int) -> Array:
    """The map of the different codes, each for all that are equal to it: these neighbourhoods would be of copies."""
    rows, places = distinct(codes)
    return row.project(codes, seed) if len(rows) == len(codes) else row.project(codes[rows], seed)[places]


def left_out(codes: Array, methods: Iterable[str]) -> dict[str, str]:
    """The methods that the codes (n, d) are too few for, each with a sentence that says so."""
    sentences = {name: METHODS[name].lacks(codes) for name in methods}
    return {name: sentence for name, sentence in sentences.items() if sentence}


def plane(codes: Array) -> Plane:
    """The plane of largest variance through codes (n, d): PCA's first two directions (`directions.principal`)."""
    axes = np.zeros((2, codes.shape[1]), np.float32)
    found = principal(codes)[:2]
    axes[: len(found)] = [direction.vector for direction in found]
    return Plane(found[0].origin, axes)


def lift(points: Array, plane: Plane) -> Array:
    """The codes of points on a plane, exactly: z = mean + u V; (m, 2) -> (m, d)."""
    return plane.mean + points @ plane.axes


def blend(points: Array, codes: Array, layout: Array, neighbours: int = NEIGHBOURS) -> Array:
    """The codes of points on a map that has no inverse: the nearest codes, weighted; (m, 2) -> (m, d).

    Of the k nearest points of `layout` (n, 2), at distances r_1 <= ... <= r_k, and the next one at R,

        z = sum_i w_i z_i / sum_i w_i    with    w_i = ((R - r_i) / (R r_i))^2

    (Franke and Little's weights for Shepard interpolation). On a point of the layout this is that
    point's own code; it changes continuously, since a neighbour has weight 0 when another replaces it.
    """
    k = min(neighbours, len(codes) - 1)
    if k < 1:
        return np.broadcast_to(codes, (len(points), codes.shape[1])).copy()
    mixed = np.empty((len(points), codes.shape[1]), np.float32)
    for row, point in enumerate(points):
        squared = ((layout - point) ** 2).sum(axis=1)
        near = np.argpartition(squared, k)[: k + 1]
        near = near[np.argsort(squared[near], kind="stable")]
        mixed[row] = _weights(np.sqrt(squared[near])) @ codes[near[:-1]]
    return mixed


def _weights(distances: NDArray[np.floating]) -> Array:
    """Franke and Little's weights of the first k of k + 1 sorted distances; they sum to 1."""
    nearest, reach = distances[:-1], distances[-1]
    if nearest[0] == 0:  # on a point; several codes may share it
        weights = np.where(nearest == 0, 1.0, 0.0)
    else:
        weights = ((reach - nearest) / (reach * nearest)) ** 2 if np.isfinite(reach) else 1 / nearest**2
        if not weights.any():  # all equally far
            weights = np.ones(len(nearest))
    return np.asarray(weights / weights.sum(), np.float32)


def _pca(codes: Array, seed: int) -> Array:
    """Points u = (z - mean) V' on the plane of largest variance; nothing is random."""
    mean, axes = plane(codes)
    return np.asarray((codes - mean) @ axes.T, np.float32)


def _tsne(codes: Array, seed: int) -> Array:
    """t-SNE (van der Maaten and Hinton 2008): points whose neighbourhoods resemble the codes' own.

    It minimises KL(P || Q) between pair probabilities of codes (Gaussian, perplexity 30) and of points
    (Student's t), from the PCA map, so that the large-scale arrangement means something (Kobak and
    Berens 2019). One thread: openTSNE's neighbour search gives other results for other thread counts.
    """
    from openTSNE import TSNE

    start = _pca(codes, seed).astype(np.float64)
    start *= 1e-4 / max(start[:, 0].std(), 1e-12)
    points = TSNE(
        perplexity=min(PERPLEXITY, (len(codes) - 1) / 3),
        initialization=start,
        n_jobs=1,
        random_state=seed,
    ).fit(codes)
    return np.asarray(points, np.float32)


def _umap(codes: Array, seed: int) -> Array:
    """UMAP (McInnes, Healy and Melville 2018): points whose neighbour graph resembles the codes' own.

    It minimises the cross entropy between fuzzy graphs of codes and of points, each code joined to its 15 nearest.
    It starts from the PCA map, so that the large-scale arrangement means something (Kobak and Linderman 2021), and
    runs in one thread, without which a seed would not fix it. Codes on one line are mapped to a line.
    """
    n = len(codes)
    start = _pca(codes, seed)
    start *= 10 / max(np.abs(start).max(), 1e-12)  # umap-learn's own starts have this extent
    extents = np.ptp(start, axis=0)
    start = start[:, : 1 if extents[1] <= FLAT * extents[0] else 2]  # umap-learn divides by extents
    model = _umap_class()(
        n_components=start.shape[1], n_neighbors=min(UMAP_NEIGHBOURS, n - 1), min_dist=UMAP_DISTANCE, init=start,
        random_state=seed, n_jobs=1,
    )  # fmt: skip
    points = np.zeros((n, 2), np.float32)
    points[:, : start.shape[1]] = model.fit_transform(codes)
    return points


def _umap_class() -> Any:
    """umap-learn's class. What it compiles is kept in the user's own folder: its own may not be written to."""
    os.environ.setdefault("NUMBA_CACHE_DIR", str(home() / "numba"))  # read when numba is imported
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Tensorflow not installed")  # nor is it needed
        try:
            import umap

            return umap.UMAP
        except RuntimeError as error:  # numba's, where no folder can be written to
            raise AecoreError(f"UMAP cannot be loaded ({error}); set NUMBA_CACHE_DIR to a folder of yours.") from error


_ROWS = (
    Method("pca", "PCA", _pca, "plane"),
    Method("tsne", "t-SNE", _tsne, "blend", least=LEAST),
    Method("umap", "UMAP", _umap, "blend", package="umap", least=LEAST),
)

METHODS: Mapping[str, Method] = {row.name: row for row in _ROWS}
