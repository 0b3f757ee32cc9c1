"""From a config to a finished run: train, write every epoch down, evaluate, publish."""

from __future__ import annotations

import math
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aecore import datasets, evaluation, glide, grids, locks, projection, stacks, store
from aecore.config import RunConfig, check_data
from aecore.datasets import Dataset
from aecore.datasets.base import Bytes
from aecore.distributed import ALONE, Team, one_sentence
from aecore.draft import Draft, Snapshot, clean
from aecore.errors import AecoreError
from aecore.files import tensor_bytes
from aecore.jobs import maps_lock
from aecore.mapped import images_of
from aecore.models.base import Images, Model, build
from aecore.stacks import Array
from aecore.store import CODES, RECONSTRUCTIONS, SAMPLES, TRAVERSALS, WEIGHTS, Run
from aecore.training import Epoch, device_of, diverged, evaluate_terms, fit, generator_for, precision_of

_LOOK = 0.1  # seconds between looks while paused
_ROUNDING = 1e-3  # two evaluations of the same weights, in torch and in numpy, differ by less than this, relatively


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


def train(config: RunConfig, team: Team = ALONE) -> Iterator[Progress]:
    """Train `config` and publish the run, yielding after each epoch; go on where an earlier process ended.

    Stops early, leaving a draft that can be resumed, when a stop is requested. In a `team` this is the
    first process; the others `assist`. Raises as `load_or_train`.
    """
    draft = Draft(config)
    with draft.locked():
        if store.find(config) is not None:
            return
        dataset = datasets.load(config.dataset)
        check_data(config, dataset)
        clean()
        draft.begin()
        draft.check_data(dataset)
        if draft.status().get("state") != "queued":
            draft.forget_requests()
        draft.set_status("running", epoch=draft.last_epoch, epochs=config.epochs)
        try:
            with one_sentence():
                yield from _train(draft, team)
        except AecoreError as error:
            draft.set_status("failed", epoch=draft.last_epoch, epochs=config.epochs, message=str(error))
            raise
        except (GeneratorExit, KeyboardInterrupt):
            draft.set_status("stopped", epoch=draft.last_epoch, epochs=config.epochs)
            raise
        finally:
            draft.forget_requests()


def assist(config: RunConfig, team: Team) -> None:
    """Train `config` as one of the processes of a `team` that writes nothing; ends with the first one's `train`."""
    dataset, images, model = begin(config, team)
    for _ in fit(model, images, config, _resumed(team.agreed(None)), fresh_views(dataset, config), team):
        if team.agreed(False):
            return


def add_maps(run: Run, method: str | None = None) -> list[str]:
    """Compute 2-D maps of the run's test codes where they are missing, and keep them with the run.

    Without a `method`: those of every run, which need no package of their own. Of these the ones that the codes are
    too few for are left out; returns a sentence for each.
    """
    wanted = [method] if method else [name for name, row in projection.METHODS.items() if row.package is None]
    _ = run.dataset  # raises where the codes are of other images
    left_out = {} if method else projection.left_out(run.codes, wanted)
    with locks.hold(maps_lock(run.run_id)):
        for name in wanted:
            if name not in run.maps and name not in left_out:
                run.save_map(name, projection.project(run.codes, name, run.config.seed))
    return list(left_out.values())


def _train(draft: Draft, team: Team) -> Iterator[Progress]:
    config = draft.config
    dataset, images, model = begin(config, team)
    test = torch.tensor(dataset.test_images)
    saved = draft.snapshot()
    rows = saved.history if saved else []
    draft.write_history(rows)
    hold, views = partial(_hold, draft), fresh_views(dataset, config)
    for epoch in fit(model, images, config, _resumed(team.agreed(saved and saved.tensors)), views, team, hold):
        row = _record_epoch(draft, model, epoch, test, dataset)
        rows.append(row)
        if epoch.number:
            draft.save_snapshot(Snapshot({name: tensor.numpy() for name, tensor in epoch.snapshot().items()}, rows))
        seconds = [row["seconds"] for row in rows[-5:]]
        left = (config.epochs - epoch.number) * statistics.median(seconds) if epoch.number else 0.0
        draft.set_status("running", epoch=epoch.number, epochs=config.epochs, seconds_left=left)
        yield Progress(row, epoch.number, config.epochs, left)
        if team.agreed(draft.requested("stop") and 0 < epoch.number < config.epochs):
            draft.set_status("stopped", epoch=epoch.number, epochs=config.epochs)
            return
    _publish(draft, model, dataset, rows)


def _hold(draft: Draft) -> float:
    """Wait as long as the run is paused; the seconds that took."""
    began = time.perf_counter()
    while draft.requested("pause") and not draft.requested("stop"):
        time.sleep(_LOOK)
    return time.perf_counter() - began


def begin(config: RunConfig, team: Team) -> tuple[Dataset, Images, Model]:
    """What every process of the team starts from: the data, the images to train on, and the untrained model."""
    dataset = datasets.load(config.dataset)
    images = images_of(_first(dataset.train_images, config))
    _check_data(dataset, team)
    model = build(config, images.flatten(1).shape[1], generator_for(config.seed), dataset.span)
    return dataset, images, model


