"""The importance-weighted bound equals the log-likelihood where that is known, and never falls below it elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aecore import RunConfig, datasets, load_or_train
from aecore.bound import importance_bound
from aecore.stacks import Layer, Stack


def linear(weight: np.ndarray, bias: np.ndarray) -> Stack:
    return Stack((Layer(weight.astype(np.float32), bias.astype(np.float32), "linear"),))


@pytest.fixture
def gaussian():
    """Stacks, images and -log p(x) of p(x | z) = exp(-|x - W z - b|^2), whose posterior is known:
    with A = I + 2 W'W and u = W'(x - b) it is N(2 u / A, 1 / A), where W'W is diagonal.
    """
    random = np.random.default_rng(0)
    axes = np.linalg.qr(random.standard_normal((6, 2)))[0]
    w, b, x = axes * [0.5, 2.0], random.standard_normal(6), random.standard_normal((40, 6))
    a = np.diag(np.eye(2) + 2 * w.T @ w)
    mean_weight = (2 * w / a).T
    exact = linear(mean_weight, -mean_weight @ b), linear(np.zeros((2, 6)), -np.log(a)), linear(w, b)
    u = (x - b) @ w
    likelihood = np.square(x - b).sum(1) - 2 * (u**2 / a).sum(1) + 0.5 * np.log(a).sum()
    return dict(zip(("encoder", "logvar", "decoder"), exact, strict=True)), x.astype(np.float32), likelihood


CONFIG = RunConfig("vae", latent_dim=2, loss="mse")


@pytest.mark.parametrize("samples", [1, 7])
def test_with_the_exact_posterior_it_is_the_likelihood(gaussian, samples: int) -> None:
    stacks, x, likelihood = gaussian
    np.testing.assert_allclose(importance_bound(stacks, x, CONFIG, samples), likelihood, rtol=1e-4, atol=1e-4)


def test_with_another_posterior_it_comes_down_to_the_likelihood(gaussian) -> None:
    stacks, x, likelihood = gaussian
    wide = {**stacks, "logvar": linear(np.zeros((2, 6)), np.full(2, 0.3))}
    bounds = [importance_bound(wide, x, CONFIG, samples).mean() - likelihood.mean() for samples in (1, 5, 50, 2000)]
    assert bounds == sorted(bounds, reverse=True)
    assert bounds[0] > 0.3
    assert bounds[-1] == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("loss", ["bce", "mse"])
def test_of_a_trained_vae(loss: str, tiny: Path) -> None:
    """One sample gives -ELBO; more give less, in expectation."""
    config = RunConfig("vae", dataset="tiny", latent_dim=3, epochs=20, batch_size=32, hidden=(32,), loss=loss, lr=3e-3)
    run = load_or_train(config)
    x = np.tile(datasets.load("tiny").pixels(datasets.load("tiny").test_images), (20, 1))  # many draws an image
    bounds = [importance_bound(run.stacks, x, config, samples).mean() for samples in (1, 5, 50)]
    assert bounds[0] == pytest.approx(run.evaluation["neg_elbo"], abs=0.5)
    assert bounds == sorted(bounds, reverse=True)
    assert np.array_equal(importance_bound(run.stacks, x, config, 2), importance_bound(run.stacks, x, config, 2))
    if loss == "bce":
        assert bounds[-1] >= run.evaluation["bce_floor"]
