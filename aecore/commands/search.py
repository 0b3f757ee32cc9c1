"""Search for good settings."""

from __future__ import annotations

import argparse

from aecore import axes, studies
from aecore.commands.options import Add, add_config_options, changes, whole
from aecore.config import make_config, train_command
from aecore.errors import AecoreError, interrupted
from aecore.families import MODELS


def add_to(add: Add) -> None:
    """Enter the commands."""
    sweep = add("sweep", _sweep, "Search for good settings; the last training images decide, never the test images.")
    sweep.add_argument("family", nargs="?", choices=list(MODELS), metavar="FAMILY", help="left out: as the study began")
    sweep.add_argument("--recipe", default="chapter", help="what is not searched over (default: chapter)")
    sweep.add_argument("--study", required=True, metavar="NAME", help="begun, or gone on with where it is there")
    sweep.add_argument(
        "--trials",
        type=whole(1, studies.MOST_TRIALS),
        default=20,
        metavar="N",
        help="of the study in all (default: 20)",
    )
    sweep.add_argument(
        "--over", action="append", default=[], metavar="FIELD=VALUES",
        help="lr=0.005..0.1:log, batch_size=256,512 or hidden=256-128,512-256; once for each field",
    )  # fmt: skip
    sweep.add_argument(
        "--validation", type=whole(1, 10**9), metavar="N", help="images (default: 10000, at most a sixth)"
    )
    sweep.add_argument("--no-prune", action="store_true", help="train poor trials to their end, too")
    sweep.add_argument("--queue", action="store_true", help="train each trial when no run trains or waits here")
    sweep.add_argument(
        "--storage", metavar="FILE|URL", help="Optuna's journal or database (default: a journal in the home)"
    )
    add_config_options(sweep)


def _sweep(options: argparse.Namespace) -> int:
    """A line a trial, then the best one's command; what can fail early fails before torch is loaded."""
    study = studies.join(options.study, _plan(options), options.storage)
    from aecore.sweep import sweep

    try:
        for trial in sweep(study, options.trials, not options.no_prune, options.queue):
            print(_trial_line(trial), flush=True)
    except BaseException as error:
        if not interrupted(error):
            raise
        print(f"Stopped; `aecore sweep --study {study.name} --trials {options.trials}` goes on.")
        return 130
    best = studies.best(study.trials())
    if best is None:
        raise AecoreError(f"No trial of the study '{study.name}' has been completed; its sentences say why.")
    print(f"The best of the study '{study.name}', {study.plan.score}, is {_trial_line(best)}")
    print(train_command(study.plan.config(best.values)))
    return 0


def _plan(options: argparse.Namespace) -> studies.Plan | None:
    """What the command says to search, or None where it leaves that to the study."""
    given = changes(options)
    if options.family is None:
        if options.over or given or options.validation is not None:
            raise AecoreError("Name a family to search with; a study that is gone on with has its settings already.")
        return None
    base = make_config(options.family, options.recipe, **given)
    return studies.plan(base, axes.parse_all(options.over, base), options.validation)


def _trial_line(trial: studies.Trial) -> str:
    values = ", ".join(f"{field} {axes.brief(value)}" for field, value in trial.values.items())
    ending = {
        "complete": f"{trial.score:.2f}" if trial.score is not None else "",
        "pruned": f"pruned after epoch {trial.epoch}",
    }.get(trial.state, f"{trial.state}: {trial.sentence}")
    return f"trial {trial.number} ({values}): {ending}"