def _first(images: Bytes, config: RunConfig) -> Bytes:
    return images[: config.train_images or None]


def fresh_views(dataset: Dataset, config: RunConfig) -> Callable[[int], Tensor] | None:
    """What draws the images of an epoch, by the run's seed and the epoch alone, so that a resumed run sees the same."""
    draw = dataset.fresh
    if not config.fresh or draw is None:
        return None
    return lambda epoch: torch.from_numpy(_first(draw(np.random.default_rng([config.seed, epoch])), config))


def _check_data(dataset: Dataset, team: Team) -> None:
    """`AecoreError` where a process of the team has other images than the first."""
    if team.agreed(dict(dataset.checksums)) != dict(dataset.checksums):
        raise AecoreError(f"This machine's '{dataset.name}' is not the first process's; copy the same data to both.")


def _resumed(saved: Mapping[str, NDArray[Any]] | None) -> dict[str, Tensor] | None:
    return {name: torch.from_numpy(array.copy()) for name, array in saved.items()} if saved else None


def _record_epoch(draft: Draft, model: Model, epoch: Epoch, test: Tensor, dataset: Dataset) -> dict[str, Any]:
    """Score and draw an epoch, then write it down: pictures first, so that a row in the history has its grid."""
    began = time.perf_counter()
    model.eval()
    scores, codes = evaluate_terms(model, test, generator_for(draft.config.seed, stream=3))
    if not all(map(math.isfinite, scores.values())):
        raise diverged(f"at the end of epoch {epoch.number}, on the test images", epoch.number - 1, draft.config)
    with torch.no_grad():
        real = test[: grids.GRID_IMAGES]
        sheets = {RECONSTRUCTIONS: grids.grid(real.numpy(), _tiles(model.decode(codes[: len(real)]), dataset))}
        drawn = model.prior_codes(grids.GRID_SAMPLES, generator_for(draft.config.seed, stream=4))
        if drawn is not None:
            sheets[SAMPLES] = grids.sample_grid(_tiles(model.decode(drawn), dataset))
        points, walk = _map(codes[: glide.POINTS].numpy(), draft.points(epoch.number - 1))
        sheets[TRAVERSALS] = grids.tile(_tiles(model.decode(torch.from_numpy(walk)), dataset), glide.STEPS)
    for kind, sheet in sheets.items():
        draft.save_grid(epoch.number, kind, grids.png(sheet))
    draft.save_points(epoch.number, points)
    row = {
        "epoch": epoch.number,
        "seconds": round(epoch.seconds + time.perf_counter() - began, 4),
        "train": dict(epoch.train),
        "test": scores,
    }
    draft.append(row)
    return row


def _map(codes: Array, before: Array | None) -> tuple[Array, Array]:
    """Where the codes lie on the epoch's plane, (n, 2), and the first one's walk from its left to its right."""
    plane = glide.epoch_plane(codes, before)
    points = glide.flatten(codes, plane)
    return points, glide.walk(codes[0], plane, points)


def _publish(draft: Draft, model: Model, dataset: Dataset, history: Sequence[dict[str, Any]]) -> Run:
    config, trained, epochs = draft.config, model.stacks(), history[-1]["epoch"]
    test_pass = evaluation.evaluate(draft.run_id, config, trained, dataset.test_images, epochs, span=dataset.span)
    _check_agreement(draft, test_pass.evaluation["sse"], history[-1]["test"]["sse"], dataset.test_images[0].size)
    draft.write_history(history)  # the file may have been changed since
    plain = evaluation.mean_image_errors(_first(dataset.train_images, config), dataset.test_images, dataset.span)
    codes = tensor_bytes({"codes": test_pass.codes, **test_pass.errors})
    record = {
        "format": 1,
        "run_id": draft.run_id,
        "config": config.to_dict(),
        "epochs": epochs,
        "precision": precision_of(config, device_of()),
        "seconds": round(sum(row["seconds"] for row in history), 3),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "image_shape": list(dataset.test_images.shape[1:]),
        "data": dict(dataset.checksums),
        "versions": _versions(),
        "evaluation": {**test_pass.evaluation, **plain},
    }
    return draft.publish({WEIGHTS: stacks.dump(trained), CODES: codes}, record)


def _check_agreement(draft: Draft, published: float, trained: float, pixels: int) -> None:
    """`AecoreError` where the stored weights' SSE is not, to rounding, the one that training ended with."""
    if not math.isclose(published, trained, rel_tol=_ROUNDING, abs_tol=_ROUNDING**2 * pixels):
        raise AecoreError(
            f"The weights of '{draft.run_id}' give an SSE of {published:.4g} on the test images where training ended "
            f"with {trained:.4g}, so they are not those that were trained and are not published; delete the unfinished "
            f"run (`aecore delete {draft.run_id}`) and start it again."
        )


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
