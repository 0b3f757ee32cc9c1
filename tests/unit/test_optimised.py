"""Optimised codes: the minimum where there is one minimum, never worse than the start, fast."""

import numpy as np
import pytest
import torch

from aecore import RunConfig
from aecore.optimised import SLOPES, optimise, optimised_codes
from aecore.stacks import ACTIVATIONS, Layer, Stack

RANDOM = np.random.default_rng(0)
PIXELS, DIMENSIONS = 40, 3


def layer(before, after, activation):
    weight = RANDOM.standard_normal((after, before)).astype(np.float32) / before**0.5
    return Layer(weight, 0.3 * RANDOM.standard_normal(after).astype(np.float32), activation)


ONE = Stack((layer(DIMENSIONS, PIXELS, "sigmoid"),))
LINEAR = Stack((layer(DIMENSIONS, PIXELS, "linear"),))
DEEP = Stack((layer(DIMENSIONS, 16, "silu"), layer(16, 12, "tanh"), layer(12, PIXELS, "sigmoid")))
X = np.clip(DEEP(2 * RANDOM.standard_normal((30, DIMENSIONS), dtype=np.float32)) + 0.1, 0, 1)
START = np.zeros((30, DIMENSIONS), np.float32)


def loss_of(decoder, x, z, loss, ridge=0.0):
    x, out = x.astype(np.float64), decoder(z).astype(np.float64)
    recon = -x * np.log(out) - (1 - x) * np.log1p(-out) if loss == "bce" else np.square(out - x)
    return recon.sum(1) + 0.5 * ridge * np.square(z).sum(1)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_slopes_are_the_activations_derivatives(name):
    x = torch.tensor([-30.0, -2.0, -0.3, 0.4, 3.0, 30.0], requires_grad=True)
    functions = {"linear": lambda t: t, "silu": torch.nn.functional.silu}
    functions.get(name, getattr(torch, name, None))(x).sum().backward()
    np.testing.assert_allclose(SLOPES[name](x.detach().numpy()), x.grad.numpy(), atol=1e-6)


@pytest.mark.parametrize("ridge", [0.01, 1.0])
def test_one_sigmoid_layer_is_solved_from_any_start(ridge):
    """The problem is convex: the gradient, written out, vanishes, and every start leads to the same codes."""
    z = optimise(ONE, X, START, "bce", ridge)
    (only,) = ONE.layers
    gradient = (ONE(z) - X) @ only.weight + ridge * z
    assert np.abs(gradient).max() < 2e-3
    far = optimise(ONE, X, START + 5 * RANDOM.standard_normal(START.shape, dtype=np.float32), "bce", ridge)
    np.testing.assert_allclose(far, z, atol=0.02)


def test_a_linear_decoder_s_optimum_is_least_squares():
    (only,) = LINEAR.layers
    expected = np.linalg.lstsq(only.weight, (X - only.bias).T, rcond=None)[0].T
    for loss in ("mse", "bce"):  # no sigmoid, so that both mean the squared error
        np.testing.assert_allclose(optimise(LINEAR, X, START, loss, 1e-9), expected, atol=1e-4)


@pytest.mark.parametrize("loss", ["bce", "mse"])
@pytest.mark.parametrize("decoder", [ONE, DEEP], ids=["one layer", "deep"])
def test_no_image_ends_above_its_start_and_most_fall_far(decoder, loss):
    start = START + RANDOM.standard_normal(START.shape, dtype=np.float32)
    before = loss_of(decoder, X, start, loss)
    after = loss_of(decoder, X, optimise(decoder, X, start, loss, 0.0), loss)
    assert (after <= before * (1 + 1e-5)).all()
    assert after.mean() < before.mean() - 0.5


@pytest.mark.parametrize("loss", ["bce", "mse"])
def test_a_deep_decoder_s_optimum_has_no_gradient(loss):
    z = START
    for _ in range(12):
        z = optimise(DEEP, X, z, loss, 0.01)
    centre, step = loss_of(DEEP, X, z, loss, 0.01), 0.1
    for direction in np.eye(DIMENSIONS, dtype=np.float32):
        assert (loss_of(DEEP, X, z + step * direction, loss, 0.01) > centre - 1e-4).all()
        assert (loss_of(DEEP, X, z - step * direction, loss, 0.01) > centre - 1e-4).all()


def test_images_do_not_affect_each_other():
    together = optimise(DEEP, X, START, "bce", 0.0)
    alone = np.concatenate([optimise(DEEP, X[i : i + 1], START[i : i + 1], "bce", 0.0) for i in range(5)])
    losses = [loss_of(DEEP, X[:5], z, "bce") for z in (alone, together[:5])]
    np.testing.assert_allclose(*losses, atol=1e-4)  # the codes themselves may differ along a flat valley
    assert optimise(DEEP, X[:0], START[:0], "bce", 0.0).shape == (0, DIMENSIONS)


def test_start_loss_and_ridge_come_from_the_run():
    stacks = {"encoder": Stack((layer(PIXELS, DIMENSIONS, "linear"),)), "decoder": ONE}
    found = optimised_codes(stacks, RunConfig("logistic-pca", loss="mse", ridge=1.0), X)
    np.testing.assert_array_equal(found, optimise(ONE, X, stacks["encoder"](X), "mse", 1.0))
