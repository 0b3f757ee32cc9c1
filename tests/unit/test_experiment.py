"""Whole runs: cached, scored, resumable, published at once."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from PIL import Image

from aecore import MODELS, AecoreError, RunConfig, datasets, evaluation, experiment, glide, load_or_train, store
from aecore.draft import Draft, drafts
from aecore.models.base import build
from aecore.training import generator_for


def config_for(family="ae", **changes):
    common = {"dataset": "tiny", "latent_dim": 3}
    if "epochs" not in MODELS[family].unused:
        common |= {"epochs": 3, "batch_size": 64}
    if "hidden" not in MODELS[family].unused:
        common |= {"hidden": (16,)}
    return RunConfig(family, **{**common, **changes})


@pytest.mark.parametrize("family", MODELS)
def test_a_run_is_trained_once_and_then_read(family, tiny):
    run = load_or_train(config_for(family))
    written = {path: path.stat().st_mtime_ns for path in run.path.rglob("*")}
    again = load_or_train(config_for(family))
    assert again.run_id == run.run_id == config_for(family).run_id
    assert written == {path: path.stat().st_mtime_ns for path in run.path.rglob("*")}
    assert drafts() == []


@pytest.mark.parametrize("family", MODELS)
def test_the_stored_evaluation_is_what_the_stored_weights_score(family, tiny):
    run = load_or_train(config_for(family))
    dataset = datasets.load("tiny")
    images = dataset.test_images
    again = evaluation.evaluate(run.run_id, run.config, store.load(run.run_id).stacks, images, run.record["epochs"])
    plain = evaluation.mean_image_errors(dataset.train_images, images)
    assert json.loads(json.dumps({**again.evaluation, **plain}, allow_nan=False)) == run.evaluation
    np.testing.assert_array_equal(again.codes, run.codes)
    assert run.errors["sse"].mean() == pytest.approx(run.evaluation["sse"], rel=1e-6)
    assert run.evaluation["bce"] >= run.evaluation["bce_floor"]


@pytest.mark.parametrize("family", MODELS)
def test_every_epoch_leaves_a_row_and_a_grid(family, tiny):
    run = load_or_train(config_for(family))
    rows = [row["epoch"] for row in run.history()]
    assert rows == run.epochs() == ([1, 2, 3] if "epochs" not in MODELS[family].unused else [0])
    has_prior = build(config_for(family), 64, generator_for(0)).prior_codes(1, generator_for(0)) is not None
    samples = ("samples",) if has_prior else ()
    assert run.kinds() == ("reconstructions", *samples, "traversals", "points")
    with Image.open(run.grid(rows[-1])) as grid:
        assert (grid.mode, grid.size) == ("L", (80, 80))
        left = np.asarray(grid)[:, :40].reshape(10, 8, 5, 8).swapaxes(1, 2).reshape(50, 8, 8)
    np.testing.assert_array_equal(left, datasets.load("tiny").test_images[:50])


@pytest.mark.parametrize("family", MODELS)
def test_every_epoch_leaves_a_map_and_a_strip(family, tiny):
    """The last epoch's map is the final codes on a plane that is turned onto the map before; the strip crosses it."""
    run = load_or_train(config_for(family))
    epochs = [row["epoch"] for row in run.history()]
    assert run.epochs("points") == run.epochs("traversals") == epochs
    before, points = run.points(epochs[-1] - 1), run.points(epochs[-1])
    plane = glide.epoch_plane(run.codes, before)
    flat = glide.flatten(run.codes, plane)
    np.testing.assert_allclose(points, flat, rtol=1e-3, atol=1e-3)  # float16
    decoded = run.decode(glide.walk(run.codes[0], plane, flat)).reshape(-1, 8, 8)
    with Image.open(run.grid(epochs[-1], "traversals")) as strip:
        assert (strip.mode, strip.size) == ("L", (88, 8))
        tiles = np.asarray(strip).reshape(8, 11, 8).swapaxes(0, 1)
    assert np.abs(tiles - 255.0 * decoded.clip(0, 1)).max() < 2


def test_points_beyond_half_precision_stay_finite_and_damaged_ones_are_absent(tiny):
    draft = Draft(config_for("ae"))
    draft.save_points(1, np.array([[1e9, -1e9], [0.5, 2]], np.float32))
    np.testing.assert_array_equal(draft.points(1), [[65504, -65504], [0.5, 2]])
    draft.grid(1, "points").write_bytes(b"cut off")
    assert draft.points(1) is draft.points(2) is None


def test_the_last_row_and_the_evaluation_agree(tiny):
    run = load_or_train(config_for("ae"))
    assert run.history()[-1]["test"]["recon"] == pytest.approx(run.evaluation["bce"], rel=1e-4)
    assert run.history()[-1]["test"]["sse"] == pytest.approx(run.evaluation["sse"], rel=1e-4)


