"""Training in a process of its own, which outlives whoever started it. All that is known of a job is on disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Literal

from aecore import datasets, locks, store, turns
from aecore.config import RunConfig, check_data
from aecore.draft import Draft, Status, clean, drafts
from aecore.errors import AecoreError
from aecore.store import RunFolder

State = Literal["queued", "starting", "running", "paused", "stopped", "crashed", "failed"]
LONGEST_QUEUE = 100  # runs that wait: each is a process
_LOG = "log.txt"
_children: list[subprocess.Popen[bytes]] = []  # started here; kept until they end, so that none stays a zombie


class Job(RunFolder):
    """An unfinished run as seen from outside. `state` says whether a process is training it, or waits for its turn."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(draft.path, draft.config)
        status = draft.status()
        self.state: State = _state(status, draft)
        self.message: str = status.get("message", "") or (_last_words(draft) if self.state == "crashed" else "")
        self.epoch: int = status.get("epoch", 0)
        self.epochs_wanted: int = draft.config.epochs
        self.seconds_left: float | None = status.get("seconds_left")
        self.stopping: bool = self.active and draft.requested("stop")

    @property
    def active(self) -> bool:
        """Whether a process is there for it: one that trains it, holds it, or waits for its turn."""
        return self.state in ("queued", "starting", "running", "paused")


def jobs() -> list[Job]:
    """Every unfinished run, newest first; a finished one is in `store.runs()` instead."""
    _children[:] = [child for child in _children if child.poll() is None]
    return [Job(draft) for draft in drafts()]


def queue() -> list[str]:
    """The runs that wait for their turn, the next one first."""
    return [draft.run_id for draft in turns.queue()]


def start(config: RunConfig, now: bool = False) -> Job:
    """Train `config` in a new process when its turn comes, or `now`; go on where an earlier process ended.

    Raises `AecoreError` where the run is finished already, a process is there for it, its data cannot be used, or
    too many runs wait.
    """
    if store.find(config) is not None:
        raise AecoreError(f"The run '{config.run_id}' is finished already; open it, or change a setting.")
    dataset = datasets.load(config.dataset)
    check_data(config, dataset)
    if len(turns.queue()) >= LONGEST_QUEUE:
        raise AecoreError(f"{LONGEST_QUEUE} runs wait already; let some finish, or stop them, and start this one then.")
    clean()
    draft = Draft(config)
    with draft.locked() as lock:
        draft.begin()
        draft.check_data(dataset)
        turns.join(draft)
        draft.forget_requests()
        draft.request("now", now)
        spawn(["resume", draft.run_id, "--queue"], draft.path / _LOG, draft.run_id, lock)
    return Job(draft)


def start_now(run_id: str) -> None:
    """Let a run that waits train at once, beside the one whose turn it is."""
    Draft.named(run_id).request("now")


def go_first(run_id: str) -> None:
    """Move a run that waits to the front of the queue."""
    turns.go_first(Draft.named(run_id))


def pause(run_id: str) -> None:
    """Let the process that trains `run_id` hold still after its step; it keeps its memory and its turn.

    Raises `AecoreError` where there is none.
    """
    _at_work(run_id).request("pause")


def resume(run_id: str) -> Job:
    """Go on with a run that is paused, or start an unfinished one; raises as `start`."""
    draft = Draft.named(run_id)
    if Job(draft).state != "paused":
        return start(draft.config)
    draft.request("pause", False)
    return Job(draft)


def stop(run_id: str) -> None:
    """Ask the process of `run_id` to end, after its epoch where it trains; the run can be resumed.

    Raises `AecoreError` where there is none.
    """
    _at_work(run_id).request("stop")


def _at_work(run_id: str) -> Draft:
    draft = Draft.named(run_id)
    if not draft.alive:
        raise AecoreError(f"No process is at work on '{run_id}'; `aecore resume {run_id}` goes on with it.")
    return draft


def discard(run_id: str) -> None:
    """Delete an unfinished run; raises `AecoreError` while a process trains it."""
    Draft.named(run_id).discard()


def start_maps(run_id: str, method: str | None = None) -> None:
    """Compute 2-D maps that a finished run lacks, in a new process; does nothing while one is at it.

    Those that every run has, or the one of a `method`.
    """
    name = maps_lock(run_id)
    if not making_maps(run_id):
        with locks.hold(name) as lock:
            spawn(["map", run_id, *(["--method", method] if method else [])], Path(os.devnull), name, lock)


def making_maps(run_id: str) -> bool:
    """Whether a process computes the maps of a finished run."""
    return locks.held(maps_lock(run_id))


def maps_lock(run_id: str) -> str:
    """The name of the lock that whoever computes a run's maps holds."""
    return f"{run_id}.maps"


def spawn(command: list[str], log: Path, name: str, lock: int) -> None:
    """Run an aecore command in a process that outlives this one.

    It inherits the lock `name`, so that it counts as at work from its first moment, and leaves a core to others.
    """
    threads = os.environ.get("OMP_NUM_THREADS", str(max(1, _cores() - 1)))
    with log.open("ab") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "aecore", *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(lock,),
            env={**os.environ, locks.INHERITED: name, "OMP_NUM_THREADS": threads, "PYTHONUNBUFFERED": "1"},
        )
    _children.append(child)


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _state(status: Status, draft: Draft) -> State:
    """What the status file says, corrected by the lock: a killed process cannot say that it died."""
    said: State = status.get("state", "crashed")
    waiting = said == "queued" and draft.place is not None
    if not draft.alive:
        return "stopped" if waiting else "crashed" if said in ("queued", "running") else said
    if said == "queued":
        return "queued" if waiting else "starting"
    return "paused" if said == "running" and draft.requested("pause") else "running"


def _last_words(draft: Draft) -> str:
    try:
        lines = (draft.path / _LOG).read_text("utf-8", errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip().removeprefix("aecore: ") for line in reversed(lines) if line.strip()), "")
