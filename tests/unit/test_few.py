"""Few, equal and odd images, with every family: each answer is right or one sentence, and every JSON is JSON.

The gate takes ten of all combinations, in which each set, family and code length comes up; `FEW=all` takes all.
"""

import itertools
import json
import os
import warnings

import numpy as np
import pytest

from aecore import (
    AecoreError,
    __main__,
    datasets,
    exports,
    inverse,
    latents,
    make_config,
    space,
    spectrum,
    store,
    studies,
)
from aecore.evaluation import evaluate
from aecore.experiment import add_maps, train
from aecore.exports import View
from aecore.families import MODELS
from aecore.files import json_text
from aecore.measures import measure
from aecore.projection import METHODS, project

SIDE = 8
SETS = ("2", "3", "5", "10", "60", "100", "equal", "blank", "one_class", "two_grey")
DIMENSIONS = (1, 2, 20)
EVERY = list(itertools.product(SETS, MODELS, DIMENSIONS))
FEW = [(name, list(MODELS)[at % len(MODELS)], DIMENSIONS[at % 3]) for at, name in enumerate(SETS)]
COMBINATIONS = EVERY if os.environ.get("FEW") == "all" else FEW


def made(name):
    """Images (n, 8, 8) and labels: of a count, a set whose images are all equal or constant, or of one class."""
    random = np.random.default_rng(1)
    count = int(name) if name.isdigit() else 60
    images = random.integers(0, 256, (count, SIDE, SIDE)).astype(np.uint8)
    images[:, :3] = 0
    if name == "equal":
        images[:] = images[0]
    if name == "blank":
        images[:] = 0
    if name == "two_grey":
        images[:] = (100 + 100 * (np.arange(count) % 2))[:, None, None]
    return images, np.zeros(count, int) if name == "one_class" else np.arange(count) % 3


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Adds a set as the dataset `few`, in a home and a data folder of their own."""
    monkeypatch.setenv("AECORE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AECORE_DATA", str(tmp_path / "data"))

    def add(name):
        images, labels = made(name)
        np.savez(tmp_path / "few.npz", images=images, labels=labels)
        datasets.load.cache_clear()
        datasets.add("few", tmp_path / "few.npz")
        return datasets.load("few")

    yield add
    datasets.load.cache_clear()


def answer(act, *arguments, **options):
    """What it returns, or its one sentence; nothing else may be raised."""
    try:
        return act(*arguments, **options)
    except AecoreError as error:
        assert str(error).endswith(".") and "\n" not in str(error)
        return str(error)


def trained(config):
    """The run of a config; `AecoreError` where it cannot be trained."""
    rows = [progress.row for progress in train(config)]
    assert rows and all(np.isfinite(value) for row in rows for value in row["test"].values())
    return store.load(config.run_id)


def strict(value):
    """The value as JSON with no word that JSON has not."""
    return json.loads(json.dumps(value, allow_nan=False), parse_constant=pytest.fail)


@pytest.mark.parametrize(("name", "family", "latent_dim"), COMBINATIONS)
def test_each_answer_is_right_or_one_sentence(own, name, family, latent_dim):
    dataset = own(name)
    changes = {} if family == "pca" else {"epochs": 1, "hidden": (8,)} if family != "logistic-pca" else {"epochs": 1}
    run = answer(trained, make_config(family, dataset="few", latent_dim=latent_dim, **changes))
    if isinstance(run, str):
        n = len(dataset.train_images)
        assert family == "pca" and (n < 2 or n < latent_dim), run
        return
    strict(run.record)
    _look_at_the_space(run)
    _map(run, ("pca", "tsne"))
    _export(run)
    _score(run, dataset)


def _look_at_the_space(run):
    told = strict(space.describe(run))
    assert (told["cloud"] is None) == told["unsure"].startswith("Too few test codes to tell")
    for one in (*told["dimensions"], *told["principal"]["dimensions"]):
        assert one["low"] < one["high"]
    sample = answer(View(run, code="sample-7").__getattribute__, "z")
    if told["prior"] or told["gaussian"]:
        assert np.isfinite(sample).all()
    else:
        assert "one code has none" in sample
    assert np.isfinite(latents.ranges(run.codes)).all()


def _map(run, methods):
    left_out = add_maps(run)
    for method in methods:
        if method not in run.maps:
            sentence = answer(project, run.codes, method)
            assert sentence in left_out and METHODS[method].title in sentence
        else:
            assert run.maps[method].shape == (len(run.codes), 2) and np.isfinite(run.maps[method]).all()
            error = inverse.inverse_error(run, method)
            assert np.isfinite(error).all() and "nan" not in inverse.explain(method, error)
    assert "pca" in run.maps
    for code in np.unique(run.codes, axis=0):
        same = (run.codes == code).all(1)
        for points in run.maps.values():
            np.testing.assert_allclose(points[same], points[same][:1].repeat(same.sum(), 0), rtol=1e-4, atol=1e-5)


def _export(run):
    for form, row in exports.FORMATS.items():
        wishes = {"code": "mean-0"} if "code" in row.heeds and 0 in datasets.load("few").test_labels else {}
        files = answer(exports.make, form, View(run, **wishes))
        assert not isinstance(files, str), files
        for name, data in files.items():
            assert data
            if name.endswith(".json"):
                json.loads(data, parse_constant=pytest.fail)


def _score(run, dataset):
    for codes in ("feed-forward", "optimised"):
        scored = evaluate(run.run_id, run.config, run.stacks, dataset.test_images, 1, codes)
        strict(scored.evaluation)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torchmetrics' own
        json.loads(json_text(measure(run)), parse_constant=pytest.fail)
    curve = answer(spectrum.pca_curve, dataset.train_images, dataset.test_images)
    if len(dataset.train_images) < 2:
        assert "at least two training images" in curve
        return
    assert len(curve) == 1 + min(len(dataset.train_images) - 1, SIDE * SIDE)
    assert np.isfinite(curve).all() and (np.diff(curve) <= 1e-9).all()
    length = spectrum.equal_length(curve, run.evaluation["sse"])
    assert (length is None) == (curve[-1] > run.evaluation["sse"] * (1 + spectrum.ROUNDING))


# --- the command line ---

SMALL = ["--dataset", "few", "--hidden", "8", "--latent-dim", "2"]


def command(capsys, *words):
    """A command's status, and what it said."""
    status = __main__.main(list(words))
    told = capsys.readouterr()
    return status, told.out, told.err


