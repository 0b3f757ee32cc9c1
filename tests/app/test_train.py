"""The Train page without a browser, and without training."""

from __future__ import annotations

import json
import shutil
from contextlib import ExitStack
from dataclasses import replace

import pytest

from aecore import datasets, jobs, store, turns
from aecore.config import RunConfig, make_config
from aecore.errors import AecoreError
from aecore.families import MODELS


@pytest.fixture
def started(monkeypatch):
    """The configs that would have been trained."""
    configs = []
    monkeypatch.setattr(jobs, "start", configs.append)
    return configs


def button(app, label):
    (found,) = [button for button in app.button if button.label == label]
    return found


def field(app, label):
    (found,) = [widget for widget in (*app.selectbox, *app.number_input, *app.text_input) if widget.label == label]
    return found


@pytest.mark.parametrize("family", MODELS)
def test_every_family_opens_with_its_recipe(family, home, open_page, started):
    app = open_page("train")
    field(app, "Model").set_value(family).run()
    field(app, "Seed").set_value(77).run()
    assert not app.exception
    button(app, "Start").click().run()
    recipe = "fast" if "fast" in MODELS[family].recipes else "chapter"
    assert started == [make_config(family, recipe, seed=77)]


def test_a_first_visit_can_start_a_run_at_once(home, open_page, started):
    app = open_page("train")
    assert not button(app, "Start").disabled
    button(app, "Start").click().run()
    assert started == [make_config("ae", "fast")]


def test_settings_change_the_config(home, open_page, started):
    app = open_page("train")
    field(app, "Epochs").set_value(2)
    field(app, "Loss").set_value("mse")
    field(app, "Hidden layer widths").set_value("64, 32")
    field(app, "Training images (0: all)").set_value(2000).run()
    button(app, "Start").click().run()
    assert started == [make_config("ae", "fast", epochs=2, loss="mse", hidden=(64, 32), train_images=2000)]


def test_pixels_that_are_no_probabilities_ask_for_a_linear_output(home, open_page, started, monkeypatch):
    faces = replace(datasets.load("fashion_mnist"), span=(-5.0, 3.5))
    monkeypatch.setattr(datasets, "load", lambda name: faces)
    app = open_page("train")
    field(app, "Dataset").set_value("olivetti").run()
    assert ["set 'loss' to mse and 'output' to linear" in error.value for error in app.error] == [True]
    field(app, "Loss").set_value("mse")
    field(app, "Decoder's output").set_value("linear").run()
    button(app, "Start").click().run()
    assert started == [make_config("ae", "fast", dataset="olivetti", loss="mse", output="linear")]


def test_a_dataset_that_is_not_here_cannot_be_trained_on(home, open_page, tmp_path, monkeypatch):
    monkeypatch.setenv("AECORE_DATA", str(tmp_path / "no data"))
    datasets.load.cache_clear()
    app = open_page("train")
    field(app, "Dataset").set_value("mnist").run()
    assert not app.exception
    assert ["run `aecore fetch mnist`" in error.value for error in app.error] == [True]
    assert not [one for one in app.button if one.label == "Start"]
    datasets.load.cache_clear()


def test_a_setting_that_cannot_be_trained_is_one_sentence(home, open_page):
    app = open_page("train")
    field(app, "Code length (latent_dim)").set_value(0).run()
    assert not app.exception
    assert [error.value for error in app.error] == ["'latent_dim' must be a whole number of 1 to 512, not 0."]
    field(app, "Code length (latent_dim)").set_value(20)
    field(app, "Hidden layer widths").set_value("wide").run()
    assert "must be whole numbers" in app.error[0].value


def test_a_finished_run_is_not_started_again(home, open_page):
    app = open_page("train")
    recipes = next(group for group in app.button_group if group.label == "Recipe")
    recipes.set_value("chapter").run()
    assert button(app, "Start").disabled
    assert "This run is trained already." in [caption.value for caption in app.caption]


def test_what_start_refuses_is_shown(home, open_page, monkeypatch):
    def refuse(config):
        raise AecoreError("Another process is training it.")

    monkeypatch.setattr(jobs, "start", refuse)
    app = open_page("train")
    field(app, "Seed").set_value(77).run()
    button(app, "Start").click().run()
    assert not app.exception
    assert [error.value for error in app.error] == ["Another process is training it."]


