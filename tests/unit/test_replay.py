"""A step that is recorded and replayed trains as one that is run: here on the CPU, with a record of our own."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from aecore import make_config, replay, training
from aecore.models.base import build
from aecore.replay import Replayed, held
from aecore.training import fit, generator_for

IMAGES = torch.randint(256, (200, 6, 6), generator=generator_for(9), dtype=torch.uint8)
WAITS = ("_local_scalar_dense", "lift_fresh")  # a look at a number, a number from outside: a GPU cannot record them


class Tape(TorchDispatchMode):
    """Keeps each operation with the tensors that it read and made, and nothing of what Python did in between."""

    def __init__(self):
        super().__init__()
        self.operations = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        assert not function.__name__.startswith(WAITS), f"{function} cannot be recorded"
        made = function(*args, **(kwargs or {}))
        self.operations.append((function, args, kwargs or {}, made))
        return made

    @torch.no_grad()
    def play(self):
        for function, args, kwargs, made in self.operations:
            for old, new in zip(tree_leaves(made), tree_leaves(function(*args, **kwargs)), strict=True):
                if isinstance(old, torch.Tensor) and old.data_ptr() != new.data_ptr():
                    old.copy_(new)


@pytest.fixture
def tapes(monkeypatch):
    """Steps on the CPU are recorded; the tapes, once there are some."""
    made = []

    def record(step, generator):
        tape = Tape()
        made.append(tape)
        with tape:
            step()
        plays = []  # a graph's record runs nothing, and this one has

        def again():
            if plays:
                tape.play()
            plays.append(True)

        return again

    monkeypatch.setitem(replay.RECORDS, "cpu", record)
    return made


def trained(family, **changes):
    config = make_config(
        family,
        hidden=(16, 12),
        latent_dim=3,
        batch_size=16,
        epochs=3,
        schedule="cosine",
        precision="bfloat16",
        **changes,
    )
    model = build(config, 36, generator_for(0))
    losses = [epoch.train for epoch in fit(model, IMAGES, config)]
    return model.state_dict(), losses


@pytest.mark.parametrize(
    ("family", "changes"),
    [
        ("ae", {"optimiser": "adamw", "weight_decay": 0.01}),
        ("ae", {"optimiser": "quick-muon", "weight_decay": 0.01, "shift": 1, "mirror": True}),
        ("ae", {"loss": "mse", "optimiser": "adam"}),
        ("vae", {"optimiser": "quick-muon"}),
        ("denoising-ae", {}),
        ("dropout-ae", {}),
        ("adversarial-ae", {"optimiser": "adam"}),
    ],
)
def test_replayed_weights_and_losses_are_bitwise_those_of_steps_that_run(family, changes, tapes, monkeypatch):
    weights, losses = trained(family, **changes)
    assert len(tapes) == 1
    monkeypatch.delitem(replay.RECORDS, "cpu")
    expected_weights, expected_losses = trained(family, **changes)
    assert all(torch.equal(weights[name], expected_weights[name]) for name in expected_weights)
    assert losses == expected_losses


def test_torch_s_muon_is_not_recorded(tapes):
    trained("ae", optimiser="muon")
    assert not tapes


def test_a_number_of_python_s_would_be_recorded_for_good(tapes):
    """What the tapes are for: they show a step that a GPU would repeat with the first rate."""
    total, rates = torch.zeros(()), iter(range(1, 99))
    step = Replayed(lambda rows: total.add_(rows.sum() * next(rates)).clone(), generator_for(0), replay.RECORDS["cpu"])
    assert [step(torch.ones(1)).item() for _ in range(6)] == [1, 3, 6, 10, 14, 18]


def test_batches_of_another_size_are_run(tapes):
    sizes, total = [], torch.zeros(())

    def run(rows):
        sizes.append(len(rows))
        return total.add_(rows.sum()).clone()

    step = Replayed(run, generator_for(0), replay.RECORDS["cpu"])
    results = [step(torch.full((size,), 2.0)).item() for size in (4, 4, 4, 3, 4, 3, 4)]
    assert results == [8, 16, 24, 30, 38, 44, 52]
    assert sizes == [4, 4, 4, 3, 4, 3]


def test_what_cannot_be_recorded_is_run():
    def fails(step, generator):
        raise RuntimeError("no such operation")

    step = Replayed(lambda rows: rows.sum(), generator_for(0), fails)
    for _ in range(3):
        step(torch.ones(2))
    with pytest.warns(UserWarning, match="no such operation"):
        assert step(torch.ones(2)) == 2
    assert step(torch.ones(3)) == 3


def test_a_copy_trains_where_the_device_is_another(monkeypatch):
    """'cpu:0' is the CPU under another name; the model has the copy's weights after each epoch."""
    expected, losses = trained("adversarial-ae", optimiser="adam")
    monkeypatch.setattr(training, "device_of", lambda: torch.device("cpu", 0))
    weights, got = trained("adversarial-ae", optimiser="adam")
    assert all(torch.equal(weights[name], expected[name]) for name in expected)
    assert got == losses


def test_a_held_number_is_exact_on_the_cpu():
    assert held(0.1, torch.device("cpu")).item() == 0.1
    assert held(0.1, torch.device("meta")).dtype == torch.float32
