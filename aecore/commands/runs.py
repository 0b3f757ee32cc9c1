"""Train runs, go on with them, and give them their maps."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from aecore import datasets, figures, jobs, store, turns
from aecore.commands.options import Add, add_config_options, changes, complain, summary
from aecore.config import RunConfig, check_data, make_config
from aecore.draft import Draft
from aecore.errors import AecoreError, system_errors
from aecore.evaluation import useless
from aecore.families import MODELS
from aecore.projection import METHODS
from aecore.shipped import SHIPPED

if TYPE_CHECKING:
    from aecore.distributed import Team

DEVICES = ("auto", "cpu", "cuda", "mps")


def add_to(add: Add) -> None:
    """Enter the commands."""
    train = add("train", _train, "Train a model, or go on where it was interrupted.")
    train.add_argument("family", choices=list(MODELS), metavar="FAMILY", help=", ".join(MODELS))
    train.add_argument(
        "--recipe",
        default="chapter",
        help="named settings: chapter (default), or what FAMILY has beside it, such as fast or best",
    )
    add_config_options(train)
    train.add_argument("--no-maps", action="store_true", help="leave the 2-D maps to `aecore map`")
    train.add_argument("--resume", action="store_true", help="only go on with a run of these settings that was begun")
    resume = add("resume", _resume, "Go on with an unfinished run, or one that is paused.")
    resume.add_argument("run", metavar="RUN")
    for command in (train, resume):
        command.add_argument("--queue", action="store_true", help="wait until no other run trains in this store")
        command.add_argument("--device", choices=DEVICES, help="(default: $AECORE_DEVICE, or auto)")
    maps = add("map", _map, "Compute the 2-D maps of a run's test codes that are missing.")
    maps.add_argument("run", metavar="RUN")
    maps.add_argument(
        "--method", choices=list(METHODS), help="this one alone (default: all that need no package of their own)"
    )
    add("ship", _ship, "Train the runs that come with the project into checkpoints/.")


def _train(options: argparse.Namespace) -> int:
    config = make_config(options.family, options.recipe, **changes(options))
    if options.resume and store.find(config) is None:
        Draft.named(config.run_id)  # or a sentence
    return train_config(config, not options.no_maps, options.queue)


def _resume(options: argparse.Namespace) -> int:
    draft = Draft.named(options.run)
    if jobs.Job(draft).state == "paused":
        jobs.resume(options.run)
        return 0
    return train_config(draft.config, queue=options.queue)


def _map(options: argparse.Namespace) -> int:
    run = store.load(options.run)
    from aecore import experiment

    for sentence in experiment.add_maps(run, options.method):
        complain(sentence)
    return 0


def _ship(options: argparse.Namespace) -> int:
    os.environ["OMP_NUM_THREADS"] = "1"  # sums, and so the last bits of weights, depend on how many threads share them
    for config in SHIPPED:
        train_config(config, with_maps=False)
        run = store.load(config.run_id)
        if not run.shipped:
            from aecore import experiment

            experiment.add_maps(run)
            print(store.ship(run).path)
    for path in figures.ship():
        print(path)
    return 0


def train_config(config: RunConfig, with_maps: bool = True, queue: bool = False) -> int:
    """Train with a progress bar, then add the maps; what can fail early fails before torch is loaded."""
    check_data(config, datasets.load(config.dataset))
    try:
        with system_errors():
            _train_somehow(config, queue)
    except AecoreError as error:
        complain(error)
        return 1
    run = store.find(config)
    if run and with_maps and os.environ.get("RANK", "0") == "0":
        from aecore import experiment

        for sentence in experiment.add_maps(run):
            complain(sentence)
    return 0


def _train_somehow(config: RunConfig, queue: bool) -> None:
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        _train_together(config)
    elif store.find(config) is not None:
        print(f"{config.run_id} is finished already.")
    elif queue:
        _train_in_turn(config)
    else:
        _train_at_once(config)


def _train_together(config: RunConfig) -> None:
    """One of the processes that `torchrun` started: the first writes the run and speaks."""
    from aecore import experiment
    from aecore.distributed import team

    with team() as whole:
        finished = whole.agreed(store.find(config) is not None)
        if whole.rank == 0 and finished:
            print(f"{config.run_id} is finished already.")
        elif whole.rank == 0:
            _train_here(config, whole)
        elif not finished:
            experiment.assist(config, whole)


def _train_in_turn(config: RunConfig) -> None:
    with turns.turn(Draft(config)) as mine:
        if mine:
            _train_here(config)
        else:
            print(f"Stopped before its turn; `aecore resume {config.run_id}` goes on.")


def _train_at_once(config: RunConfig) -> None:
    with turns.turn_if_free() as mine:
        if not mine:
            complain("another run trains here too; `--queue` would wait for it.")
        _train_here(config)


def _train_here(config: RunConfig, team: Team | None = None) -> None:
    from tqdm import tqdm

    from aecore import experiment
    from aecore.distributed import ALONE

    if done := Draft(config).last_epoch:
        print(f"{config.run_id} goes on after epoch {done}.")
    with tqdm(total=config.epochs, unit="epoch", desc=config.run_id, disable=None) as bar:
        for progress in experiment.train(config, team or ALONE):
            bar.update(progress.epoch - bar.n)
            bar.set_postfix_str(summary(progress.row["test"]))
    run = store.find(config)
    if run is None:
        print(f"Stopped; `aecore resume {config.run_id}` goes on.")
    else:
        print(f"{run.run_id}: {summary(run.evaluation)}, in {run.record['seconds']:.1f} s, kept in {run.path}")
        if sentence := useless(config, run.evaluation):
            complain(sentence)
