"""The contract, for every row of MODELS: no family is named here but where its mathematics is tested."""

import numpy as np
import pytest
import torch
from sklearn import decomposition

from aecore import MODELS, AecoreError, RunConfig, stacks
from aecore.models.base import build
from aecore.nets import from_stack
from aecore.training import evaluate_terms, fit, generator_for

PIXELS = 36


@pytest.fixture(scope="module")
def images():
    """Bright blobs on black: 300 images of 6 x 6, with structure to learn."""
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:6, :6]
    centres = random.uniform(1, 4, (300, 2, 1, 1))
    distance = (rows - centres[:, 0]) ** 2 + (columns - centres[:, 1]) ** 2
    return torch.tensor((255 * np.exp(-distance / 3)).astype(np.uint8).reshape(300, PIXELS))


def small(family, **changes):
    common = {"latent_dim": 3, "seed": 5}
    if "epochs" not in MODELS[family].unused:
        common |= {"epochs": 3, "batch_size": 64, "hidden": (16,)}
    return RunConfig(family, **{**common, **changes})


def trained(config, images):
    model = build(config, PIXELS, generator_for(config.seed))
    return model, list(fit(model, images, config))


@pytest.mark.parametrize("family", MODELS)
def test_shapes_and_range(family, images):
    model, _ = trained(small(family), images)
    x = images[:10].float() / 255
    with torch.no_grad():
        z = model.encode(x)
        x_hat = model.decode(z)
    assert z.shape == (10, 3)
    assert x_hat.shape == (10, PIXELS)
    if model.objectives():
        assert x_hat.min() >= 0 and x_hat.max() <= 1


@pytest.mark.parametrize("family", MODELS)
def test_stored_stacks_decode_and_encode_as_the_model_does(family, images):
    """Torch's model, the numpy stacks read back from bytes, and torch modules made of them agree to 1e-5."""
    model, _ = trained(small(family), images)
    stored = stacks.parse(stacks.dump(model.stacks()))
    x = images[:20].float() / 255
    with torch.no_grad():
        z, x_hat = model.encode(x), model.decode(model.encode(x))
        np.testing.assert_allclose(stored["encoder"](x.numpy()), z.numpy(), atol=1e-5)
        np.testing.assert_allclose(stored["decoder"](z.numpy()), x_hat.numpy(), atol=1e-5)
        torch.testing.assert_close(from_stack(stored["decoder"])(z), x_hat, atol=1e-5, rtol=0)
        torch.testing.assert_close(from_stack(stored["encoder"])(x), z, atol=1e-5, rtol=0)


@pytest.mark.parametrize("family", MODELS)
def test_every_parameter_belongs_to_an_objective(family):
    model = build(small(family), PIXELS, generator_for(0))
    learned = {id(p) for objective in model.objectives() for p in objective.parameters}
    assert {id(p) for p in model.parameters() if p.requires_grad} == learned


@pytest.mark.parametrize("family", MODELS)
def test_objectives_give_one_value_an_image(family):
    model = build(small(family), PIXELS, generator_for(0))
    x = torch.rand(8, PIXELS)
    for objective in model.objectives():
        assert all(term.shape == (8,) for term in objective.terms(x, generator_for(0)).values())


@pytest.mark.parametrize("family", MODELS)
def test_prior_codes_have_the_code_s_shape(family):
    codes = build(small(family), PIXELS, generator_for(0)).prior_codes(9, generator_for(0))
    assert codes is None or codes.shape == (9, 3)


@pytest.mark.parametrize("activation", ["relu", "silu", "tanh"])
@pytest.mark.parametrize("hidden", [(), (16,), (24, 12)])
@pytest.mark.parametrize("family", [name for name, row in MODELS.items() if "hidden" not in row.unused])
def test_any_widths_and_activations_are_stored_as_they_are(family, hidden, activation, images):
    config = small(family, hidden=hidden, activation=activation, epochs=1)
    model, _ = trained(config, images)
    stored = model.stacks()
    assert len(stored["encoder"].layers) == len(stored["decoder"].layers) == len(hidden) + 1
    x = images[:5].float() / 255
    with torch.no_grad():
        np.testing.assert_allclose(stored["encoder"](x.numpy()), model.encode(x).numpy(), atol=1e-5)


@pytest.mark.parametrize("loss", ["bce", "mse"])
def test_training_lowers_the_loss_that_was_asked_for(loss, images):
    config = small("ae", loss=loss, epochs=30, lr=0.01)
    model, epochs = trained(config, images)
    assert epochs[-1].train["loss"] < epochs[0].train["loss"]
    scores = evaluate_terms(model, images, generator_for(0))
    if loss == "mse":
        assert scores["recon"] == pytest.approx(scores["sse"], rel=1e-5)


def test_vae_with_no_weight_on_kl_uses_a_larger_kl(images):
    kl = {beta: trained(small("vae", beta=beta, epochs=20, lr=0.01), images)[1][-1].train["kl"] for beta in (0.0, 5.0)}
    assert kl[0.0] > 2 * kl[5.0]


def test_vae_adds_beta_times_kl(images):
    model = build(small("vae", beta=3.0), PIXELS, generator_for(0))
    objective = model.objectives()[0]
    terms = objective.terms(torch.rand(8, PIXELS), generator_for(1))
    expected = terms["recon"].mean() + 3 * terms["kl"].mean()
    torch.testing.assert_close(objective.loss(terms), expected)


def test_pca_is_scikit_learn_s(images):
    model, epochs = trained(small("pca"), images)
    x = images.double().div(255).numpy()
    expected = decomposition.PCA(3, svd_solver="full").fit(x)
    with torch.no_grad():
        z, x_hat = model.encode(images.float() / 255), model.decode(model.encode(images.float() / 255))
    np.testing.assert_allclose(np.abs(z.numpy()), np.abs(expected.transform(x)), atol=1e-4)
    np.testing.assert_allclose(x_hat.numpy(), expected.inverse_transform(expected.transform(x)), atol=1e-5)
    assert [epoch.number for epoch in epochs] == [0]


def test_pca_with_more_components_than_pixels_or_images_says_so(images):
    with pytest.raises(AecoreError, match="at most 36"):
        build(small("pca", latent_dim=37), PIXELS, generator_for(0))
    with pytest.raises(AecoreError, match="use more images"):
        trained(small("pca"), images[:2])
