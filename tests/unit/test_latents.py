"""The mathematics of codes."""

from types import SimpleNamespace

import numpy as np
import pytest

from aecore import AecoreError, latents


@pytest.fixture
def codes():
    random = np.random.default_rng(0)
    mix = np.array([[2, 0, 0], [0.5, 1, 0], [0, 0, 0.1]], np.float32)
    return (random.standard_normal((5000, 3)).astype(np.float32) @ mix.T + np.array([1, -2, 3], np.float32)).astype(
        np.float32
    )


def test_importance_is_the_variance_of_the_codes(codes):
    run = SimpleNamespace(codes=codes, evaluation={"sse": 1.0})
    np.testing.assert_allclose(latents.importance(run), codes.astype(np.float64).var(0))


def test_a_vaes_importance_is_its_kl(codes):
    run = SimpleNamespace(codes=codes, evaluation={"kl_per_dimension": [0.1, 3.0, 1.5]})
    assert latents.importance(run).tolist() == [0.1, 3.0, 1.5]
    assert latents.order(latents.importance(run)).tolist() == [1, 2, 0]


def test_equal_dimensions_keep_their_order():
    assert latents.order([1, 2, 2, 1]).tolist() == [1, 2, 0, 3]


def test_ranges_leave_out_one_code_in_a_hundred_before_they_are_widened(codes):
    low, high = latents.ranges(codes).T
    span = high - low
    inner = span / (1 + latents.MARGIN) * latents.MARGIN / 2
    outside = (codes < low + inner - 1e-4) | (codes > high - inner + 1e-4)
    np.testing.assert_allclose(outside.mean(0), 0.01, atol=1e-3)


def test_ranges_cover_a_prior_and_a_dimension_that_never_varies():
    codes = np.zeros((10, 2), np.float32)
    codes[:, 1] = np.linspace(-4, 1, 10)
    np.testing.assert_allclose(latents.ranges(codes)[0], [-1, 1])
    low, high = latents.ranges(codes, prior=True).T
    assert (low < -2.57).all() and (high > 2.57).all() and low[1] < -3.9


def test_class_means(codes):
    labels = np.arange(len(codes)) % 2
    means = latents.class_means(codes, labels, 3)
    np.testing.assert_allclose(means[0], codes[::2].mean(0), atol=1e-5)
    np.testing.assert_allclose(means[2], codes.mean(0), atol=1e-5)  # no code has this class
    with pytest.raises(AecoreError, match="5000 codes and 10 labels"):
        latents.class_means(codes, labels[:10], 2)


def test_a_fitted_gaussian_has_the_codes_moments(codes):
    fitted = latents.fit_gaussian(codes)
    np.testing.assert_allclose(fitted.cholesky @ fitted.cholesky.T, np.cov(codes, rowvar=False), atol=1e-4)
    samples = fitted.sample(40_000, seed=1)
    np.testing.assert_allclose(samples.mean(0), codes.mean(0), atol=0.05)
    np.testing.assert_allclose(np.cov(samples, rowvar=False), np.cov(codes, rowvar=False), atol=0.1)
    np.testing.assert_array_equal(samples, fitted.sample(40_000, seed=1))


def test_a_gaussian_is_fitted_to_singular_codes(codes):
    codes[:, 2] = codes[:, 0]
    samples = latents.fit_gaussian(codes).sample(1000, seed=0)
    np.testing.assert_allclose(samples[:, 2], samples[:, 0], atol=0.02)
    assert latents.fit_gaussian(np.zeros((4, 1), np.float32)).sample(3, 0).shape == (3, 1)
    with pytest.raises(AecoreError, match="two codes"):
        latents.fit_gaussian(codes[:1])


def test_a_traversal_changes_one_dimension():
    z = np.array([1, 2, 3], np.float32)
    walk = latents.traversal(z, 1, [-1, 0, 5])
    assert walk.tolist() == [[1, -1, 3], [1, 0, 3], [1, 5, 3]]
    assert z.tolist() == [1, 2, 3]
    with pytest.raises(AecoreError, match="no dimension 3"):
        latents.traversal(z, 3, [0])


def test_lerp_goes_straight():
    a, b = np.array([0, 2], np.float32), np.array([4, 0], np.float32)
    assert latents.lerp(a, b, [0, 0.25, 1]).tolist() == [[0, 2], [1, 1.5], [4, 0]]


def test_slerp_keeps_the_length_and_a_steady_angle():
    random = np.random.default_rng(3)
    a, b = random.standard_normal((2, 20)).astype(np.float32)
    b *= np.linalg.norm(a) / np.linalg.norm(b)
    way = latents.slerp(a, b, np.linspace(0, 1, 11))
    np.testing.assert_allclose(way[[0, -1]], [a, b], atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(way, axis=1), np.linalg.norm(a), rtol=1e-5)
    steps = (way[1:] * way[:-1]).sum(1)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-4)


@pytest.mark.parametrize("b", [[2, 4], [-1, -2], [0, 0]])
def test_slerp_between_codes_on_one_line_is_lerp(b):
    a, b = np.array([1, 2], np.float32), np.array(b, np.float32)
    np.testing.assert_array_equal(latents.slerp(a, b, [0.3]), latents.lerp(a, b, [0.3]))


def test_bad_codes_are_explained():
    with pytest.raises(AecoreError, match=r"shape \(3,\)"):
        latents.ranges(np.zeros(3, np.float32))
    with pytest.raises(AecoreError, match="not finite"):
        latents.fit_gaussian(np.full((3, 2), np.nan, np.float32))
    with pytest.raises(AecoreError, match="one length"):
        latents.lerp(np.zeros(2, np.float32), np.zeros(3, np.float32), 0.5)


def test_different_codes_are_told_from_copies_and_from_rounding(codes):
    few = codes[:7]
    copies = np.concatenate([few[[2, 0, 2, 1]], few * np.float32(1 + 1e-7), few])
    rows, places = latents.distinct(copies)
    assert rows.tolist() == [0, 1, 3, 7, 8, 9, 10]
    np.testing.assert_allclose(copies[rows][places], copies, rtol=1e-6)
    assert latents.distinct(codes)[0].tolist() == list(range(5000)) == latents.distinct(codes)[1].tolist()
    assert [found.tolist() for found in latents.distinct(np.zeros((3, 2), np.float32))] == [[0], [0, 0, 0]]
    assert [found.tolist() for found in latents.distinct(codes[:1])] == [[0], [0]]
