"""Configs: validated, hashed, JSON both ways."""

import numpy as np
import pytest
import torch

from aecore import MODELS, AecoreError, RunConfig, __main__, datasets, make_config
from aecore.commands import runs
from aecore.config import RANGES, check_data, recipe_of, train_command
from aecore.training import generator_for


@pytest.mark.parametrize("family", MODELS)
def test_json_both_ways_keeps_the_config_and_its_id(family):
    for recipe in MODELS[family].recipes:
        config = make_config(family, recipe, latent_dim=7, seed=3)
        assert RunConfig.from_json(config.to_json()) == config
        assert RunConfig.from_json(config.to_json()).run_id == config.run_id


def test_shipped_ids_do_not_move():
    """Links and folders carry them: a new field with a default must not change the hash."""
    assert make_config("ae").run_id == "ae-fashion_mnist-z20-b00f44c7"
    assert make_config("vae").run_id == "vae-fashion_mnist-z20-ca537978"
    assert make_config("pca").run_id == "pca-fashion_mnist-z20-8d0b1265"


def test_the_id_tells_configs_apart_and_equal_ones_together():
    assert make_config("ae", seed=2).run_id != make_config("ae").run_id
    assert RunConfig("ae", hidden=(256, 128)).run_id == RunConfig("ae").run_id
    assert make_config("vae").run_id == RunConfig("vae").run_id


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"family": "rbm"}, "rbm"),
        ({"family": "ae", "latent_dim": 0}, "latent_dim"),
        ({"family": "ae", "latent_dim": 2.5}, "latent_dim"),
        ({"family": "ae", "epochs": -1}, "epochs"),
        ({"family": "logistic-pca", "epochs": 0}, "'epochs' must be at least 1"),
        ({"family": "ae", "batch_size": True}, "batch_size"),
        ({"family": "ae", "lr": 0.0}, "lr"),
        ({"family": "ae", "lr": float("nan")}, "lr"),
        ({"family": "vae", "beta": -1}, "beta"),
        ({"family": "ae", "beta": 2.0}, "beta"),
        ({"family": "pca", "epochs": 3}, "epochs"),
        ({"family": "pca", "hidden": (3,)}, "hidden"),
        ({"family": "ae", "hidden": (0,)}, "hidden"),
        ({"family": "ae", "loss": "hinge"}, "loss"),
        ({"family": "ae", "dataset": 3}, "dataset"),
        ({"family": "ae", "momentum": 0.9}, "momentum"),
        ({"family": "ae", "precision": "float64"}, "precision"),
        ({"family": "ae", "shift": -1}, "shift"),
        ({"family": "ae", "output": "linear"}, "output"),
        ({"family": "ae", "codes": "optimised"}, "codes"),
        ({"family": "pca", "shift": 1}, "shift"),
        ({"family": "logistic-pca", "activation": "silu"}, "activation"),
        ({"family": "logistic-pca", "ridge": -1}, "ridge"),
        ({"family": "denoising-ae", "noise": float("inf")}, "noise"),
        ({"family": "dropout-ae", "dropout": 1.0}, "dropout"),
        ({"family": "ae", "latent_dim": 513}, "latent_dim"),
        ({"family": "ae", "hidden": (10**9,)}, "hidden"),
        ({"family": "ae", "hidden": (8,) * 33}, "hidden"),
        ({"family": "ae", "hidden": 8}, "hidden"),
        ({"family": "ae", "hidden": {"8": 8}}, "hidden"),
        ({"family": "ae", "epochs": 10**25}, "epochs"),
        ({"family": "ae", "batch_size": 10**9}, "batch_size"),
        ({"family": "ae", "seed": 2**32}, "seed"),
        ({"family": "ae", "lr": 10**400}, "lr"),
        ({"family": "ae", "lr": 1e31}, "lr"),
        ({"family": "ae", "lr": None}, "lr"),
        ({"family": "ae", "loss": ["bce"]}, "loss"),
        ({"family": ["ae"]}, "family"),
        ({"family": None}, "family"),
        ({"family": "ae", "dataset": "../../elsewhere"}, "dataset"),
        ({"family": "ae", "dataset": "a" * 65}, "dataset"),
        ([], "JSON object"),
        (None, "JSON object"),
    ],
)
def test_a_bad_value_gets_one_sentence_that_names_it(values, word):
    with pytest.raises(AecoreError, match=word) as caught:
        RunConfig.from_dict(values)
    assert str(caught.value).count("\n") == 0
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("family", MODELS)
def test_a_config_knows_its_recipe(family):
    for recipe in MODELS[family].recipes:
        assert recipe_of(make_config(family, recipe, latent_dim=3, seed=9, train_images=50)) == recipe
    assert recipe_of(make_config("ae", epochs=7)) == "chapter"
    assert recipe_of(make_config("ae", lr=0.5)) is None


def test_the_ends_of_every_range_can_be_trained():
    for name, ends in RANGES.items():
        family = {"beta": "vae", "noise": "denoising-ae", "dropout": "dropout-ae", "ridge": "logistic-pca"}.get(
            name, "ae"
        )
        for end in ends:
            if (name, end) not in (("lr", 0), ("bias_lr", 0), ("dropout", 1), ("epochs", 0)):
                assert getattr(make_config(family, **{name: type(getattr(RunConfig("ae"), name))(end)}), name) == end


def test_the_largest_numbers_are_ones_that_their_readers_take():
    assert torch.tensor(RANGES["lr"][1], dtype=torch.float32).isfinite()
    seed = RANGES["seed"][1]
    np.random.RandomState(int(seed))  # scikit-learn's and openTSNE's; it takes no larger one
    with pytest.raises(ValueError, match="Seed"):
        np.random.RandomState(int(seed) + 1)
    generator_for(int(seed), stream=4)


def test_a_shift_stays_within_the_image(tiny):
    dataset = datasets.load("tiny")
    check_data(make_config("ae", dataset="tiny", shift=7), dataset)
    with pytest.raises(AecoreError, match="'shift' must be at most 7 for images of 8 pixels a side, not 8"):
        check_data(make_config("ae", dataset="tiny", shift=8), dataset)


@pytest.mark.parametrize("text", ["", "[]", "{", "{}", "[" * 100_000, "null", "9" * 5000])
def test_text_that_is_no_config(text):
    with pytest.raises(AecoreError):
        RunConfig.from_json(text)


@pytest.mark.parametrize(
    "config",
    [
        make_config("ae"),
        make_config("ae", "deep", dataset="mnist", latent_dim=30),
        make_config("vae", hidden=(8, 4), beta=2.0, epochs=3),
        make_config("logistic-pca", "optimised", train_images=2000),
    ],
)
def test_the_command_of_a_config_trains_it(config, monkeypatch):
    trained = []
    monkeypatch.setattr(runs, "train_config", lambda config, *rest: trained.append(config) or 0)
    assert __main__.main(train_command(config).split()[1:]) == 0
    assert trained == [config]
