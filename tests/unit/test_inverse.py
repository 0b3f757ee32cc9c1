"""The error of a map's inverse, against the definitions."""

from __future__ import annotations

import numpy as np
import pytest

from aecore import datasets, inverse, make_config, store
from aecore.inverse import InverseError, blend_of_others, explain, inverse_error, spread, unexplained
from aecore.projection import blend, plane, project


@pytest.fixture(scope="module")
def codes():
    rng = np.random.default_rng(4)
    return (rng.normal(size=(300, 6)) * [5, 4, 1, 1, 0.5, 0.1]).astype(np.float32)


@pytest.fixture(scope="module")
def run():
    return next(run for run in store.runs() if run.config == make_config("ae"))


def test_the_plane_loses_the_variance_of_all_further_principal_directions(run):
    eigenvalues = np.linalg.eigvalsh(np.cov(run.codes.T.astype(np.float64)))
    assert inverse_error(run, "pca").variance == pytest.approx(eigenvalues[:-2].sum() / eigenvalues.sum(), rel=1e-4)


def test_a_code_is_blended_without_itself(codes):
    layout = project(codes)
    without = np.delete(np.arange(300), 7)
    expected = blend(layout[7:8], codes[without], layout[without])[0]
    found = blend_of_others(codes, layout, np.array([7, 100]))
    np.testing.assert_array_equal(found[0], expected)
    assert np.abs(found[0] - codes[7]).max() > 1e-3  # with itself it would be exact


def test_few_codes_have_fewer_neighbours(codes):
    layout = project(codes[:8])
    assert np.isfinite(blend_of_others(codes[:8], layout, np.arange(8))).all()


def test_the_mean_code_explains_nothing_and_the_code_itself_everything(codes):
    assert unexplained(codes, codes, codes) == 0
    assert unexplained(codes, codes, np.broadcast_to(codes.mean(axis=0), codes.shape)) == pytest.approx(1)
    assert unexplained(np.ones((5, 2), np.float32), np.ones((5, 2), np.float32), np.ones((5, 2), np.float32)) == 0


def test_codes_on_a_plane_come_back(codes):
    flat = (plane(codes).mean + codes[:, :2] @ plane(codes).axes).astype(np.float32)
    layout = project(flat)
    dense = unexplained(flat, flat, blend_of_others(flat, layout, np.arange(len(flat))))
    scrambled = layout[np.random.default_rng(0).permutation(len(layout))]
    assert dense < 0.1 < unexplained(flat, flat, blend_of_others(flat, scrambled, np.arange(len(flat))))


def test_pictures_are_compared_with_the_test_images(run, monkeypatch):
    monkeypatch.setattr(inverse, "ASKED", 40)
    chosen, dataset = spread(len(run.codes)), datasets.load(run.config.dataset)
    assert (len(chosen), chosen[0], chosen[-1]) == (40, 0, 9999)
    found = inverse_error(run, "tsne")
    assert found.own_sse == pytest.approx(run.errors["sse"][chosen].mean(), rel=1e-4)
    x = dataset.pixels(dataset.test_images[chosen])
    x_hat = run.decode(blend_of_others(run.codes, run.maps["tsne"], chosen))
    assert found.sse == pytest.approx(((x_hat - x) ** 2).sum(axis=1).mean(), rel=1e-5)
    assert found.own_sse < found.sse


def test_a_part_of_the_codes_is_a_map_of_its_own(run):
    part = inverse_error(run, "tsne", 600)
    found = blend_of_others(run.codes[:600], run.maps["tsne"][:600], np.arange(600))
    assert part.variance == pytest.approx(unexplained(run.codes[:600], run.codes[:600], found))
    assert part.variance > inverse_error(run, "tsne").variance  # its dots are farther apart


@pytest.mark.parametrize(
    ("method", "words"), [("pca", "loses 25%"), ("umap", "UMAP has no inverse"), ("tsne", "by 25.0%")]
)
def test_it_is_told_in_words(method, words):
    told = explain(method, InverseError(0.25, 12.34, 5.6))
    assert words in told and "SSE 12.3 from a test image's dot, 5.6 from its code." in told


def test_of_few_codes_all_are_asked():
    np.testing.assert_array_equal(spread(5), np.arange(5))