def test_a_stopped_run_can_be_resumed_or_discarded(home, open_page, draft, monkeypatch):
    resumed = []
    monkeypatch.setattr(jobs, "resume", resumed.append)
    run_id = draft(make_config("ae", epochs=9), "stopped", epoch=3).run_id
    app = open_page("train")
    assert not app.exception
    assert [progress.proto.text for progress in app.get("progress")] == ["Epoch 3 of 9 · stopped"]
    button(app, "Resume").click().run()
    assert resumed == [run_id]
    button(app, "Delete the run").click().run()
    assert not app.exception
    assert jobs.jobs() == []


def test_a_failed_run_shows_its_sentence(home, open_page, draft):
    draft(make_config("vae", epochs=9), "failed", epoch=1, message="The loss diverged in epoch 2.")
    app = open_page("train")
    assert not app.exception
    assert [error.value for error in app.error] == ["The loss diverged in epoch 2."]


def test_a_killed_run_is_shown_as_crashed(home, open_page, draft):
    draft(make_config("vae", epochs=9), "running", epoch=1, epochs=9)
    app = open_page("train")
    assert [progress.proto.text for progress in app.get("progress")] == ["Epoch 1 of 9 · crashed"]
    assert len(app.error) == 1


def test_a_run_in_training_is_watched_and_can_be_stopped(home, open_page, draft):
    unfinished = draft(make_config("ae", epochs=100, seed=5), "running", epoch=3, epochs=100, seconds_left=80.0)
    with unfinished.locked():  # as its process does
        app = open_page("train")
        assert [progress.proto.text for progress in app.get("progress")] == ["Epoch 3 of 100 · 1 min 20 s left"]
        assert app.multiselect[0].value == [unfinished.run_id]
        button(app, "Stop").click().run()
        assert unfinished.requested("stop")
        assert button(app, "Stopping…").disabled
    assert not app.exception


def test_without_runs_the_page_invites(nothing, open_page):
    app = open_page("train")
    assert not app.exception
    assert app.info[0].value == "There are no runs yet. Start one, and watch it learn here."


def test_a_damaged_folder_is_named_and_harms_no_page(home, open_page):
    folder = home / "runs" / "ae-broken"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{")
    for page in ("compare", "train", "figures"):
        app = open_page(page)
        assert not app.exception
        assert not app.error
    assert str(folder) in open_page("train").warning[0].value
    assert str(folder) not in {str(run.path) for run in store.runs()}


def test_the_queue_is_shown_and_can_be_changed(home, open_page, draft, monkeypatch):
    """One trains, one is paused, two wait."""
    asked = []
    for name in ("start_now", "go_first", "pause", "resume"):
        monkeypatch.setattr(jobs, name, named(name, asked))
    unfinished = [draft(make_config("ae", epochs=9, seed=seed), "running", epoch=seed) for seed in (1, 2, 3, 4)]
    unfinished[1].request("pause")
    for one in unfinished[2:]:
        turns.join(one)
    with ExitStack() as stack:
        for one in unfinished:
            stack.enter_context(one.locked())
        app = open_page("train")
        shown = [progress.proto.text for progress in app.get("progress")]
        assert sorted(shown) == ["Epoch 1 of 9", "Epoch 2 of 9 · paused"]
        places = [caption.value for caption in app.caption if "queue" in caption.value]
        assert places == ["Number 1 in the queue · epoch 0 of 9", "Number 2 in the queue · epoch 0 of 9"]
        for label in ("Pause", "Resume", "Go first"):
            button(app, label).click().run()
        starts = [one for one in app.button if one.label == "Start now"]
        starts[1].click().run()
        first, second, _, fourth = (one.run_id for one in unfinished)
        assert asked == [("pause", first), ("resume", second), ("go_first", fourth), ("start_now", fourth)]
        next(one for one in app.button if one.label == "Leave").click().run()
        assert unfinished[2].requested("stop")
    assert not app.exception


def named(name, asked):
    def ask(run_id):
        asked.append((name, run_id))

    ask.__name__ = name
    return ask


def test_only_what_was_trained_here_can_be_deleted(home, open_page):
    shipped = store.runs()[0]
    own = home / "runs" / "ae-mine"
    shutil.copytree(shipped.path, own)
    record = json.loads((own / "run.json").read_text())
    record["config"]["seed"] = 99
    (own / "run.json").write_text(json.dumps(record))
    own = own.rename(own.with_name(RunConfig.from_dict(record["config"]).run_id))
    app = open_page("train")
    assert not [one for one in app.button if one.label.startswith("Delete")]
    app.multiselect[0].set_value([shipped.run_id, own.name]).run()
    (delete,) = [one for one in app.button if one.label.startswith("Delete")]
    delete.click().run()
    assert not app.exception
    assert not own.exists()
    assert shipped.path.exists()
    with pytest.raises(AecoreError, match="came with the project"):
        store.delete(shipped)
