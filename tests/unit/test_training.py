"""The loop: bitwise determinism, resuming, schedules, divergence."""

import pytest
import torch

from aecore import MODELS, AecoreError, RunConfig
from aecore.models.base import build
from aecore.training import device_of, fit, generator_for, mirrored, precision_of, shifted

ITERATIVE = [name for name, row in MODELS.items() if "epochs" not in row.unused]
IMAGES = torch.randint(0, 256, (200, 36), dtype=torch.uint8, generator=generator_for(0))


def config_for(family, **changes):
    common = {"latent_dim": 3, "epochs": 4, "batch_size": 48, "seed": 2}
    if "hidden" not in MODELS[family].unused:
        common |= {"hidden": (16,)}
    return RunConfig(family, **{**common, **changes})


def train(config, snapshot=None, stop_after=None):
    """Train from scratch or a snapshot; the model, and the snapshot after `stop_after` or the last epoch."""
    model, taken = build(config, 36, generator_for(config.seed)), None
    for epoch in fit(model, IMAGES, config, snapshot):
        taken = epoch.snapshot()
        if epoch.number == stop_after:
            break
    return model, taken


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize("family", ITERATIVE)
def test_a_seed_fixes_every_bit(family, threads):
    one, other = (train(config_for(family))[0] for _ in range(2))
    assert same(one, other)
    assert not same(one, train(config_for(family, seed=3))[0])


def test_global_random_state_is_neither_read_nor_moved():
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    one = train(config_for("vae"))[0]
    assert torch.equal(before, torch.random.get_rng_state())
    torch.manual_seed(2)
    assert same(one, train(config_for("vae"))[0])


@pytest.fixture(params=[1, 2])
def threads(request):
    """Torch with one thread, and with two."""
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize("optimiser", ["adam", "adamw", "muon", "quick-muon"])
@pytest.mark.parametrize("family", ITERATIVE)
def test_resumed_weights_are_bitwise_those_of_an_uninterrupted_run(family, optimiser, threads):
    config = config_for(family, optimiser=optimiser, schedule="cosine", weight_decay=0.01)
    whole = train(config)[0]
    for stop_after in (1, 3):
        resumed = train(config, train(config, stop_after=stop_after)[1])[0]
        assert same(whole, resumed)


def test_every_image_is_seen_once_an_epoch():
    seen = []

    class Spy(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = build(config_for("ae"), 36, generator_for(0))

        def initialise(self, images):
            pass

        def pixels(self, images):
            return self.inner.pixels(images)

        def objectives(self):
            def spy(objective):
                return objective._replace(terms=lambda x, g: (seen.append(x), objective.terms(x, g))[1])

            return [spy(objective) for objective in self.inner.objectives()]

    list(fit(Spy(), IMAGES, config_for("ae", epochs=1)))
    got = torch.cat(seen).mul(255).round().byte()
    assert sorted(got.tolist()) == sorted(IMAGES.tolist())


@pytest.mark.parametrize("optimiser", ["adam", "adamw"])
def test_a_step_is_torch_s_own_optimiser_s(optimiser):
    """One full-batch epoch equals one hand-written step."""
    config = config_for("ae", optimiser=optimiser, epochs=1, batch_size=200)
    ours = train(config)[0]
    theirs = build(config, 36, generator_for(config.seed))
    step = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[optimiser](
        theirs.parameters(), config.lr, eps=36e-8, weight_decay=0
    )
    x = IMAGES.float() / 255
    torch.nn.functional.binary_cross_entropy_with_logits(theirs.decoder(theirs.encoder(x)), x, reduction="sum").div(
        len(x)
    ).backward()
    step.step()
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("family", ITERATIVE)
def test_a_loss_that_is_no_number_stops_with_epoch_step_and_last_good_snapshot_named(family):
    """Weights become NaN before step 8, which is the third of five in epoch 2."""
    config = config_for(family)
    model, steps = build(config, 36, generator_for(config.seed)), iter(range(1, 99))

    def poison():
        if next(steps) == 8:
            with torch.no_grad():
                next(model.parameters()).fill_(torch.nan)
        return 0.0

    epochs = fit(model, IMAGES, config, hold=poison)
    assert next(epochs).number == 1
    with pytest.raises(AecoreError, match=r"epoch 2, step 3: .* snapshot is that of epoch 1; start .* lower"):
        next(epochs)


def test_time_that_is_held_counts_for_nothing():
    config = config_for("ae", epochs=1)
    (epoch,) = fit(build(config, 36, generator_for(0)), IMAGES, config, hold=lambda: 1000.0)
    assert epoch.seconds < 0


def test_history_s_loss_is_the_weighted_sum_of_its_terms():
    config = config_for("vae", beta=0.5, epochs=1)
    epoch = next(iter(fit(build(config, 36, generator_for(0)), IMAGES, config)))
    assert epoch.train["loss"] == pytest.approx(epoch.train["recon"] + 0.5 * epoch.train["kl"])


def test_a_shift_moves_the_whole_image_and_fills_with_zeros():
    images = torch.arange(1, 26, dtype=torch.uint8).reshape(1, 5, 5).expand(400, 5, 5)
    moved = shifted(images, 1, generator_for(0))
    padded = torch.nn.functional.pad(images[0], (1, 1, 1, 1))
    expected = {tuple(padded[y : y + 5, x : x + 5].flatten().tolist()) for y in range(3) for x in range(3)}
    assert {tuple(image.flatten().tolist()) for image in moved} == expected
    assert torch.equal(shifted(images, 0, generator_for(0)), images)


def test_shifted_and_bfloat16_runs_are_seeded_and_resume_bitwise():
    images = IMAGES.reshape(-1, 6, 6)
    config = config_for("vae", shift=1, precision="bfloat16", schedule="cosine")

    def weights(snapshot=None, stop_after=4):
        model = build(config, 36, generator_for(config.seed))
        for epoch in fit(model, images, config, snapshot):
            if epoch.number == stop_after:
                return model, epoch.snapshot()

    whole, _ = weights()
    assert same(whole, weights(weights(stop_after=2)[1])[0])
    assert all(parameter.dtype == torch.float32 for parameter in whole.parameters())
    plain = build(config, 36, generator_for(config.seed))
    list(fit(plain, images, config_for("vae", schedule="cosine")))
    assert not same(whole, plain)


@pytest.mark.parametrize("change", [{"shift": 1}, {"mirror": True}])
def test_flat_images_can_be_neither_shifted_nor_mirrored(change):
    with pytest.raises(AecoreError, match=next(iter(change))):
        train(config_for("ae", **change))


@pytest.mark.parametrize("family", [name for name in ITERATIVE if "start" not in MODELS[name].unused])
def test_a_centred_start_knows_the_mean_image(family):
    """Before the first step the mean image enters the first layer as 0, and the code 0 decodes to it."""
    model = build(config_for(family, start="centred", hidden=()), 36, generator_for(0))
    model.centre(IMAGES)
    mean = IMAGES.float().mean(0, keepdim=True) / 255
    model.eval()
    with torch.no_grad():
        assert model.ends()[0](mean).abs().max() < 1e-5
        torch.testing.assert_close(model.decode(torch.zeros(1, 3)), mean)


def test_a_centred_start_is_taken_before_the_first_step():
    one, other = (train(config_for("ae", start=start, epochs=1))[0] for start in ("glorot", "centred"))
    assert not same(one, other)
    resumed = train(config_for("ae", start="centred"), train(config_for("ae", start="centred"), stop_after=2)[1])[0]
    assert same(resumed, train(config_for("ae", start="centred"))[0])


def test_auto_precision_follows_the_hardware(monkeypatch):
    cpu = torch.device("cpu")
    for has, name in (({"avx512_bf16": True}, "bfloat16"), ({"amx_bf16": True}, "bfloat16"), ({}, "float32")):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda has=has: has)
        assert precision_of(config_for("ae", precision="auto"), cpu) == name
        assert precision_of(config_for("ae", precision="float32"), cpu) == "float32"


