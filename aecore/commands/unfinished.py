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
    act = _deletion(options.run)
    if not options.yes and not agreed(f"Delete '{options.run}' and all that it learned? [y/N] "):
        return 1
    act()
    return 0


def _deletion(name: str) -> Callable[[], None]:
    """What deletes the unfinished run, the finished one, or the folder among them that is none, of that name."""
    if name in [job.run_id for job in jobs.jobs()]:
        return partial(jobs.discard, name)
    if folder := store.damaged_folder(name):
        return partial(store.delete_damaged, folder)
    return partial(store.delete, store.load(name))
