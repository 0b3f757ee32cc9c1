"""A search over the settings of a run: Optuna proposes values, short trainings score them on a validation split."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import numpy as np
import optuna
import torch
from optuna.distributions import BaseDistribution
from optuna.exceptions import OptunaError
from optuna.pruners import MedianPruner, NopPruner
from optuna.samplers import BaseSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState
from torch import Tensor

from aecore import datasets, turns
from aecore.axes import Axis, Value
from aecore.config import RunConfig, check_data
from aecore.datasets import Dataset
from aecore.datasets.base import Bytes
from aecore.distributed import ALONE
from aecore.errors import AecoreError
from aecore.experiment import begin, fresh_views
from aecore.models.base import Model
from aecore.studies import SENTENCE, WORKER, Plan, Study, Trial, nobodys, readable, request_stop, take_slot
from aecore.training import evaluate_terms, fit, generator_for


class _StopError(Exception):
    """Someone asked this machine's processes on the study to stop."""


def sweep(study: Study, trials: int, prune: bool = True, queue: bool = False) -> Iterator[Trial]:
    """Go on with a study until it has `trials` trials, those of other processes included, yielding each of our own.

    Interrupted trials do not count. A trial that diverges or cannot be trained fails with its sentence, and the
    search goes on. With `prune`, a trial worse after an epoch than the median of the earlier ones at that epoch ends
    there; not where epochs are searched over, since the rate's schedule has then another end. With `queue`, each trial
    waits until no run trains or waits here; runs that queue wait for the trial at most. The values of trial n depend on
    the base's seed, n, and the trials before it: one process proposes the same again.
    """
    plan, store = study.plan, study.optuna
    _dataset(plan)  # raises
    store.sampler = _Numbered(plan.base.seed)
    wanted = prune and all(axis.field != "epochs" for axis in plan.axes)
    store.pruner = MedianPruner() if wanted else NopPruner()
    request_stop(study.name, False)
    with ExitStack() as stack:
        stack.enter_context(readable(study.name, study.place, json.JSONDecodeError, OptunaError))
        _, worker = take_slot(study, stack)
        _bury(store, study.name, worker)
        while not study.stopping and _counted(store) < trials:
            with turns.gap(lambda: study.stopping) if queue else turns.turn_if_free():
                _dataset(plan)  # it may have been changed since the last trial, or while this one waited
                number = _next(study, trials, worker)
            if number is None:
                return
            yield next(one for one in study.trials() if one.number == number)


def _dataset(plan: Plan) -> Dataset:
    """The images that the study began on; raises `AecoreError` where they are absent or others now."""
    dataset = datasets.load(plan.base.dataset)
    if dict(dataset.checksums) != plan.data:
        raise AecoreError(f"This machine's '{dataset.name}' is not the study's; bring the study's images to it.")
    return dataset


def _next(study: Study, trials: int, worker: str) -> int | None:
    """Train the next trial; its number, or None where someone asked for a stop or there are as many by now."""
    store = study.optuna
    if study.stopping:
        return None
    trial = store.ask()
    try:
        trial.set_user_attr(WORKER, worker)
        if _counted(store, trial.number) >= trials:  # another process was faster
            raise _StopError
        _run(study, study.plan, trial)
    except BaseException as error:
        store.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
        if isinstance(error, _StopError):
            return None
        raise
    return trial.number


def _run(study: Study, plan: Plan, trial: optuna.Trial) -> None:
    """Train one trial and tell the storage how it ended."""
    values = {axis.field: _suggest(trial, axis) for axis in plan.axes}
    score: float | None = None
    try:
        config = plan.config(values)
        for epoch, score in _scores(plan, config):
            trial.report(score, epoch)
            between = 0 < epoch < config.epochs
            if between and study.stopping:
                raise _StopError
            if between and trial.should_prune():
                study.optuna.tell(trial, state=TrialState.PRUNED)
                return
        if score is None:
            raise AecoreError("It has no score: it was trained for no epoch.")
    except AecoreError as error:
        trial.set_user_attr(SENTENCE, str(error))
        study.optuna.tell(trial, state=TrialState.FAIL)
        return
    study.optuna.tell(trial, score)


def _scores(plan: Plan, config: RunConfig) -> Iterator[tuple[int, float]]:
    """Train a config on what is not for validation; after each epoch its number and the score."""
    dataset = _dataset(plan)
    cut = len(dataset.train_images) - plan.validation
    held_out = _tensor(dataset.train_images[cut:])
    config = replace(config, train_images=config.train_images or cut)
    check_data(config, dataset)
    _, images, model = begin(config, ALONE)
    for epoch in fit(model, images, config, fresh=fresh_views(dataset, config)):
        yield epoch.number, _score(plan, model, config, held_out, epoch.number)


def _score(plan: Plan, model: Model, config: RunConfig, images: Tensor, epoch: int) -> float:
    """The mean reconstruction error of images, and a VAE's KL: by the base's loss, and of the base's noisy images."""
    model.eval()
    model.config = replace(config, loss=plan.base.loss, noise=plan.base.noise)
    terms, _ = evaluate_terms(model, images, generator_for(plan.base.seed, stream=3))
    model.config = config
    score = terms.get("recon", terms["sse"]) + terms.get("kl", 0.0)
    if not math.isfinite(score):
        raise AecoreError(f"Training diverged in epoch {epoch}: the score is no number; search below lr {config.lr:g}.")
    return score


def _tensor(images: Bytes) -> Tensor:
    return torch.from_numpy(np.array(images))


def _suggest(trial: optuna.Trial, axis: Axis) -> Value:
    if axis.choices:
        return trial.suggest_categorical(axis.field, axis.choices)  # type: ignore[return-value]
    if axis.whole:
        return trial.suggest_int(axis.field, int(axis.low), int(axis.high), log=axis.log)
    return trial.suggest_float(axis.field, axis.low, axis.high, log=axis.log)


def _counted(store: optuna.Study, before: int | None = None) -> int:
    """How many trials of the study, with numbers below `before`, have ended or will; interrupted ones do not count."""
    trials = store.get_trials(deepcopy=False)[:before]
    return sum(trial.state != TrialState.FAIL or SENTENCE in trial.user_attrs for trial in trials)


def _bury(store: optuna.Study, study: str, worker: str) -> None:
    """Mark as interrupted what killed processes of this home left, whose locks are free; that of `worker` is ours.

    The sampler takes a running trial for a bad result near where it tries (TPE's constant liar).
    """
    for trial in store.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if trial.user_attrs.get(WORKER) == worker or nobodys(trial, study):
            store.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)


class _Numbered(BaseSampler):
    """Optuna's TPE sampler, seeded anew for each trial by its number, so that processes that share a study differ."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.tpe = TPESampler(seed=seed)

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        self.tpe = TPESampler(seed=(self.seed * 1_000_003 + trial.number) % 2**32)
        self.tpe.before_trial(study, trial)

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self.tpe.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self.tpe.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self.tpe.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(self, study: optuna.Study, trial: FrozenTrial, state: TrialState, values: Any) -> None:
        self.tpe.after_trial(study, trial, state, values)
