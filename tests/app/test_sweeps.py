"""The search on the Train page, without a browser and without training."""

from __future__ import annotations

import sys

import pytest
from optuna.trial import TrialState

from aecore import jobs, locks, make_config, studies, turns
from aecore.axes import parse_all
from aecore.studies import SENTENCE, WORKER, join


@pytest.fixture
def search(home, open_page):
    """Opens Train with the section unfolded."""

    def opened():
        app = open_page("train")
        app.session_state["search"] = True
        return app.run()

    return opened


@pytest.fixture
def study(home):
    """Three trials: two complete ones and one that diverged."""
    base = make_config("ae", "fast", epochs=2)
    made = join("mine", studies.plan(base, parse_all(["lr=0.001..0.1:log", "activation=relu,silu"], base), 100))
    for lr, score in ((0.01, 220.0), (0.02, 215.5), (0.09, None)):
        made.optuna.enqueue_trial({"lr": lr, "activation": "silu"})
        trial = made.optuna.ask()
        trial.set_user_attr(WORKER, "study-mine.elsewhere.1")
        trial.suggest_float("lr", 0.001, 0.1, log=True)
        trial.suggest_categorical("activation", ["relu", "silu"])
        if score is None:
            trial.set_user_attr(SENTENCE, "It diverged.")
            made.optuna.tell(trial, state=TrialState.FAIL)
        else:
            trial.report(score, 2)
            made.optuna.tell(trial, score)
    return made


@pytest.fixture
def started(monkeypatch):
    """What would have been searched in the background."""
    calls = []
    monkeypatch.setattr(studies, "start", lambda *words: calls.append(words))
    return calls


def button(app, label):
    (found,) = [button for button in app.button if button.label == label]
    return found


def text(app, label):
    (found,) = [field for field in app.text_input if field.label == label]
    return found


def test_nothing_of_it_is_made_before_it_is_opened(home, open_page, study):
    app = open_page("train")
    assert not app.exception
    assert not [one for one in app.button if one.label == "Start search"]


def test_without_studies_it_invites(search):
    app = search()
    assert not app.exception
    assert "There are no studies yet. Start a search, and watch its trials here." in [info.value for info in app.info]


def test_a_search_goes_around_the_forms_settings(search, started):
    app = search()
    (epochs,) = [field for field in app.number_input if field.label == "Epochs"]
    epochs.set_value(2).run()
    text(app, "lr").set_value("0.01..0.1:log").run()
    text(app, "Name of the study").set_value("mine").run()
    button(app, "Start search").click().run()
    assert not app.exception
    ((name, plan, trials),) = started
    assert (name, trials, plan.validation) == ("mine", 20, 10_000)
    assert plan.base == make_config("ae", "fast", epochs=2)
    assert [axis.text for axis in plan.axes] == ["lr=0.01..0.1:log", "batch_size=256..1024"]


def test_values_that_cannot_be_searched_are_one_sentence(search, started):
    app = search()
    text(app, "lr").set_value("quick").run()
    button(app, "Start search").click().run()
    assert not app.exception
    assert ["'quick' is no value of 'lr'" in error.value for error in app.error] == [True]
    assert started == []


def test_a_study_shows_its_best_trial_which_can_be_trained(search, study, monkeypatch):
    trained = []
    monkeypatch.setattr(jobs, "start", trained.append)
    app = search()
    assert not app.exception
    assert "AE on Fashion-MNIST · best 215.50 (BCE, nats, 100 validation images)" in [one.value for one in app.markdown]
    config = make_config("ae", "fast", epochs=2, lr=0.02, activation="silu")
    assert "aecore train ae --activation silu" in app.code[0].value
    button(app, "Train trial 1 as a run").click().run()
    assert not app.exception
    assert trained == [config]


def test_a_study_can_be_gone_on_with_and_deleted(search, study, started):
    app = search()
    button(app, "20 more trials").click().run()
    assert started == [("mine", None, 23)]
    button(app, "Delete the study").click().run()
    assert not app.exception
    assert studies.names() == []


def test_a_search_that_runs_can_be_stopped(search, study):
    app = search()
    with locks.hold(studies.slot_name("mine", "1")):
        app.run()
        assert not [one for one in app.button if one.label == "Delete the study"]
        button(app, "Stop search").click().run()
        assert studies.Study("mine").stopping
        assert button(app, "Stopping…").disabled
    assert not app.exception


def test_a_search_says_that_it_waits_for_runs(search, study):
    app = search()
    with locks.hold(studies.slot_name("mine", "1")), turns.turn_if_free():
        app.run()
        assert [one.value.endswith("waits for the runs above") for one in app.markdown if "BCE, nats" in one.value] == [
            True
        ]
    assert not app.exception


def test_a_damaged_study_is_one_sentence_and_can_be_deleted(search, study):
    (study.path / "journal.log").write_text("{\n{\n")
    app = search()
    assert not app.exception
    assert ["cannot be read" in error.value for error in app.error] == [True]
    button(app, "Delete the study").click().run()
    assert not app.exception
    assert studies.names() == []


def test_without_optuna_one_sentence_says_so(search, monkeypatch):
    app = search()
    monkeypatch.setitem(sys.modules, "optuna", None)
    button(app, "Start search").click().run()
    assert not app.exception
    assert ["pip install optuna" in error.value for error in app.error] == [True]
