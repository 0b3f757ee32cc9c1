"""How plausible a code is."""

import numpy as np
import pytest
from scipy import stats

from aecore import AecoreError, make_config, store
from aecore.covariance import moments
from aecore.plausible import LEAST, aggregate, fit_cloud, prior_share


@pytest.fixture
def codes():
    random = np.random.default_rng(0)
    mix = np.array([[2, 0, 0], [0.5, 1, 0], [0, 0, 0.1]], np.float32)
    return random.standard_normal((5000, 3)).astype(np.float32) @ mix.T + np.array([1, -2, 3], np.float32)


def test_the_distance_is_mahalanobis_and_does_not_see_the_scale_of_the_codes(codes):
    z = codes[:20]
    off = (z - codes.mean(0)).astype(np.float64)
    expected = np.einsum("ni,ij,nj->n", off, np.linalg.inv(np.cov(codes, rowvar=False)), off)
    np.testing.assert_allclose(fit_cloud(codes).mahalanobis(z), expected, rtol=2e-3)
    stretch = np.array([10, 0.5, 3], np.float32)
    np.testing.assert_allclose(fit_cloud(codes * stretch).mahalanobis(z * stretch), expected, rtol=2e-3)


def test_the_share_of_codes_that_lie_nearer(codes):
    cloud = fit_cloud(codes)
    distances = np.sort(cloud.mahalanobis(codes))
    np.testing.assert_allclose(
        cloud.share(codes), np.searchsorted(distances, cloud.mahalanobis(codes)) / len(codes), atol=1 / 400
    )
    far = codes.mean(0) + np.array([100, 0, 0], np.float32)
    assert cloud.share(np.stack([codes.mean(0), far])).tolist() == [0, 1]
    assert cloud.outside(np.stack([codes.mean(0), far])).tolist() == [False, True]
    assert cloud.outside(codes).mean() == pytest.approx(0.01, abs=0.001)


def test_a_dimension_that_never_varies_is_left_at_once(codes):
    codes[:, 1] = 0
    cloud = fit_cloud(codes)
    assert not cloud.outside(codes[:1])
    assert cloud.outside(codes[:1] + np.array([0, 0.1, 0], np.float32))


@pytest.mark.parametrize("few", [1, 2, LEAST - 1])
def test_too_few_codes_to_tell_are_one_sentence(codes, few):
    with pytest.raises(AecoreError, match=f"Too few test codes to tell: {few}, and it takes {LEAST}"):
        fit_cloud(codes[:few])
    with pytest.raises(AecoreError, match=f"{few} of {50 * few} differ"):
        fit_cloud(np.repeat(codes[:few], 50, axis=0))
    with pytest.raises(AecoreError, match="not finite"):
        fit_cloud(np.full((20, 2), np.nan, np.float32))


def test_few_codes_are_left_out_of_the_cloud_that_their_distance_is_taken_to():
    codes = np.random.default_rng(3).standard_normal((12, 20)).astype(np.float32) * np.linspace(0.1, 3, 20)
    codes = codes.astype(np.float32)
    _, covariance, own = moments(codes)
    target = covariance - own * np.cov(codes.astype(np.float64), rowvar=False)
    expected = []
    for row in range(12):
        others = np.delete(codes, row, axis=0).astype(np.float64)
        off = codes[row] - others.mean(0)
        expected.append(off @ np.linalg.solve(own * np.cov(others, rowvar=False) + target, off))
    assert own < 1
    np.testing.assert_allclose(fit_cloud(codes).distances[[0, -1]], [min(expected), max(expected)], rtol=1e-6)


@pytest.mark.parametrize(("n", "most"), [(10, 0.35), (20, 0.15), (60, 0.06), (200, 0.04)])
def test_of_few_codes_in_twenty_dimensions_the_gauge_is_not_flat(n, most):
    """Fresh codes of the same Gaussian: half of them lie beyond half of the test codes, and few have left the data."""
    random = np.random.default_rng(n)
    share, outside = [], []
    for _ in range(20):
        mix = random.standard_normal((20, 20)) * np.geomspace(1, 0.05, 20)
        known, fresh = (random.standard_normal((count, 20)) @ mix for count in (n, 200))
        cloud = fit_cloud(known.astype(np.float32))
        share.append(cloud.share(fresh.astype(np.float32)).mean())
        outside.append(cloud.outside(fresh.astype(np.float32)).mean())
        assert cloud.share(cloud.mean[None] + 0.1 * known.std(0)).max() < 0.1
    assert np.mean(share) == pytest.approx(0.5, abs=0.1)
    assert np.mean(outside) < most


def test_many_codes_are_taken_as_they_are(codes):
    cloud = fit_cloud(codes)
    covariance = np.linalg.inv(cloud.whiten.T @ cloud.whiten)
    np.testing.assert_allclose(covariance, np.cov(codes, rowvar=False), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(cloud.distances[-1], cloud.mahalanobis(codes).max())


def test_a_vaes_cloud_holds_the_width_of_its_posterior():
    run = next(run for run in store.runs() if run.config == make_config("vae"))
    codes = aggregate(run)
    np.testing.assert_array_equal(codes, aggregate(run))
    off = np.argmin(run.evaluation["kl_per_dimension"])  # a dimension that is not used: its posterior is the prior
    assert run.codes[:, off].std() < 0.1
    assert codes[:, off].std() == pytest.approx(1, abs=0.05)
    np.testing.assert_allclose(codes.mean(0), run.codes.mean(0), atol=0.05)


def test_other_families_codes_are_their_posterior():
    run = next(run for run in store.runs() if run.config == make_config("ae"))
    assert aggregate(run) is run.codes


@pytest.mark.parametrize("d", [1, 2, 7, 20, 30, 200])
def test_the_prior_share_is_the_chi_square_distribution(d):
    z = np.random.default_rng(d).standard_normal((40, d)).astype(np.float32)
    z *= np.linspace(0, 3, 40, dtype=np.float32)[:, None]
    expected = stats.chi2.cdf(np.square(z, dtype=np.float64).sum(1), d)
    np.testing.assert_allclose(prior_share(z), expected, rtol=1e-10, atol=1e-300)
    assert prior_share(np.full((1, d), 100, np.float32)).tolist() == [1]
