"""Searches: what decides, what is proposed, who shares a study, and how it goes on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import optuna
import pytest
import torch

from aecore import AecoreError, RunConfig, datasets, jobs, locks, make_config, store, studies, turns
from aecore import sweep as sweeping
from aecore.__main__ import main
from aecore.axes import parse_all
from aecore.config import train_command
from aecore.datasets import Row
from aecore.distributed import ALONE
from aecore.experiment import begin
from aecore.studies import Plan, Study, join
from aecore.sweep import sweep
from aecore.training import evaluate_terms, fit, generator_for

BASE = RunConfig("ae", dataset="tiny", hidden=(8,), latent_dim=2, epochs=2, batch_size=64)
OVER = ["lr=0.001..0.1:log", "batch_size=32,64", "hidden=8,16-8"]
FASHION = ["ae", "--train-images", "500", "--hidden", "8", "--latent-dim", "2", "--epochs", "2"]


def plan_of(base=BASE, over=OVER, validation=None):
    return studies.plan(base, parse_all(over, base), validation)


def searched(name, trials, **plan):
    return list(sweep(join(name, plan_of(**plan)), trials))


# --- what decides ---


@pytest.mark.parametrize("now", ["other", "none"])
def test_a_search_ends_where_its_images_are_changed_meanwhile(tiny, monkeypatch, now):
    """Scores on other images could not be compared, and trials without images would use up the search."""
    whole = datasets.load("tiny")
    trials = sweep(join("s", plan_of()), 3)
    next(trials)
    row = Row("Tiny", lambda: replace(whole, checksums={"blobs": "1"}))
    with monkeypatch.context() as patch:
        if now == "other":
            patch.setitem(datasets.DATASETS, "tiny", row)
        else:
            patch.delitem(datasets.DATASETS, "tiny")
        datasets.load.cache_clear()
        with pytest.raises(AecoreError, match="not the study's" if now == "other" else "no dataset 'tiny'"):
            next(trials)
    datasets.load.cache_clear()
    assert len(join("s").trials()) == 1
    assert [trial.number for trial in sweep(join("s"), 3)] == [1, 2]


def test_the_last_training_images_decide_and_test_images_are_never_read(tiny, monkeypatch):
    whole = datasets.load("tiny")
    asked = []

    def read(part):
        asked.append(part)
        assert part == "train_images"
        return whole.read(part)

    watched = replace(whole, read=read)
    monkeypatch.setitem(datasets.DATASETS, "tiny", Row("Tiny", lambda: watched))
    datasets.load.cache_clear()
    (trial,) = searched("s", 1, validation=50)
    assert set(asked) == {"train_images"}

    config = replace(plan_of().config(trial.values), train_images=150)
    _, images, model = begin(config, ALONE)
    for _ in fit(model, images, config):
        pass
    assert len(images) == 150
    held_out = torch.tensor(np.array(whole.train_images[150:]))
    expected = evaluate_terms(model, held_out, generator_for(BASE.seed, stream=3))[0]["recon"]
    assert trial.score == pytest.approx(expected, rel=1e-6)


def test_a_sixth_of_the_images_is_for_validation_at_most_10_000(tiny):
    assert plan_of().validation == 200 // 6
    fashion = make_config("ae")
    assert studies.plan(fashion, parse_all(["lr=0.1,0.2"], fashion)).validation == 10_000


@pytest.mark.parametrize(("validation", "train_images"), [(0, 0), (200, 0), (50, 151)])
def test_training_and_validation_images_are_not_the_same(tiny, validation, train_images):
    with pytest.raises(AecoreError, match="valid"):
        plan_of(replace(BASE, train_images=train_images), validation=validation)
    with pytest.raises(AecoreError, match="at most 150, not 160"):
        plan_of(over=["train_images=100,160"], validation=50)


def test_one_measure_for_every_trial(tiny):
    """The base's loss, a KL that counts once and the base's noise, whatever a trial is trained with."""
    vae = RunConfig("vae", dataset="tiny", hidden=(8,), latent_dim=2, epochs=1)
    (trial,) = searched("beta", 1, base=vae, over=["beta=5,6"])
    config = replace(plan_of(vae, ["beta=5,6"]).config(trial.values), train_images=200 - 33)
    _, images, model = begin(config, ALONE)
    list(fit(model, images, config))
    held_out = torch.tensor(np.array(datasets.load("tiny").train_images[-33:]))
    terms, _ = evaluate_terms(model, held_out, generator_for(0, stream=3))
    assert trial.score == pytest.approx(terms["recon"] + terms["kl"], rel=1e-6)
    assert trial.score < terms["loss"]
    assert plan_of(vae, ["beta=5,6"]).score == "−ELBO (BCE, nats + KL)"

    scores = {trial.values["loss"]: trial.score for trial in searched("loss", 4, over=["loss=bce,mse"])}
    assert abs(scores["bce"] - scores["mse"]) < 0.5 * scores["bce"]  # nats both; SSE would be a tenth
    assert plan_of(over=["loss=bce,mse"]).score == "BCE, nats"


def test_a_model_that_is_solved_at_once_has_its_sse(tiny):
    base = RunConfig("pca", dataset="tiny")
    trials = searched("pca", 3, base=base, over=["latent_dim=1,2,4"])
    by_size = {trial.values["latent_dim"]: trial.score for trial in trials}
    assert sorted(by_size.values(), reverse=True) == [by_size[size] for size in sorted(by_size)]
    assert plan_of(base, ["latent_dim=1,2,4"]).score == "SSE"


# --- what is proposed ---


def test_one_seed_gives_the_same_trials_again(tiny):
    """Past the ten random ones, too."""
    first, again = searched("first", 13), searched("again", 13)
    strip = [(trial.values, trial.score, trial.state) for trial in first]
    assert [(trial.values, trial.score, trial.state) for trial in again] == strip
    other = searched("other", 3, base=replace(BASE, seed=1))
    assert [trial.values for trial in other] != [trial.values for trial in first[:3]]


def test_poor_trials_end_early_unless_they_are_to_go_on(tiny):
    over = ["lr=1e-7,0.03"]
    base = replace(BASE, epochs=6)
    pruned = searched("pruned", 12, base=base, over=over)
    assert {trial.state for trial in pruned} == {"complete", "pruned"}
    assert all(trial.values["lr"] == 1e-7 and trial.epoch < 6 for trial in pruned if trial.state == "pruned")
    whole = list(sweep(join("whole", plan_of(base, over)), 12, prune=False))
    assert {trial.state for trial in whole} == {"complete"}
    epochs = searched("epochs", 12, base=base, over=[*over, "epochs=2..6"])
    assert {trial.state for trial in epochs} == {"complete"}


def test_a_trial_that_diverges_fails_with_its_sentence_and_the_search_goes_on(tiny):
    trials = searched("wild", 8, over=["lr=0.01,1e30"])
    assert {(trial.values["lr"], trial.state) for trial in trials} == {(0.01, "complete"), (1e30, "failed")}
    assert all("diverged" in trial.sentence for trial in trials if trial.state == "failed")
    assert studies.best(trials).values == {"lr": 0.01}


def test_values_that_do_not_go_together_fail_with_their_sentence(tiny):
    base = replace(BASE, loss="mse")
    trials = searched("mixed", 8, base=base, over=["output=sigmoid,linear", "loss=bce,mse"])
    failed = [trial for trial in trials if trial.state == "failed"]
    assert failed
    assert all(trial.values == {"output": "linear", "loss": "bce"} for trial in failed)


# --- who shares a study, and how it goes on ---


def test_the_same_command_goes_on_to_the_number_of_trials(tiny):
    assert [trial.number for trial in searched("s", 2)] == [0, 1]
    assert [trial.number for trial in searched("s", 5)] == [2, 3, 4]
    assert searched("s", 5) == []
    assert [trial.values for trial in join("s").trials()] == [trial.values for trial in searched("whole", 5)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"over": OVER[:2]}, "searches over hidden=8,16-8 lr=0.001..0.1:log batch_size=32,64"),
        ({"validation": 20}, "the last 33 training images"),
        ({"base": replace(BASE, epochs=3)}, "has epochs 2"),
    ],
)
def test_a_study_keeps_to_its_plan(tiny, change, said):
    join("s", plan_of())
    with pytest.raises(AecoreError, match=said):
        join("s", plan_of(**change))


def test_another_machine_has_the_same_data(tiny, monkeypatch):
    join("s", plan_of())
    other = replace(datasets.load("tiny"), checksums={"blobs": "1"})
    monkeypatch.setitem(datasets.DATASETS, "tiny", Row("Tiny", lambda: other))
    datasets.load.cache_clear()
    with pytest.raises(AecoreError, match="bring the study"):
        list(sweep(join("s"), 1))
    with pytest.raises(AecoreError, match="other images"):
        join("s", plan_of())


def test_a_plan_is_kept_whole(tiny):
    assert Plan.from_json(plan_of().to_json()) == plan_of()
    assert join("s", plan_of()).plan == plan_of()


@pytest.mark.parametrize("name", ["", "../s", "a b", "-s"])
def test_a_study_has_a_plain_name(tiny, name):
    with pytest.raises(AecoreError, match="name is made of"):
        join(name, plan_of())


def test_a_study_that_is_not_there(tiny, tmp_path):
    with pytest.raises(AecoreError, match="no study 's'"):
        join("s")
    with pytest.raises(AecoreError, match="no study 's'"):
        join("s", storage=str(tmp_path / "shared.log"))
    assert studies.names() == []


@pytest.mark.parametrize("storage", ["shared.log", "sqlite:///{}/shared.db"])
def test_another_machine_joins_by_the_storage_alone(tiny, tmp_path, monkeypatch, storage):
    place = storage.format(tmp_path) if "://" in storage else str(tmp_path / storage)
    list(sweep(join("s", plan_of(), place), 2))
    monkeypatch.setenv("AECORE_HOME", str(tmp_path / "other machine"))
    assert [trial.number for trial in sweep(join("s", storage=place), 3)] == [2]
    assert join("s").plan == plan_of()  # the place is remembered
    assert studies.names() == ["s"]
    with pytest.raises(AecoreError, match="is kept in"):
        join("s", storage=str(tmp_path / "elsewhere.log"))


def test_a_damaged_or_foreign_journal_is_one_sentence(tiny, tmp_path):
    (tmp_path / "broken.log").write_text("{}\n{\n{}\n")
    with pytest.raises(AecoreError, match="cannot be read"):
        join("s", plan_of(), str(tmp_path / "broken.log"))
    place = f"sqlite:///{tmp_path}/other.db"
    optuna.create_study(study_name="s", storage=place)
    with pytest.raises(AecoreError, match="not begun by"):
        join("s", storage=place)
    with pytest.raises(AecoreError, match="no study 'other'"):
        join("other", storage=place)


@pytest.mark.parametrize("text", ["null", "{}", '{"base": 5}', '{"base": {}, "over": 3}', "no JSON", "[]"])
def test_a_damaged_plan_is_one_sentence(tiny, capsys, text):
    join("s", plan_of()).optuna.set_user_attr(studies.PLAN, text)
    with pytest.raises(AecoreError):
        join("s")
    assert main(["sweep", "--study", "s"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_journal_that_is_damaged_while_it_is_open_is_one_sentence(tiny):
    """As under a page, or under a search."""
    study = join("s", plan_of())
    trials = sweep(study, 3)
    next(trials)
    with (study.path / "journal.log").open("a") as journal:
        journal.write("{\n{}\n")
    with pytest.raises(AecoreError, match="cannot be read from"):
        study.trials()
    with pytest.raises(AecoreError, match="cannot be read from"):
        next(trials)


def test_ctrl_c_amid_a_librarys_clean_up_is_still_ctrl_c(tiny, monkeypatch, capsys):
    def run(*words):
        try:
            raise KeyboardInterrupt
        finally:
            raise FileNotFoundError("journal.log.lock.rename")

    monkeypatch.setattr(sweeping, "_run", run)
    words = ["--dataset", "tiny", "--hidden", "8", "--study", "s", "--over", "lr=0.1,0.2"]
    assert main(["sweep", "ae", *words]) == 130
    assert "goes on" in capsys.readouterr().out


def test_hidden_folders_are_no_studies(tiny):
    join("s", plan_of())
    shutil.copytree(Study("s").path, Study("s").path.with_name(".s.copy"))
    assert studies.names() == ["s"]


def test_without_optuna_one_sentence_says_what_to_install(tiny, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert main(["sweep", "ae", "--study", "s", "--over", "lr=0.1,0.2"]) == 2
    assert capsys.readouterr().err == "aecore: A search needs the package optuna; `pip install optuna` adds it.\n"


def command(*words):
    return [sys.executable, "-m", "aecore", "sweep", *words]


def wait_for(condition):
    give_up = time.monotonic() + 120
    while not (value := condition()):
        assert time.monotonic() < give_up, "it never happened"
        time.sleep(0.05)
    return value


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("AECORE_HOME", str(tmp_path))
    yield tmp_path
    end_children()


def end_children():
    for child in jobs._children:
        child.kill()
        child.wait()


def test_two_processes_share_a_study(home):
    words = ["--study", "s", "--trials", "8", "--no-prune"]
    over = ["--over", "lr=0.01..0.1:log", "--validation", "500"]
    both = [subprocess.Popen(command(*FASHION, *words, *over), stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    trials = join("s").trials()
    assert [trial.state for trial in trials if trial.state != "interrupted"] == ["complete"] * 8
    assert len({trial.values["lr"] for trial in trials}) == len(trials)  # nobody repeats another's
    assert all("trial" in text for text in told)
    workers = {trial.user_attrs[studies.WORKER] for trial in join("s").optuna.get_trials()}
    assert len(workers) == 2


def test_a_place_that_another_process_takes_first_is_passed_over(tiny, monkeypatch):
    """Both saw it free, and the other one was faster."""
    study = join("s", plan_of())
    with ExitStack() as other, ExitStack() as own:
        _, first = studies.take_slot(study, other)
        monkeypatch.setattr(locks, "held", lambda name: False)
        _, second = studies.take_slot(study, own)
        assert (first[-2:], second[-2:]) == (".1", ".2")


def test_a_queued_trial_waits_for_the_run_that_trains_and_then_has_the_turn(tiny, monkeypatch):
    study, looks, held = join("s", plan_of()), [], []
    with ExitStack() as run:
        assert run.enter_context(turns.turn_if_free())

        def look(_):
            looks.append(study.trials())
            if len(looks) == 3:
                run.close()

        train = sweeping._run
        monkeypatch.setattr(turns, "time", SimpleNamespace(sleep=look))
        monkeypatch.setattr(sweeping, "_run", lambda *whole: (held.append(turns.busy()), train(*whole)))
        (trial,) = sweep(study, 1, queue=True)
    assert looks == [[], [], []]
    assert (trial.state, held, turns.busy()) == ("complete", [True], False)


def test_a_queued_search_that_waits_can_be_stopped(tiny, monkeypatch):
    study = join("s", plan_of())
    monkeypatch.setattr(turns, "time", SimpleNamespace(sleep=lambda _: studies.stop("s")))
    with turns.turn_if_free():
        assert list(sweep(study, 1, queue=True)) == []
    assert study.trials() == []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_search_that_ends_early_goes_on(home, how):
    words = ["--study", "s", "--trials", "3"]
    long = [*FASHION[:-1], "9000", "--over", "lr=0.01..0.1:log", "--validation", "500"]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job inherits "ignored"
    child = subprocess.Popen(command(*long, *words), stdout=subprocess.PIPE, text=True)
    signal.signal(signal.SIGINT, before)
    wait_for(lambda: studies.names() and (found := join("s").trials()) and found[0].epoch > 2)
    assert (join("s").trials()[0].state, len(join("s").workers())) == ("running", 1)
    os.kill(child.pid, how)
    told = child.communicate(timeout=60)[0]
    assert child.returncode == (130 if how == signal.SIGINT else -9)
    assert (join("s").trials()[0].state, join("s").workers()) == ("interrupted", [])
    if how == signal.SIGINT:
        assert told == "Stopped; `aecore sweep --study s --trials 3` goes on.\n"
    studies.start("s", None, 1)
    wait_for(lambda: [trial.number for trial in join("s").trials()] == [0, 1])
    studies.stop("s")
    wait_for(lambda: not join("s").workers())
    assert [trial.state for trial in join("s").trials()] == ["interrupted"] * 2


def test_a_search_in_the_background_is_seen_and_not_deleted_under_it(home):
    base = make_config("ae", hidden=(8,), epochs=1, train_images=200)
    studies.start("s", studies.plan(base, parse_all(["lr=0.01,0.02"], base), 100), 500)
    assert len(join("s").workers()) == 1  # from its first moment
    with pytest.raises(AecoreError, match="stop it first"):
        studies.discard("s")
    wait_for(lambda: join("s").trials())
    studies.stop("s")
    wait_for(lambda: not join("s").workers())
    assert studies.best(join("s").trials())
    studies.discard("s")
    assert studies.names() == []


def test_a_search_in_the_background_leaves_its_last_words(tiny):
    """Its process does not know the dataset."""
    studies.start("s", plan_of(), 1)
    wait_for(lambda: not Study("s").workers())
    assert "There is no dataset 'tiny'" in Study("s").message
    end_children()


# --- the command ---


def test_the_command_prints_trials_and_how_to_train_the_best(tiny, capsys):
    words = ["--dataset", "tiny", "--hidden", "8", "--latent-dim", "2", "--epochs", "1"]
    assert main(["sweep", "ae", *words, "--study", "s", "--trials", "2", "--over", "lr=0.01..0.1:log"]) == 0
    lines = capsys.readouterr().out.splitlines()
    best = studies.best(join("s").trials())
    assert lines[:2] == [
        f"trial {trial.number} (lr {trial.values['lr']:.4g}): {trial.score:.2f}" for trial in join("s").trials()
    ]
    assert lines[2].startswith(f"The best of the study 's', BCE, nats, is trial {best.number} ")
    assert lines[3] == train_command(join("s").plan.config(best.values))
    assert all(run.shipped for run in store.runs())  # trials are no runs
    assert main(["sweep", "--study", "s", "--trials", "2"]) == 0
    assert capsys.readouterr().out.splitlines() == lines[2:]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--study", "s", "--over", "lr=0.1,0.2"], "Name a family"),
        (["--study", "s", "--epochs", "3"], "Name a family"),
        (["--study", "s"], "no study 's'"),
        (["ae", "--study", "s"], "nothing to search over"),
        (["ae", "--study", "s", "--over", "lr=2..1"], "must rise"),
        (["pca", "--study", "s", "--over", "lr=1..2"], "no field 'lr'"),
        (["ae", "--study", "s", "--over", "lr=1..2", "--validation", "60000"], "'validation' must lie between"),
        (["ae", "--study", "s", "--over", "lr=1..2", "--train-images", "50001"], "at most 50,000"),
    ],
)
def test_a_search_that_cannot_be_is_one_sentence(tiny, capsys, words, said):
    assert main(["sweep", *words]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
    assert studies.names() == []


def test_a_slot_is_one_processs(tiny):
    study = join("s", plan_of())
    with locks.hold(study_slot(1)):
        trials = list(sweep(study, 1))
        assert study.optuna.get_trials()[0].user_attrs[studies.WORKER] == study_slot(2)
    assert len(trials) == 1


def test_what_killed_processes_left_is_failed_at_once_by_whoever_joins(tiny):
    """Trials of other machines, other homes, and processes that are alive are left alone."""
    study = join("s", plan_of())
    others = ("study-s.elsewhere.0123abcd.1", f"study-s.{os.uname().nodename}.other123.1", study_slot(4))
    for worker in (study_slot(2), study_slot(3), *others):
        study.optuna.ask().set_user_attr(studies.WORKER, worker)
    with locks.hold(study_slot(4)):
        list(sweep(study, 4))  # three others' and one of its own
    states = [trial.state.name for trial in join("s").optuna.get_trials()]
    assert states == ["FAIL", "FAIL", "RUNNING", "RUNNING", "RUNNING", "COMPLETE"]


def test_a_trial_without_a_score_fails_with_a_sentence_and_counts(tiny, monkeypatch):
    monkeypatch.setattr(sweeping, "_scores", lambda plan, config: iter(()))
    trials = list(sweep(join("s", plan_of()), 2))
    assert [trial.state for trial in trials] == ["failed", "failed"]
    assert all("no score" in trial.sentence for trial in trials)
    assert studies.best(trials) is None


def study_slot(number):
    return studies.slot_name("s", str(number))