def test_a_device_is_named_or_found(monkeypatch):
    one = train(config_for("vae"))[0]
    monkeypatch.setenv("AECORE_DEVICE", "cpu")
    assert same(one, train(config_for("vae"))[0])
    for there, found in (((False, False), "cpu"), ((False, True), "mps"), ((True, True), "cuda")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=there: there[0])
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda there=there: there[1])
        monkeypatch.setenv("AECORE_DEVICE", "auto")
        assert device_of().type == found
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for name in ("cuda", "tpu"):
        monkeypatch.setenv("AECORE_DEVICE", name)
        with pytest.raises(AecoreError, match=name):
            train(config_for("vae"))


def test_half_of_the_images_are_mirrored():
    images = torch.arange(6, dtype=torch.uint8).reshape(1, 2, 3).expand(2000, 2, 3)
    turned = (mirrored(images, generator_for(0)) == images[0].flip(1)).flatten(1).all(1)
    assert torch.equal(mirrored(images, generator_for(0))[~turned], images[~turned])
    assert 0.45 < turned.float().mean() < 0.55


def test_fresh_images_are_asked_for_by_epoch_and_resume_bitwise():
    config, asked = config_for("ae", mirror=True), []

    def fresh(epoch):
        asked.append(epoch)
        return torch.randint(0, 256, (200, 6, 6), dtype=torch.uint8, generator=generator_for(epoch))

    def weights(snapshot=None, stop_after=4):
        model = build(config, 36, generator_for(config.seed))
        for epoch in fit(model, IMAGES.reshape(-1, 6, 6), config, snapshot, fresh):
            if epoch.number == stop_after:
                return model, epoch.snapshot()

    whole, _ = weights()
    assert asked == [1, 2, 3, 4]
    assert same(whole, weights(weights(stop_after=2)[1])[0])
    assert asked == [1, 2, 3, 4, 1, 2, 3, 4]


def test_bfloat16_learns_as_float32_does():
    losses = []
    for precision in ("float32", "bfloat16"):
        config = config_for("ae", precision=precision, epochs=20, lr=0.01)
        losses.append([epoch.train["loss"] for epoch in fit(build(config, 36, generator_for(0)), IMAGES, config)][-1])
    assert losses[1] == pytest.approx(losses[0], rel=0.01)


@pytest.mark.parametrize("family", ITERATIVE)
def test_a_last_batch_of_one_image_is_no_trouble(family):
    train(config_for(family, batch_size=199, epochs=1))
