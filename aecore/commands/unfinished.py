"""Unfinished runs: list, pause, stop, delete."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial

from aecore import jobs, store
from aecore.commands.options import Add, agreed


def add_to(add: Add) -> None:
    """Enter the commands."""
    add("jobs", _jobs, "List the unfinished runs.")
    pause = add("pause", partial(_ask, jobs.pause), "Let a run that trains hold still after its step.")
    pause.add_argument("run", metavar="RUN")
    stop = add("stop", partial(_ask, jobs.stop), "Let the process of a run end after its epoch; it can be resumed.")
    stop.add_argument("run", metavar="RUN")
    delete = add("delete", _delete, "Delete a run that was trained here, or an unfinished one.")
    delete.add_argument("run", metavar="RUN")
    delete.add_argument("--yes", action="store_true", help="do not ask")


def _jobs(options: argparse.Namespace) -> int:
    waiting = jobs.queue()
    for job in jobs.jobs():
        place = f" ({waiting.index(job.run_id) + 1})" if job.run_id in waiting else ""
        print(f"{job.run_id:<44}  epoch {job.epoch} of {job.epochs_wanted}  {job.state}{place}  {job.message}".rstrip())
    return 0


def _ask(act: Callable[[str], None], options: argparse.Namespace) -> int:
    act(options.run)
    return 0


def _delete(options: argparse.Namespace) -> int:
    unfinished = options.run in [job.run_id for job in jobs.jobs()]
    run = None if unfinished else store.load(options.run)
    if not options.yes and not agreed(f"Delete '{options.run}' and all that it learned? [y/N] "):
        return 1
    if run:
        store.delete(run)
    else:
        jobs.discard(options.run)
    return 0
