"""Training in a process of its own: start, stop, kill, resume, discard."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest

from aecore import AecoreError, RunConfig, jobs, locks, store, turns
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


def state(config):
    return jobs.Job(Draft(config)).state


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


@pytest.mark.parametrize(("cores", "chosen", "threads"), [(1, None, "1"), (8, None, "7"), (8, "3", "3")])
def test_a_job_leaves_a_core_to_others(home, monkeypatch, cores, chosen, threads):
    """One thread a core makes each of them wait for the one that the server or a browser holds up."""
    popen, given = subprocess.Popen, []

    def watched(*command, env, **settings):
        given.append(env["OMP_NUM_THREADS"])
        return popen(*command, env=env, **settings)

    monkeypatch.setattr(subprocess, "Popen", watched)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(cores)), raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if chosen:
        monkeypatch.setenv("OMP_NUM_THREADS", chosen)
    jobs.start(RunConfig("ae", **FEW))
    assert given == [threads]


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


@pytest.mark.parametrize("call", [jobs.stop, jobs.pause])
def test_nothing_is_asked_of_a_process_that_is_not_there(home, call):
    """What was asked would be found by the next one."""
    draft = Draft(RunConfig("ae", **FEW))
    draft.begin()
    with pytest.raises(AecoreError, match="No process is at work"):
        call(draft.run_id)
    assert not draft.requested("stop") and not draft.requested("pause")


def test_what_was_asked_of_a_process_that_was_killed_is_not_done_by_the_next(home):
    draft = Draft(RunConfig("ae", **FEW))
    draft.begin()
    draft.request("stop")
    with turns.turn(draft) as mine:
        assert mine


def test_a_lock_is_held_by_one_and_seen_by_all(home):
    assert not locks.held("x")
    with locks.hold("x"):
        assert locks.held("x")
        with pytest.raises(AecoreError, match="'x'"), locks.hold("x"):
            pass
    assert not locks.held("x")


def test_one_trains_and_the_others_wait_in_line(home):
    first, second, third = (RunConfig("ae", epochs=500, seed=seed, **FEW) for seed in range(3))
    jobs.start(first)
    wait_for(lambda: state(first) == "running")
    for config in (second, third):
        assert jobs.start(config).state == "queued"
    assert jobs.queue() == [second.run_id, third.run_id]
    jobs.go_first(third.run_id)
    assert jobs.queue() == [third.run_id, second.run_id]
    os.kill(jobs._children[0].pid, signal.SIGKILL)  # the turn goes to the next however the first one ends
    wait_for(lambda: state(third) == "running")
    assert (state(first), state(second)) == ("crashed", "queued")
    jobs.stop(third.run_id)
    wait_for(lambda: state(second) == "running")
    assert jobs.queue() == []


def test_one_that_waits_can_leave_the_line_or_start_at_once(home):
    first, second, third = (RunConfig("ae", epochs=500, seed=seed, **FEW) for seed in range(3))
    jobs.start(first)
    wait_for(lambda: state(first) == "running")
    jobs.start(second)
    jobs.stop(second.run_id)
    wait_for(lambda: state(second) == "stopped")
    assert jobs.queue() == []
    jobs.start(second)
    jobs.start_now(second.run_id)
    jobs.start(third, now=True)
    wait_for(lambda: {state(config) for config in (first, second, third)} == {"running"})


def test_the_queue_waits_for_a_run_in_the_foreground(home):
    config = RunConfig("ae", epochs=1, **FEW)
    with turns.turn_if_free() as mine:
        assert mine
        jobs.start(config)
        with turns.turn_if_free() as second:
            assert not second
        assert state(config) == "queued"
    wait_for(lambda: store.find(config))


def test_one_that_died_while_it_waited_holds_nobody_up(home):
    dead, config = Draft(RunConfig("ae", seed=1, **FEW)), RunConfig("ae", epochs=1, **FEW)
    turns.join(dead)
    assert jobs.Job(dead).state == "stopped"
    jobs.start(config)
    wait_for(lambda: store.find(config))


def test_a_paused_run_holds_still_keeps_its_turn_and_ends_with_the_same_weights(home, monkeypatch, tmp_path):
    config, other = RunConfig("vae", epochs=15, **FEW), RunConfig("ae", epochs=1, **FEW)
    jobs.start(config)
    trained(config.run_id, 1)
    jobs.pause(config.run_id)
    wait_for(lambda: state(config) == "paused")
    jobs.start(other)
    rows = len(Draft(config).history())
    time.sleep(1)  # it may end the epoch whose last step it was in
    assert len(Draft(config).history()) <= rows + 1 < 15
    assert (state(config), state(other)) == ("paused", "queued")
    jobs.resume(config.run_id)
    run = wait_for(lambda: store.find(config))
    wait_for(lambda: store.find(other))
    monkeypatch.setenv("AECORE_HOME", str(tmp_path / "other"))
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    jobs.start(config)
    assert wait_for(lambda: store.find(config)).weights() == run.weights()


def test_a_paused_run_can_be_stopped(home):
    config = RunConfig("ae", epochs=500, **FEW)
    jobs.start(config)
    trained(config.run_id, 1)
    jobs.pause(config.run_id)
    wait_for(lambda: state(config) == "paused")
    jobs.stop(config.run_id)
    wait_for(lambda: state(config) == "stopped")
    assert not Draft(config).requested("pause")


def test_data_that_cannot_be_used_leave_no_draft(home):
    with pytest.raises(AecoreError, match="no views of larger pictures"):
        jobs.start(RunConfig("ae", fresh=True, **FEW))
    assert jobs.jobs() == []


def test_a_look_at_the_queue_costs_the_same_however_many_wait_while_one_trains(home, monkeypatch):
    monkeypatch.setattr(turns, "queue", lambda: pytest.fail("it looked at the others"))
    draft, looks = Draft(RunConfig("ae", **FEW)), iter((False, False, True))
    with turns.turn_if_free() as mine, ExitStack() as stack:
        assert mine and not turns._entered(draft, stack)
        with turns.gap(lambda: next(looks)):
            pass


def test_the_queue_reads_no_run_that_does_not_wait(home, monkeypatch):
    for seed in range(30):
        draft = Draft(RunConfig("ae", seed=seed, **FEW))
        draft.begin()
        draft.set_status("queued" if seed in (3, 5) else "stopped")
        if seed in (3, 5):
            draft.set_place(float(10 - seed))
    read, calls = store.read_draft_config, []
    monkeypatch.setattr(store, "read_draft_config", lambda path: calls.append(path) or read(path))
    assert jobs.queue() == []  # no process is there for them
    assert len(calls) == 2
    with (
        locks.hold(RunConfig("ae", seed=3, **FEW).run_id),
        locks.hold(RunConfig("ae", seed=5, **FEW).run_id),
    ):
        assert jobs.queue() == [RunConfig("ae", seed=seed, **FEW).run_id for seed in (5, 3)]


def test_no_more_than_a_hundred_wait(home, monkeypatch):
    monkeypatch.setattr(turns, "queue", lambda: [None] * jobs.LONGEST_QUEUE)
    with pytest.raises(AecoreError, match="100 runs wait already"):
        jobs.start(RunConfig("ae", **FEW))
    assert jobs.jobs() == []
