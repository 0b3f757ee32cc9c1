"""Maps of codes: PCA against scikit-learn's, t-SNE's neighbourhoods, and the way back."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from aecore import AecoreError, projection
from aecore.inverse import blend_of_others
from aecore.projection import METHODS, NEIGHBOURS, blend, lift, plane, project


@pytest.fixture(scope="module")
def codes() -> np.ndarray:
    """400 codes of 20 numbers around five centres."""
    rng = np.random.default_rng(1)
    centres = 4 * rng.normal(size=(5, 20))
    return (centres[np.arange(400) % 5] + rng.normal(size=(400, 20))).astype(np.float32)


def test_pca_is_scikit_learns_up_to_sign(codes):
    ours, theirs = project(codes, "pca"), PCA(2).fit_transform(codes)
    theirs *= np.sign((ours * theirs).sum(axis=0))
    np.testing.assert_allclose(ours, theirs, atol=2e-5)


def test_the_sign_of_an_axis_does_not_depend_on_the_order_of_codes(codes):
    axes, shuffled = plane(codes).axes, plane(codes[::-1].copy()).axes
    np.testing.assert_allclose(axes, shuffled, atol=1e-5)
    assert (np.take_along_axis(axes, np.abs(axes).argmax(axis=1, keepdims=True), axis=1) > 0).all()


def test_the_plane_is_inverted_exactly(codes):
    surface = plane(codes)
    points = np.random.default_rng(2).normal(size=(50, 2)).astype(np.float32) * 5
    np.testing.assert_allclose((lift(points, surface) - surface.mean) @ surface.axes.T, points, atol=1e-5)


def test_one_dimensional_codes_lie_on_a_line():
    line = np.linspace(-1, 1, 9, dtype=np.float32)[:, None]
    points = project(line, "pca")
    np.testing.assert_allclose(points[:, 1], 0)
    np.testing.assert_allclose(lift(points, plane(line)), line, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_a_map_is_bitwise_the_same_under_a_seed(codes, method):
    first, second = project(codes, method, seed=3), project(codes, method, seed=3)
    assert first.shape == (400, 2) and first.dtype == np.float32
    assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_neighbours_stay_together(codes, method):
    """Of the 10 nearest codes at least a third are among the 10 nearest points, where chance gives 2.5 %."""
    near = [
        NearestNeighbors(n_neighbors=11).fit(space).kneighbors(return_distance=False)
        for space in (codes, project(codes, method))
    ]
    shared = np.mean([len(set(a) & set(b)) for a, b in zip(*near, strict=True)]) / 11
    assert shared > 1 / 3


def test_blend_returns_the_code_of_a_point_of_the_map(codes):
    layout = project(codes, "pca")
    np.testing.assert_allclose(blend(layout[:20], codes, layout), codes[:20], atol=1e-5)


def test_blend_is_continuous(codes):
    """A walk of tiny steps never jumps, also where one neighbour replaces another."""
    layout = project(codes, "pca")
    steps = np.linspace(layout.min(axis=0), layout.max(axis=0), 20_001, dtype=np.float64)
    walk = blend(steps, codes, layout)
    jumps = np.abs(np.diff(walk, axis=0)).max()
    assert jumps < 0.05 * np.ptp(walk)


def test_blend_stays_between_its_neighbours(codes):
    layout = project(codes, "pca")
    far = np.array([[1e4, 1e4]], np.float32)
    near = codes[np.argsort(((layout - far) ** 2).sum(axis=1))[:NEIGHBOURS]]
    z = blend(far, codes, layout)[0]
    assert (z >= near.min(axis=0) - 1e-5).all() and (z <= near.max(axis=0) + 1e-5).all()


def test_blend_of_codes_on_one_spot_is_their_mean(codes):
    spot = np.zeros((400, 2), np.float32)
    np.testing.assert_allclose(blend(spot[:1], codes[:13], spot[:13]), codes[:12].mean(axis=0)[None], atol=1e-5)


@pytest.mark.parametrize(
    ("codes", "method", "words"),
    [
        (np.zeros((9, 3), np.float32), "umpa", "There is no projection 'umpa'; choose one of pca, tsne"),
        (np.full((9, 3), np.nan, np.float32), "pca", "not finite"),
        (np.zeros((7, 3), np.float32), "tsne", "at least 8 codes, not 7"),
        (np.zeros((7, 3), np.float32), "umap", "at least 8 codes, not 7"),
        (np.arange(60, dtype=np.float32).reshape(20, 3) // 9, "tsne", "at least 8 different codes, not 7"),
        (np.zeros((50, 3), np.float32), "umap", "at least 8 different codes, not 1"),
    ],
)
def test_bad_input_gets_one_sentence(codes, method, words):
    with pytest.raises(AecoreError, match=words):
        project(codes, method)


@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_codes_on_a_line_have_finite_points(codes, method):
    line = codes[:60, :1]
    points = project(line, method)
    assert np.isfinite(points).all() and (points[:, 1] == 0).all() and np.ptp(points[:, 0]) > 1
    inside = np.outer(codes[:60, 0], np.linspace(1, 2, 20)).astype(np.float32)  # a line through twenty dimensions
    assert np.isfinite(project(inside, method)).all()


@pytest.mark.parametrize("method", METHODS)
def test_equal_codes_have_one_place(codes, method):
    copies = np.repeat(codes[:10], 30, axis=0)
    copies *= 1 + np.float32(6e-8) * np.random.default_rng(0).integers(-1, 2, copies.shape).astype(
        np.float32
    )  # rounding
    points = project(copies, method).reshape(10, 30, 2)
    assert np.ptp(points, axis=1).max() < 1e-4
    assert np.ptp(points[:, 0], axis=0).min() > 1


def test_points_that_are_not_finite_are_one_sentence(codes, monkeypatch):
    lost = replace(METHODS["umap"], package=None, project=lambda codes, seed: np.full((len(codes), 2), np.nan))
    monkeypatch.setitem(METHODS, "umap", lost)
    with pytest.raises(AecoreError, match="UMAP found no finite points"):
        project(codes, "umap")


def test_what_umap_compiles_is_kept_in_the_home_unless_the_user_says_where(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "umap", SimpleNamespace(UMAP=object))
    monkeypatch.setenv("AECORE_HOME", str(tmp_path))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "mine"))
    projection._umap_class()
    assert os.environ["NUMBA_CACHE_DIR"] == str(tmp_path / "mine")
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    projection._umap_class()
    assert os.environ["NUMBA_CACHE_DIR"] == str(tmp_path / "numba")


def test_a_umap_that_cannot_be_loaded_is_one_sentence(monkeypatch):
    class Broken:
        def __getattr__(self, name):
            raise RuntimeError("no locator available")

    monkeypatch.setitem(sys.modules, "umap", Broken())
    with pytest.raises(AecoreError, match=r"UMAP cannot be loaded \(no locator available\)"):
        projection._umap_class()


def test_few_codes_can_be_walked_backwards(codes):
    for n in (1, 2, 3):
        few, layout = codes[:n], project(codes[:n], "pca")
        assert np.isfinite(blend(layout, few, layout)).all()
        if n > 1:
            found = blend_of_others(few, layout, np.arange(n))
            assert found.shape == few.shape and not (found == few).all(1).any()


def test_a_method_whose_package_is_missing_says_what_brings_it(codes, monkeypatch):
    monkeypatch.setitem(METHODS, "umap", replace(METHODS["umap"], package="no_such_package"))
    METHODS["tsne"].require()
    with pytest.raises(AecoreError, match=r"UMAP needs a package that is not installed; `pip install"):
        project(codes, "umap")