@pytest.mark.parametrize("name", ["10", "60"])
def test_training_on_few_images_ends_well_and_says_that_t_sne_is_left_out(own, capsys, name):
    own(name)
    status, _, err = command(capsys, "train", "ae", *SMALL, "--epochs", "1")
    (run,) = [run for run in store.runs() if not run.shipped]
    assert status == 0 and list(run.maps) == ["pca"]
    assert f"aecore: t-SNE needs at least 8 codes, not {len(run.codes)}; PCA takes any number." in err
    assert command(capsys, "map", run.run_id)[0] == 0
    status, _, err = command(capsys, "map", run.run_id, "--method", "tsne")
    assert status == 2 and err.count("\n") == 1 and "at least 8 codes" in err


def test_json_has_no_word_for_infinity(own, capsys):
    own("blank")
    assert command(capsys, "train", "pca", "--dataset", "few", "--latent-dim", "2")[0] == 0
    (run,) = [run for run in store.runs() if not run.shipped]
    strict(run.record)
    for words in (("evaluate", run.run_id, "--json"), ("list", "--json"), ("certificate", "--json")):
        json.loads(command(capsys, *words)[1], parse_constant=pytest.fail)
    assert f"{'psnr':<30} –" in command(capsys, "evaluate", run.run_id)[1]


@pytest.mark.parametrize("family", [name for name, row in MODELS.items() if "epochs" not in row.unused])
def test_no_epochs_are_one_sentence(own, capsys, family):
    own("60")
    status, _, err = command(capsys, "train", family, "--dataset", "few", "--epochs", "0")
    assert status == 2 and err.count("\n") == 1 and "'epochs' must be at least 1" in err


def test_a_search_over_no_epochs_ends(own, capsys):
    own("60")
    over = ["--study", "none", "--over", "lr=0.001..0.01", "--trials", "2"]
    for words in (["--epochs", "0"], ["--over", "epochs=0,1"], ["--over", "epochs=0..2"]):
        status, _, err = command(capsys, "sweep", "ae", *SMALL, *over, *words)
        assert status == 2 and err.count("\n") == 1 and "'epochs' must be at least 1" in err
    assert studies.names() == []


def test_more_training_images_than_there_are_are_one_sentence(own, capsys):
    own("60")
    status, _, err = command(capsys, "train", "ae", *SMALL, "--train-images", "55")
    assert status == 2 and err == "aecore: 'train_images' must be at most 54, all that 'few' has, not 55.\n"
    with pytest.raises(AecoreError, match="at most 54"):
        list(train(make_config("ae", dataset="few", train_images=100_000)))
    assert command(capsys, "train", "ae", *SMALL, "--epochs", "1", "--train-images", "54")[0] == 0


def test_a_run_that_is_worse_than_the_mean_image_is_said_to_be(own, capsys):
    own("100")
    status, _, err = command(capsys, "train", "ae", *SMALL, "--epochs", "3", "--lr", "100")
    assert status == 0 and "Worse than the mean training image for all: BCE" in err
    (run,) = [run for run in store.runs() if not run.shipped]
    assert run.evaluation["bce"] > run.evaluation["mean_image_bce"] > 0
    for words in (("list",), ("evaluate", run.run_id)):
        assert "Worse than the mean training image" in command(capsys, *words)[1]


def test_a_search_on_few_images_validates_on_one_or_says_what_it_takes(own, capsys):
    over = ["--study", "few", "--over", "lr=0.001..0.01", "--trials", "2", "--epochs", "1"]
    own("2")
    status, _, err = command(capsys, "sweep", "ae", *SMALL, *over)
    assert status == 2 and err.count("\n") == 1 and "at least two training images" in err
    datasets.own.remove("few")
    own("3")
    status, out, _ = command(capsys, "sweep", "ae", *SMALL, *over)
    assert status == 0 and out.count("trial ") == 3 and studies.Study("few").plan.validation == 1
