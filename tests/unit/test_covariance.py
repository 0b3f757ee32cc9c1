"""The covariance of few codes, against scikit-learn's."""

import numpy as np
import pytest
from sklearn.covariance import LedoitWolf

from aecore.covariance import MANY, ledoit_wolf, moments
from aecore.latents import fit_gaussian


def drawn(n, d, seed=0):
    random = np.random.default_rng(seed)
    return (random.standard_normal((n, d)) @ random.standard_normal((d, d)) + 3).astype(np.float32)


@pytest.mark.parametrize(("n", "d"), [(2, 3), (3, 20), (10, 20), (100, 20), (40, 1)])
def test_the_shrinkage_is_scikit_learns(n, d):
    codes = drawn(n, d).astype(np.float64)
    assert ledoit_wolf(codes - codes.mean(0)) == pytest.approx(LedoitWolf().fit(codes).shrinkage_, abs=1e-9)


@pytest.mark.parametrize(("n", "d"), [(10, 20), (100, 20), (150, 4)])
def test_few_codes_have_scikit_learns_covariance_of_unit_variances(n, d):
    codes = drawn(n, d)
    scale = codes.std(0, ddof=1, dtype=np.float64)
    expected = LedoitWolf().fit(codes / scale).covariance_ * n / (n - 1) * scale[:, None] * scale
    found = moments(codes)
    np.testing.assert_allclose(
        found.covariance, expected + 1e-6 * np.trace(expected) / d * np.eye(d), rtol=1e-4, atol=1e-7
    )
    assert 0 < found.own < 1
    np.linalg.cholesky(found.covariance)


def test_many_codes_have_their_own():
    codes = drawn(MANY * 3, 3)
    found = moments(codes)
    assert found.own == 1
    sample = np.cov(codes.astype(np.float64), rowvar=False)
    np.testing.assert_array_equal(found.covariance, sample + (1e-6 * np.trace(sample) / 3 + 1e-12) * np.eye(3))


def test_a_dimension_that_never_varies_and_equal_codes_have_a_factor():
    codes = drawn(20, 4)
    codes[:, 2] = 1
    assert moments(codes).covariance[2, 2] < 1e-5 * np.trace(moments(codes).covariance)
    for same in (np.ones((5, 3), np.float32), np.ones((2, 1), np.float32)):
        gaussian = fit_gaussian(same)
        np.testing.assert_allclose(gaussian.sample(10, 0), 1, atol=1e-4)