@pytest.mark.parametrize("family", [name for name, row in MODELS.items() if "epochs" not in row.unused])
def test_an_interrupted_run_ends_as_an_uninterrupted_one(family, tiny, monkeypatch):
    config = config_for(family)
    steps = experiment.train(config)
    next(steps)
    steps.close()
    assert store.find(config) is None
    assert Draft(config).status()["state"] == "stopped"
    resumed = load_or_train(config)
    assert [row["epoch"] for row in resumed.history()] == [1, 2, 3]
    monkeypatch.setenv("AECORE_HOME", str(tiny / "other"))
    assert load_or_train(config).weights() == resumed.weights()


@pytest.mark.parametrize("keep", ["grid", "row", "half a row"])
def test_a_kill_between_the_writes_of_an_epoch_is_mended(keep, tiny, monkeypatch):
    """Grid, row, snapshot are written in this order; the epoch whose snapshot is missing is trained again."""
    config = config_for("ae")
    steps = experiment.train(config)
    next(steps)
    steps.close()
    draft = Draft(config)
    draft.save_grid(2, "reconstructions", b"cut off later")
    if keep != "grid":
        draft.append({"epoch": 2, "seconds": 1, "train": {}, "test": {}})
    if keep == "half a row":
        history = draft.path / "history.jsonl"
        history.write_bytes(history.read_bytes()[:-9])
    run = load_or_train(config)
    assert [row["epoch"] for row in run.history()] == [1, 2, 3]
    assert all(row["test"] for row in run.history())
    monkeypatch.setenv("AECORE_HOME", str(tiny / "other"))
    whole = load_or_train(config)
    assert whole.weights() == run.weights()
    for kind in run.kinds():
        assert whole.grid(2, kind).read_bytes() == run.grid(2, kind).read_bytes()


def test_a_stop_request_leaves_a_draft_that_can_be_resumed(tiny):
    config = config_for("ae")
    for progress in experiment.train(config):
        if progress.epoch == 1:
            Draft(config).request("stop")
    assert Draft(config).status() | {"time": 0} == {"state": "stopped", "epoch": 1, "epochs": 3, "time": 0}
    assert [progress.epoch for progress in experiment.train(config)] == [2, 3]
    assert store.find(config) is not None


def test_two_processes_never_train_the_same_run(tiny):
    config = config_for("ae")
    with Draft(config).locked(), pytest.raises(AecoreError, match="Another process is at work"):
        next(experiment.train(config))


def test_a_diverging_run_says_so_and_publishes_nothing(tiny):
    config = config_for("ae", lr=1e30, hidden=(32, 32))
    with pytest.raises(AecoreError, match="diverged in epoch 1, step"):
        load_or_train(config)
    assert store.find(config) is None
    assert Draft(config).status()["state"] == "failed"


def test_training_on_the_first_images_only(tiny):
    run = load_or_train(config_for("pca", train_images=50))
    fitted = torch.tensor(datasets.load("tiny").train_images[:50].reshape(50, -1) / 255).mean(0)
    np.testing.assert_allclose(run.decode(np.zeros((1, 3), np.float32))[0], fitted.numpy(), atol=1e-6)


def test_unknown_dataset(tiny):
    with pytest.raises(AecoreError, match="no dataset 'cifar'"):
        load_or_train(config_for("ae", dataset="cifar"))
    assert not (tiny / "runs").exists()


def test_pixels_that_are_no_probabilities(tiny, monkeypatch):
    """The bytes stand for other numbers: models see those, errors are measured in them, grids show the bytes."""
    span = (-2.0, 3.0)
    wide = dataclasses.replace(datasets.load("tiny"), span=span)
    monkeypatch.setitem(datasets.DATASETS, "tiny", datasets.Row("Tiny", lambda: wide))
    datasets.load.cache_clear()
    pca = load_or_train(config_for("pca", latent_dim=64))
    assert pca.evaluation["sse"] == pytest.approx(0, abs=1e-3)
    assert pca.decode(pca.codes).min() == pytest.approx(-2, abs=1e-2)
    with Image.open(pca.grid(0)) as grid:
        pixels = np.asarray(grid).astype(int)
    assert np.abs(pixels[:, :40] - pixels[:, 40:]).max() <= 1
    run = load_or_train(config_for("ae", loss="mse", output="linear"))
    assert "bce" not in run.evaluation
    assert run.evaluation["sse"] == pytest.approx(run.history()[-1]["test"]["sse"], rel=1e-4)
    with pytest.raises(AecoreError, match="'tiny' are no probabilities; set 'loss' to mse and 'output' to linear"):
        load_or_train(config_for("ae", loss="mse"))


def test_only_views_of_larger_pictures_can_be_drawn_anew(tiny):
    with pytest.raises(AecoreError, match="'tiny' are no views"):
        load_or_train(config_for(fresh=True))


def test_each_epoch_has_its_own_views_by_the_seed(tiny, monkeypatch):
    seeds, dataset = [], datasets.load("tiny")

    def fresh(random):
        seeds.append(random.bit_generator.seed_seq.entropy)
        return dataset.train_images

    views = dataclasses.replace(dataset, fresh=fresh)
    monkeypatch.setitem(datasets.DATASETS, "views", datasets.Row("Views", lambda: views))
    load_or_train(config_for(dataset="views", fresh=True, seed=5))
    assert seeds == [[5, 1], [5, 2], [5, 3]]
