"""Every number against a definition written another way."""

import numpy as np
import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from aecore import AecoreError, RunConfig, evaluation
from aecore.stacks import Layer, Stack, sigmoid

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (2100, 3, 3), dtype=np.uint8)  # more than one batch
X = (IMAGES.reshape(-1, 9) / 255).astype(np.float32)


def dense(before, after, activation="linear"):
    weight = RANDOM.standard_normal((after, before)).astype(np.float32) / before
    return Layer(weight, RANDOM.standard_normal(after).astype(np.float32), activation)


STACKS = {
    "encoder": Stack((dense(9, 2),)),
    "logvar": Stack((dense(9, 2),)),
    "decoder": Stack((dense(2, 9, "sigmoid"),)),
}
VAE = RunConfig("vae", latent_dim=2)


@pytest.fixture(scope="module")
def result():
    return evaluation.evaluate("id", VAE, STACKS, IMAGES, 7)


def test_reconstruction_errors(result):
    x_hat = STACKS["decoder"](STACKS["encoder"](X)).astype(np.float64)
    table = result.evaluation
    assert table["sse"] == pytest.approx(((X - x_hat) ** 2).sum(1).mean(), rel=1e-5)
    assert table["mse"] == pytest.approx(((X - x_hat) ** 2).mean(), rel=1e-5)
    assert table["psnr"] == pytest.approx(10 * np.log10(1 / ((X - x_hat) ** 2).mean()), rel=1e-5)
    expected = -Bernoulli(torch.tensor(x_hat), validate_args=False).log_prob(torch.tensor(X, dtype=torch.float64))
    assert table["bce"] == table["recon_at_mean"] == pytest.approx(expected.sum(1).mean().item(), rel=1e-5)
    np.testing.assert_allclose(result.errors["bce"], expected.sum(1).numpy(), rtol=1e-4)


def test_floor_is_the_pixels_entropy(result):
    entropy = Bernoulli(torch.tensor(X, dtype=torch.float64)).entropy().sum(1).mean().item()
    assert result.evaluation["bce_floor"] == pytest.approx(entropy, rel=1e-5)
    assert evaluation.bce_floor(np.array([[0.0, 1.0]], np.float32)).item() == 0


def test_kl_is_the_distributions(result):
    mean, logvar = (torch.tensor(STACKS[name](X)) for name in ("encoder", "logvar"))
    kl = kl_divergence(Normal(mean, (0.5 * logvar).exp()), Normal(0.0, 1.0))
    assert result.evaluation["kl"] == pytest.approx(kl.sum(1).mean().item(), rel=1e-5)
    np.testing.assert_allclose(result.evaluation["kl_per_dimension"], kl.mean(0).numpy(), rtol=1e-5)


def test_sampled_recon_is_near_its_expectation_and_seeded(result):
    """One draw an image over 2,100 images against the average of 50 draws of each."""
    mean, logvar = STACKS["encoder"](X), STACKS["logvar"](X)
    draws = []
    for _ in range(50):
        z = (mean + np.exp(logvar / 2) * RANDOM.standard_normal(mean.shape)).astype(np.float32)
        draws.append(evaluation.bce(X, STACKS["decoder"], z).mean())
    spread = evaluation.bce(X, STACKS["decoder"], z).std() / len(X) ** 0.5
    assert result.evaluation["recon"] == pytest.approx(np.mean(draws), abs=float(4 * spread))
    again = evaluation.evaluate("id", VAE, STACKS, IMAGES, 7).evaluation
    assert again == result.evaluation
    assert result.evaluation["neg_elbo"] == result.evaluation["recon"] + result.evaluation["kl"]


def test_active_units_counts_dimensions_that_vary():
    weight = np.zeros((2, 9), np.float32)
    weight[1, 0] = 1
    stacks = {**STACKS, "encoder": Stack((Layer(weight, np.zeros(2, np.float32), "linear"),))}
    assert evaluation.evaluate("id", VAE, stacks, IMAGES, 1).evaluation["active_units"] == 1


def test_squared_error_runs_report_recon_in_squared_error():
    config = RunConfig("vae", latent_dim=2, loss="mse")
    table = evaluation.evaluate("id", config, STACKS, IMAGES, 1).evaluation
    assert table["recon_at_mean"] == table["sse"]


def test_bce_of_a_linear_output_is_clipped():
    decoder = Stack((Layer(np.zeros((9, 2), np.float32), np.full(9, 1.7, np.float32), "linear"),))
    value = evaluation.bce(np.zeros((1, 9), np.float32), decoder, np.zeros((1, 2), np.float32))
    assert value.item() == pytest.approx(-9 * np.log(evaluation.CLIP), rel=1e-4)


def test_bce_stays_finite_where_the_sigmoid_saturates():
    decoder = Stack((Layer(np.zeros((9, 2), np.float32), np.full(9, 90, np.float32), "sigmoid"),))
    assert sigmoid(np.float32(90)) == 1
    value = evaluation.bce(np.zeros((1, 9), np.float32), decoder, np.zeros((1, 2), np.float32))
    assert value.item() == pytest.approx(9 * 90)


