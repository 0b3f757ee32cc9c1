"""PCA's error for every number of components."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from aecore import datasets, spectrum
from aecore.errors import AecoreError

PUBLISHED = {2: 36.139, 10: 19.092, 20: 14.664, 30: 12.243, 50: 9.396}  # Fashion-MNIST's test images


@pytest.fixture(scope="module")
def curve() -> spectrum.Curve:
    data = datasets.load("fashion_mnist")
    return spectrum.pca_curve(data.train_images, data.test_images)


def test_the_curve_meets_the_reference_errors(curve: spectrum.Curve) -> None:
    assert {k: round(float(curve[k]), 3) for k in PUBLISHED} == PUBLISHED


def test_the_curve_falls_from_the_variance_to_nothing(curve: spectrum.Curve) -> None:
    data = datasets.load("fashion_mnist")
    x = data.test_images.reshape(10_000, -1) / 255
    about_the_mean = np.square(x - data.train_images.reshape(60_000, -1).mean(0) / 255).sum(1).mean()
    assert curve.shape == (785,)
    assert curve[0] == pytest.approx(about_the_mean, rel=1e-6)
    assert (np.diff(curve) <= 0).all()
    assert curve[-1] == pytest.approx(0, abs=1e-4)


def test_the_length_that_equals_an_error() -> None:
    curve = np.array([9.0, 4.0, 1.0, 1e-7])
    assert [spectrum.equal_length(curve, sse) for sse in (10, 9, 5, 4, 0.5, 0)] == [0, 0, 1, 1, 3, 3]


def test_an_error_that_all_components_do_not_reach_has_no_length() -> None:
    curve = np.array([9.0, 4.0, 1.0])  # of three training images
    assert [spectrum.equal_length(curve, sse) for sse in (2, 1, 0.5, 0)] == [2, 2, None, None]
    assert [spectrum.equal_length(np.zeros(3), sse) for sse in (1, 0)] == [0, 0]  # equal images


@pytest.mark.parametrize("n", [2, 5, 30])
def test_fewer_images_than_pixels_have_one_component_less_than_images(n: int) -> None:
    images = np.random.default_rng(n).integers(0, 256, (n + 40, 8, 8)).astype(np.uint8)
    x, y = images[:n].reshape(n, -1) / 255, images[n:].reshape(40, -1) / 255
    curve = spectrum.pca_curve(images[:n], images[n:])
    assert curve.shape == (n,)
    for k in range(1, n):
        pca = PCA(k, svd_solver="full").fit(x)
        expected = np.square(pca.inverse_transform(pca.transform(y)) - y).sum(1).mean()
        assert curve[k] == pytest.approx(expected, rel=1e-5)


def test_both_sides_give_one_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8)).astype(np.uint8)
    thin = spectrum.pca_curve(images, images[:9])
    monkeypatch.setattr(spectrum, "_thin", spectrum._wide)
    np.testing.assert_allclose(thin, spectrum.pca_curve(images, images[:9])[:60], atol=1e-4)


def test_copies_and_large_pictures_have_a_curve() -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 128, 128)).astype(np.uint8)
    curve = spectrum.pca_curve(np.repeat(images, 4, axis=0), images[:2])
    assert curve.shape == (20,)
    np.testing.assert_allclose(curve[4:], 0, atol=1e-3)
    assert (spectrum.pca_curve(np.zeros((9, 8, 8), np.uint8), np.zeros((2, 8, 8), np.uint8)) == 0).all()


def test_too_many_images_of_too_many_pixels_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spectrum, "MOST", 10)
    images = np.zeros((11, 8, 8), np.uint8)
    with pytest.raises(AecoreError, match="more than 10 images of more than 10 pixels"):
        spectrum.pca_curve(images, images)
    assert len(spectrum.pca_curve(images[:10], images)) == 10


def test_one_image_has_no_components() -> None:
    image = np.zeros((1, 2, 2), np.uint8)
    with pytest.raises(AecoreError, match="at least two training images"):
        spectrum.pca_curve(image, image)
