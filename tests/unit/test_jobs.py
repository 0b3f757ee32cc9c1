"""Training in a process of its own: start, stop, kill, resume, discard."""

import os
import signal
import subprocess
import sys
import time

import pytest

from aecore import AecoreError, RunConfig, jobs, locks, store
from aecore.draft import Draft

FEW = {"train_images": 600, "batch_size": 100, "hidden": (16,), "latent_dim": 3}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("AECORE_HOME", str(tmp_path))
    yield tmp_path
    for child in jobs._children:
        child.kill()
        child.wait()


def wait_for(condition, seconds=120):
    give_up = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < give_up, "it never happened"
        time.sleep(0.05)
    return value


def only_job():
    (job,) = jobs.jobs()
    return job


def trained(run_id, epochs):
    return wait_for(lambda: len(only_job().history()) >= epochs and only_job())


def test_a_job_ends_as_a_run(home):
    config = RunConfig("ae", epochs=2, **FEW)
    job = jobs.start(config)
    assert (job.run_id, job.active) == (config.run_id, True)
    run = wait_for(lambda: store.find(config))
    assert jobs.jobs() == []
    assert [row["epoch"] for row in run.history()] == [1, 2]
    with pytest.raises(AecoreError, match="finished already"):
        jobs.start(config)
    # the same process goes on with the maps
    wait_for(lambda: jobs.making_maps(run.run_id) or set(run.maps) == {"pca", "tsne"})


def test_a_killed_job_is_seen_at_once_and_resumes_to_the_same_weights(home, monkeypatch, tmp_path):
    config = RunConfig("vae", epochs=40, **FEW)
    jobs.start(config)
    trained(config.run_id, 2)
    os.kill(jobs._children[-1].pid, signal.SIGKILL)
    jobs._children[-1].wait()
    assert only_job().state == "crashed"
    with pytest.raises(AecoreError, match="no run"):
        store.load(config.run_id)
    done = len(only_job().history())
    jobs.resume(config.run_id)
    trained(config.run_id, done + 2)
    jobs.stop(config.run_id)
    wait_for(lambda: only_job().state == "stopped")
    rows = [row["epoch"] for row in only_job().history()]
    assert rows == list(range(1, len(rows) + 1))
    assert only_job().epochs() == rows


def test_a_job_outlives_a_killed_starter(home):
    """As when the server is killed: the next one finds the job at work, and then its run."""
    config = RunConfig("ae", epochs=30, **FEW)
    code = "import os, sys, aecore; aecore.jobs.start(aecore.RunConfig.from_json(sys.argv[1])); os.kill(os.getpid(), 9)"
    killed = subprocess.run([sys.executable, "-c", code, config.to_json()], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert only_job().active
    assert wait_for(lambda: store.find(config)).record["epochs"] == 30


def test_one_process_a_run_and_no_discarding_under_it(home):
    config = RunConfig("ae", epochs=500, **FEW)
    jobs.start(config)
    with pytest.raises(AecoreError, match="Another process"):
        jobs.start(config)
    with pytest.raises(AecoreError, match="Another process"):
        jobs.discard(config.run_id)
    trained(config.run_id, 1)
    jobs.stop(config.run_id)
    wait_for(lambda: not only_job().active)
    jobs.discard(config.run_id)
    assert jobs.jobs() == []
    assert not Draft(config).path.exists()


def test_a_job_that_fails_says_why(home):
    jobs.start(RunConfig("ae", epochs=3, lr=1e30, **FEW))
    job = wait_for(lambda: (job := only_job()).state == "failed" and job)
    assert "diverged" in job.message


def test_a_job_that_dies_early_shows_its_last_words(home):
    draft = Draft(RunConfig("ae", **FEW))
    draft.begin()
    draft.set_status("running", epoch=0)
    (draft.path / "log.txt").write_text("first\nout of memory\n\n")
    assert (only_job().state, only_job().message) == ("crashed", "out of memory")


@pytest.mark.parametrize("call", [jobs.stop, jobs.resume, jobs.discard])
def test_a_job_that_is_not_there(home, call):
    with pytest.raises(AecoreError, match="no unfinished run"):
        call("ae-nothing")


def test_a_lock_is_held_by_one_and_seen_by_all(home):
    assert not locks.held("x")
    with locks.hold("x"):
        assert locks.held("x")
        with pytest.raises(AecoreError, match="'x'"), locks.hold("x"):
            pass
    assert not locks.held("x")
