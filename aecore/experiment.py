"""From a config to a finished run: train, write every epoch down, evaluate, publish."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save as save_tensors
from torch import Tensor

from aecore import datasets, evaluation, grids, locks, projection, stacks, store
from aecore.config import RunConfig
from aecore.datasets import Dataset
from aecore.draft import Draft
from aecore.errors import AecoreError
from aecore.jobs import maps_lock
from aecore.models.base import Model, build
from aecore.store import CODES, RECONSTRUCTIONS, SAMPLES, WEIGHTS, Run
from aecore.training import Epoch, check_finite, evaluate_terms, fit, generator_for


@dataclass(frozen=True)
class Progress:
    """Where training stands after an epoch: its history row, and the seconds that are left."""

    row: dict[str, Any]
    epoch: int
    epochs: int
    seconds_left: float


def load_or_train(config: RunConfig) -> Run:
    """The finished run of `config`: from disk where there is one, otherwise trained now, or resumed.

    Raises `AecoreError` where the data are missing, another process trains it, or the loss diverges.
    """
    found = store.find(config)
    if found is None:
        for _ in train(config):
            pass
    return found or store.load(config.run_id)


def train(config: RunConfig) -> Iterator[Progress]:
    """Train `config` and publish the run, yielding after each epoch; go on where an earlier process ended.

    Stops early, leaving a draft that can be resumed, when a stop is requested. Raises as `load_or_train`.
    """
    draft = Draft(config)
    with draft.locked():
        if store.find(config) is not None:
            return
        draft.begin()
        draft.request_stop(False)
        draft.set_status("running", epoch=draft.last_epoch, epochs=config.epochs)
        try:
            yield from _train(draft)
        except AecoreError as error:
            draft.set_status("failed", epoch=draft.last_epoch, epochs=config.epochs, message=str(error))
            raise
        except (GeneratorExit, KeyboardInterrupt):
            draft.set_status("stopped", epoch=draft.last_epoch, epochs=config.epochs)
            raise


def add_maps(run: Run) -> None:
    """Compute the 2-D maps of the run's test codes that are missing, and keep them with the run."""
    with locks.hold(maps_lock(run.run_id)):
        for method in projection.METHODS:
            if method not in run.maps:
                run.save_map(method, projection.project(run.codes, method, run.config.seed))


def _train(draft: Draft) -> Iterator[Progress]:
    config = draft.config
    dataset = datasets.load(config.dataset)
    images, test = (torch.tensor(part) for part in (dataset.train_images, dataset.test_images))
    images = _first(images, config)
    model = build(config, images[0].numel(), generator_for(config.seed), dataset.span)
    saved = draft.snapshot()
    draft.trim_history(int(saved["epoch"]) if saved else -1)
    resumed = {name: torch.from_numpy(array.copy()) for name, array in saved.items()} if saved else None
    seconds = [row["seconds"] for row in draft.history()]
    for epoch in fit(model, images, config, resumed, _fresh(dataset, config)):
        row = _record_epoch(draft, model, epoch, test, dataset)
        seconds.append(row["seconds"])
        left = (config.epochs - epoch.number) * statistics.median(seconds[-5:]) if epoch.number else 0.0
        draft.set_status("running", epoch=epoch.number, epochs=config.epochs, seconds_left=left)
        yield Progress(row, epoch.number, config.epochs, left)
        if draft.stop_requested and 0 < epoch.number < config.epochs:
            draft.set_status("stopped", epoch=epoch.number, epochs=config.epochs)
            return
    _publish(draft, model, dataset)


def _first(images: Tensor, config: RunConfig) -> Tensor:
    return images[: config.train_images] if config.train_images else images


def _fresh(dataset: Dataset, config: RunConfig) -> Callable[[int], Tensor] | None:
    """What draws the images of an epoch, by the run's seed and the epoch alone, so that a resumed run sees the same."""
    if not config.fresh:
        return None
    draw = dataset.fresh
    if draw is None:
        raise AecoreError(f"The images of '{dataset.name}' are no views of larger pictures; leave 'fresh' out.")
    return lambda epoch: _first(torch.from_numpy(draw(np.random.default_rng([config.seed, epoch]))), config)


def _record_epoch(draft: Draft, model: Model, epoch: Epoch, test: Tensor, dataset: Dataset) -> dict[str, Any]:
    """Score and draw an epoch, then write it down: pictures first, so that a row in the history has its grid."""
    began = time.perf_counter()
    model.eval()
    scores = evaluate_terms(model, test, generator_for(draft.config.seed, stream=3))
    check_finite(scores, epoch.number, draft.config)
    with torch.no_grad():
        real = test[: grids.GRID_IMAGES]
        rebuilt = model.decode(model.encode(model.pixels(real)))
        sheets = {RECONSTRUCTIONS: grids.grid(real.numpy(), _tiles(rebuilt, dataset))}
        codes = model.prior_codes(grids.GRID_SAMPLES, generator_for(draft.config.seed, stream=4))
        if codes is not None:
            sheets[SAMPLES] = grids.sample_grid(_tiles(model.decode(codes), dataset))
    for kind, grid in sheets.items():
        draft.save_grid(epoch.number, kind, grids.png(grid))
    row = {
        "epoch": epoch.number,
        "seconds": round(epoch.seconds + time.perf_counter() - began, 4),
        "train": dict(epoch.train),
        "test": scores,
    }
    draft.append(row)
    if epoch.number:
        draft.save_snapshot({name: tensor.numpy() for name, tensor in epoch.snapshot().items()})
    return row


def _publish(draft: Draft, model: Model, dataset: Dataset) -> Run:
    config, history = draft.config, draft.history()
    trained = model.stacks()
    epochs = history[-1]["epoch"]
    test_pass = evaluation.evaluate(draft.run_id, config, trained, dataset.test_images, epochs, span=dataset.span)
    codes = save_tensors({"codes": test_pass.codes, **test_pass.errors})
    record = {
        "format": 1,
        "run_id": draft.run_id,
        "config": config.to_dict(),
        "epochs": epochs,
        "seconds": round(sum(row["seconds"] for row in history), 3),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "image_shape": list(dataset.test_images.shape[1:]),
        "data": dict(dataset.checksums),
        "versions": _versions(),
        "evaluation": test_pass.evaluation,
    }
    return draft.publish({WEIGHTS: stacks.dump(trained), CODES: codes}, record)


def _tiles(x: Tensor, dataset: Dataset) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return dataset.grey(x.numpy()).reshape(-1, *dataset.test_images.shape[1:])


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in ("latent-explorer", "torch", "numpy", "scikit-learn"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found
