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
        common |= {"epochs": 3, "batch_size": 64}
    if "hidden" not in MODELS[family].unused:
        common |= {"hidden": (16,)}
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
    scores, codes = evaluate_terms(model, images, generator_for(0))
    assert torch.equal(codes, model.encode(model.pixels(images)))
    if loss == "mse":
        assert scores["recon"] == pytest.approx(scores["sse"], rel=1e-5)


@pytest.mark.parametrize("family", [name for name, row in MODELS.items() if "output" not in row.unused])
def test_a_linear_output_is_stored_and_may_leave_the_unit_interval(family, images):
    model, _ = trained(small(family, output="linear", loss="mse"), images)
    z = 9 * torch.randn(50, 3, generator=generator_for(0))
    with torch.no_grad():
        x_hat = model.decode(z)
    assert x_hat.min() < 0
    np.testing.assert_allclose(model.stacks()["decoder"](z.numpy()), x_hat.numpy(), atol=1e-4)


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


def test_logistic_pca_with_optimised_codes_encodes_the_optimum(images):
    """Its codes have no gradient; the stored encoder is one linear layer, and a little worse."""
    config = small("logistic-pca", codes="optimised", ridge=0.002, epochs=10, lr=0.03)
    model, epochs = trained(config, images)
    x = images[:50].float() / 255
    z = model.encode(x).requires_grad_()
    loss = (model.recon(model.decoder(z), x) + 0.001 * z.square().sum(1)).sum()
    assert torch.autograd.grad(loss, z)[0].abs().max() < 5e-3
    assert epochs[-1].train["recon"] < epochs[-1].train["feed_forward"]
    feed_forward = torch.tensor(model.stacks()["encoder"](x.numpy()))
    with torch.no_grad():
        assert model.recon(model.decoder(z), x).mean() < model.recon(model.decoder(feed_forward), x).mean()


def test_logistic_pca_s_gradient_is_that_of_the_minimum_over_codes(images):
    """The envelope theorem, against finite differences of min_z through a new search."""
    config = small("logistic-pca", codes="optimised", ridge=0.5)
    model = build(config, PIXELS, generator_for(0))
    x, (objective, _) = images[:40].float() / 255, model.objectives()

    def loss():
        return objective.loss(objective.terms(x, generator_for(0)))

    gradient = torch.autograd.grad(loss(), model.decoder.bias)[0]
    with torch.no_grad():
        for pixel in (3, 20):
            values = []
            for move in (0.05, -0.1):
                model.decoder.bias[pixel] += move
                values.append(loss())
            model.decoder.bias[pixel] += 0.05
            assert (values[0] - values[1]) / 0.1 == pytest.approx(gradient[pixel].item(), rel=0.02, abs=2e-3)


def test_denoising_ae_sees_noise_of_that_variance_and_aims_at_the_clean_image():
    model = build(small("denoising-ae", noise=0.3), PIXELS, generator_for(0))
    seen, aimed = [], []
    model.encoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    model.recon = lambda logits, x: (aimed.append(x), torch.zeros(len(x)))[1]
    x = torch.rand(500, PIXELS, generator=generator_for(1))
    model.objectives()[0].terms(x, generator_for(2))
    assert (seen[0] - x).var().item() == pytest.approx(0.3, rel=0.03)
    assert torch.equal(aimed[0], x)


def test_dropout_ae_drops_hidden_units_while_training_only(images):
    model = build(small("dropout-ae", dropout=0.4, hidden=(400,)), PIXELS, generator_for(0))
    (objective,), x = model.objectives(), images[:64].float() / 255
    one, other = (objective.terms(x, generator_for(seed))["recon"] for seed in (1, 2))
    assert not torch.equal(one, other)
    hidden = []
    model.encoder[2].register_forward_pre_hook(lambda _, inputs: hidden.append(inputs[0]))
    objective.terms(x, generator_for(1))
    whole = model.encoder[1](model.encoder[0](x))
    on = hidden[0] != 0
    torch.testing.assert_close(hidden[0][on], (whole / 0.6)[on])
    assert on[whole > 0].float().mean().item() == pytest.approx(0.6, abs=0.02)
    model.eval()
    plain = model.recon(model.decoder(model.encoder(x)), x)
    torch.testing.assert_close(objective.terms(x, generator_for(1))["recon"], plain)


def test_adversarial_ae_s_objectives_move_their_own_parts():
    model = build(small("adversarial-ae"), PIXELS, generator_for(0))
    x = torch.rand(32, PIXELS)
    parts = {
        name: {id(p) for p in getattr(model, name).parameters()} for name in ("network", "decoder", "discriminator")
    }
    owned = {one.name: {id(p) for p in one.parameters} for one in model.objectives()}
    assert owned["reconstruction"] == parts["network"] | parts["decoder"]
    assert owned["discriminator"] == parts["discriminator"]
    assert owned["regularisation"] == parts["network"]
    with torch.no_grad():
        model.discriminator[-1].weight.zero_()
    terms = {name: term for one in model.objectives() for name, term in one.terms(x, generator_for(0)).items()}
    torch.testing.assert_close(terms["discriminator"], torch.full((32,), 2 * float(np.log(2))))
    torch.testing.assert_close(terms["regularisation"], torch.full((32,), float(np.log(2))))


def test_adversarial_ae_brings_its_codes_to_the_prior(images):
    config = small(
        "adversarial-ae", latent_dim=2, epochs=60, optimiser="muon", lr=0.02, hidden=(64,), schedule="cosine"
    )
    model, _ = trained(config, images)
    with torch.no_grad():
        z = model.encode(images.float() / 255)
    assert z.mean(0).abs().max() < 0.35
    assert (z.std(0) - 1).abs().max() < 0.35


@pytest.mark.parametrize("loss", ["bce", "mse"])
def test_a_loss_is_float32_where_the_products_are_bfloat16(loss):
    """The value and, but for its own rounding, the gradient are those of the same logits in float32."""
    model = build(RunConfig("ae", hidden=(4,), latent_dim=2, loss=loss), 36, generator_for(0))
    x = torch.rand(5, 36, generator=generator_for(1))
    low = (3 * torch.randn(5, 36, generator=generator_for(2))).bfloat16().requires_grad_()
    full = low.detach().float().requires_grad_()
    got, expected = model.recon(low, x), model.recon(full, x)
    assert got.dtype == torch.float32
    assert torch.equal(got, expected)
    slopes = [torch.autograd.grad(value.mean(), logits)[0] for value, logits in ((got, low), (expected, full))]
    assert torch.equal(slopes[0], slopes[1].bfloat16())
