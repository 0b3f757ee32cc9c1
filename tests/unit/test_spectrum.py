"""PCA's error for every number of components."""

from __future__ import annotations

import numpy as np
import pytest

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


def test_one_image_has_no_components() -> None:
    image = np.zeros((1, 2, 2), np.uint8)
    with pytest.raises(AecoreError, match="at least two training images"):
        spectrum.pca_curve(image, image)