def test_optimised_codes_are_named_and_never_mixed_with_the_encoder_s(result):
    best = evaluation.evaluate("id", VAE, STACKS, IMAGES, 7, codes="optimised")
    assert (result.evaluation["codes"], best.evaluation["codes"]) == ("feed-forward", "optimised")
    assert best.evaluation["bce"] < result.evaluation["bce"]
    assert (best.errors["bce"] <= result.errors["bce"] + 1e-4).all()
    assert not {"kl", "recon", "neg_elbo", "recon_at_mean"} & best.evaluation.keys()
    np.testing.assert_allclose(best.errors["bce"], evaluation.bce(X, STACKS["decoder"], best.codes), rtol=1e-6)


def test_a_run_trained_for_optimised_codes_is_scored_with_them():
    stacks = {name: STACKS[name] for name in ("encoder", "decoder")}
    config = RunConfig("logistic-pca", latent_dim=2, codes="optimised")
    assert evaluation.evaluate("id", config, stacks, IMAGES[:50], 1).evaluation["codes"] == "optimised"
    plain = evaluation.evaluate("id", config, stacks, IMAGES[:50], 1, codes="feed-forward")
    np.testing.assert_allclose(plain.codes, STACKS["encoder"](X[:50]), rtol=1e-5)


def test_noise_goes_in_and_the_clean_image_is_the_target():
    """A linear encoder's codes of noisy images spread about the clean ones by noise |w|^2."""
    clean = evaluation.evaluate("id", VAE, STACKS, IMAGES, 7)
    noisy = evaluation.evaluate("id", VAE, STACKS, IMAGES, 7, noise=0.25)
    assert (clean.evaluation["noise"], noisy.evaluation["noise"]) == (0.0, 0.25)
    expected = 0.25 * np.square(STACKS["encoder"].layers[0].weight).sum(1)
    np.testing.assert_allclose((noisy.codes - clean.codes).var(0), expected, rtol=0.1)
    np.testing.assert_allclose(noisy.errors["sse"], evaluation.sse(X, STACKS["decoder"](noisy.codes)), rtol=1e-5)
    assert noisy.evaluation["bce_floor"] == clean.evaluation["bce_floor"]


def test_without_error_there_is_no_psnr():
    black = {
        "encoder": Stack((dense(9, 2),)),
        "decoder": Stack((Layer(np.zeros((9, 2), np.float32), np.zeros(9, np.float32), "linear"),)),
    }
    table = evaluation.evaluate(
        "id", RunConfig("pca", latent_dim=2), black, np.zeros((5, 3, 3), np.uint8), 0
    ).evaluation
    assert (table["sse"], table["psnr"]) == (0, None)
    assert evaluation.psnr(0.01) == pytest.approx(20)


@pytest.mark.parametrize("name", ["encoder", "logvar", "decoder"])
def test_what_is_not_finite_is_one_sentence(name):
    """Weights so large that float32 overflows, as a rate that is too high leaves them."""
    layer = STACKS[name].layers[0]
    large = Layer(layer.weight * np.float32(1e30), layer.bias * np.float32(1e38), "linear")
    broken = {**STACKS, name: Stack((large,))}
    with pytest.raises(AecoreError, match="'id' are not finite numbers"):
        evaluation.evaluate("id", VAE, broken, IMAGES[:9], 7)


def test_the_mean_images_errors():
    train, test = IMAGES[:50], IMAGES[50:]
    x, y = train.reshape(50, -1) / 255, test.reshape(len(test), -1) / 255
    found = evaluation.mean_image_errors(train, test)
    assert found["mean_image_sse"] == pytest.approx(np.square(y - x.mean(0)).sum(1).mean(), rel=1e-5)
    p = torch.tensor((x.sum(0) + 0.5) / 51)
    expected = -Bernoulli(p, validate_args=False).log_prob(torch.tensor(y)).sum(1).mean().item()
    assert found["mean_image_bce"] == pytest.approx(expected, rel=1e-5)
    black, white = np.zeros((3, 2, 2), np.uint8), np.full((2, 2, 2), 255, np.uint8)
    assert evaluation.mean_image_errors(black, white) == pytest.approx(
        {"mean_image_sse": 4, "mean_image_bce": -4 * np.log(0.5 / 4)}
    )
    signed = evaluation.mean_image_errors(train, test, (-1.0, 1.0))
    assert signed == {"mean_image_sse": pytest.approx(4 * found["mean_image_sse"], rel=1e-5)}  # no probabilities


def test_a_run_worse_than_the_mean_image_is_said_to_be():
    table = {"sse": 5.0, "mean_image_sse": 9.0, "bce": 1e21, "mean_image_bce": 250.3}
    assert "BCE 1e+21, where that image has 250.3" in evaluation.useless(VAE, table)
    assert evaluation.useless(VAE, {**table, "bce": 250.3}) == ""
    assert evaluation.useless(RunConfig("vae", loss="mse"), table) == ""
    assert "SSE 9.5" in evaluation.useless(RunConfig("pca"), {**table, "sse": 9.5})
    assert evaluation.useless(VAE, {"bce": 1e21}) == ""  # an older run does not say
