"""What the pages read, kept between reruns. The only file with `st.cache_*`.

Runs never change once they are finished, so a run is kept under its name and the time it was made; the list of
runs is read from disk every time, so that a new one shows at once on every page.
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future
from threading import Thread
from typing import Any

import nearby
import numpy as np
import scrubber
import streamlit as st
from numpy.typing import NDArray

from aecore import AecoreError, datasets, evaluation, figures, inverse, neighbours, projection, spectrum, store
from aecore import space as latent_space
from aecore.config import Codes
from aecore.datasets import Dataset
from aecore.files import tensor_bytes
from aecore.inverse import InverseError
from aecore.places import decode_code
from aecore.projection import Plane
from aecore.store import POINTS, Run, RunFolder


def finished() -> list[Run]:
    """Every finished run that can be read, shipped ones first; the same objects from rerun to rerun."""
    return [_kept(run.run_id, str(run.path), run.version, run) for run in store.runs()]


def load(run_id: str) -> Run:
    """The finished run of that name; `AecoreError` where there is none."""
    run = store.load(run_id)
    return _kept(run.run_id, str(run.path), run.version, run)


@st.cache_resource(show_spinner=False, max_entries=64)
def _kept(run_id: str, path: str, version: str, _run: Run) -> Run:
    """The first object that was read of a run: what it has loaded since stays loaded."""
    return _run


def weights(run: Run) -> tuple[str, bytes]:
    """For `components.store`: the run's weights file."""
    return f"weights/{run.run_id}/{run.version}", _weights(run.run_id, run.version, run)


def codes(run: Run) -> tuple[str, bytes]:
    """For `components.store`: a safetensors file of the test codes and their errors."""
    return f"codes/{run.run_id}/{run.version}", _codes(run.run_id, run.version, run)


def points(run: Run, method: str) -> tuple[str, bytes]:
    """For `components.store`: a safetensors file of the test codes' 2-D map by that method."""
    return f"map/{run.run_id}/{run.version}/{method}", _points(run.run_id, run.version, method, run)


def images(run: Run) -> tuple[str, bytes]:
    """For `components.store`: a gzipped safetensors file of the test `images` (n, h, w) and their `labels` (n,)."""
    dataset = run.dataset
    return f"images/{dataset.key}", _images(dataset.name, dataset.version, dataset)


def space(run: Run) -> dict[str, Any]:
    """What the explorer component shows of the run's latent space."""
    return _space(run.run_id, run.version, run)


def plane(run: Run) -> Plane:
    """The plane of the run's PCA map."""
    return _plane(run.run_id, run.version, run)


def inverse_error(run: Run, method: str) -> InverseError:
    """What decoding a place on the run's map of that method loses."""
    return _inverse_error(run.run_id, run.version, method, run)


def training_codes(run: Run) -> Future[NDArray[np.float32]]:
    """The codes of the images that the run was trained on; they are made in the background, for it takes seconds."""
    return _training_codes(run.run_id, run.version, run)


def nearest_pictures(run: Run, code: str) -> nearby.Rows:
    """The training images nearest to the picture of a code, which is spelt as in a link."""
    return _nearest_pictures(run.run_id, run.version, code, run)


def epochs_chunk(run: RunFolder, kind: str, epochs: tuple[int, ...]) -> scrubber.Packed:
    """What is stored of that kind of some consecutive epochs of the run, packed for the epoch scrubber."""
    try:
        changed = run.grid(epochs[-1], kind).stat().st_mtime_ns
    except OSError as error:
        raise AecoreError(f"The epochs of '{run.run_id}' are gone; the run was deleted or moved.") from error
    return _epochs_chunk(run.run_id, kind, epochs, changed, run)


def classes(run: RunFolder) -> tuple[str, ...]:
    """The names of the classes of the run's dataset; none where that is no longer here."""
    dataset = _dataset(run)
    return dataset.classes if dataset else ()


def floor(run: RunFolder) -> float | None:
    """The least BCE that there can be on the run's test images, in nats; None for a run with another loss."""
    if run.config.loss != "bce":
        return None
    if isinstance(run, Run):
        return run.evaluation.get("bce_floor")
    try:
        dataset = datasets.load(run.config.dataset)
        return _floor(dataset.name, dataset.version, dataset)
    except AecoreError:
        return None


@st.cache_resource(show_spinner=False, max_entries=512)
def _epochs_chunk(run_id: str, kind: str, epochs: tuple[int, ...], changed: int, _run: RunFolder) -> scrubber.Packed:
    if kind == POINTS:
        return scrubber.pack_points(_run, epochs, _labels(_run))
    return scrubber.pack(_run, kind, epochs)


def _labels(run: RunFolder) -> NDArray[np.uint8] | None:
    dataset = _dataset(run)
    return dataset.test_labels if dataset else None


def _dataset(run: RunFolder) -> Dataset | None:
    """The run's images, or None where they are no longer here."""
    try:
        return run.dataset if isinstance(run, Run) else datasets.load(run.config.dataset)
    except AecoreError:
        return None


@st.cache_data(show_spinner=False)
def _floor(dataset: str, version: str, _dataset: Dataset) -> float:
    return float(evaluation.bce_floor(_dataset.pixels(_dataset.test_images)).mean())


@st.cache_resource(show_spinner=False, max_entries=16)
def _space(run_id: str, version: str, _run: Run) -> dict[str, Any]:
    return latent_space.describe(_run)


@st.cache_resource(show_spinner=False, max_entries=8)
def _training_codes(run_id: str, version: str, _run: Run) -> Future[NDArray[np.float32]]:
    future: Future[NDArray[np.float32]] = Future()

    def make() -> None:
        try:
            future.set_result(neighbours.training_codes(_run, _run.dataset))
        except Exception as error:  # whoever asks for the result hears of it
            future.set_exception(error)

    Thread(target=make, daemon=True).start()
    return future


@st.cache_data(show_spinner=False, max_entries=64)
def _nearest_pictures(run_id: str, version: str, code: str, _run: Run) -> nearby.Rows:
    z = decode_code(code)
    return [] if z is None else nearby.nearest_pictures(_run, z)


@st.cache_resource(show_spinner=False, max_entries=64)
def _plane(run_id: str, version: str, _run: Run) -> Plane:
    return projection.plane(_run.codes)


@st.cache_resource(show_spinner=False, max_entries=64)
def _inverse_error(run_id: str, version: str, method: str, _run: Run) -> InverseError:
    return inverse.inverse_error(_run, method)


@st.cache_resource(show_spinner=False, max_entries=32)
def _weights(run_id: str, version: str, _run: Run) -> bytes:
    return _run.weights()


@st.cache_resource(show_spinner=False, max_entries=16)
def _codes(run_id: str, version: str, _run: Run) -> bytes:
    return _run.codes_bytes()


@st.cache_resource(show_spinner=False, max_entries=32)
def _points(run_id: str, version: str, method: str, _run: Run) -> bytes:
    return _run.map_bytes(method)


@st.cache_resource(show_spinner=False, max_entries=4)
def _images(dataset: str, version: str, _dataset: Dataset) -> bytes:
    data = _dataset
    return gzip.compress(tensor_bytes({"images": data.test_images, "labels": data.test_labels}), 3, mtime=0)


def pca_curve(dataset: Dataset) -> NDArray[np.float64]:
    """PCA's SSE on the test images of a dataset for every number of components, (pixels + 1,)."""
    return _pca_curve(dataset.name, dataset.version, dataset)


@st.cache_data(show_spinner=False)
def _pca_curve(dataset: str, version: str, _dataset: Dataset) -> NDArray[np.float64]:
    return spectrum.pca_curve(_dataset.train_images, _dataset.test_images, _dataset.span)


def encode(run: Run, codes: Codes, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """The encoder's codes of images, or the best there are: (n, pixels) -> (n, latent_dim)."""
    return _optimised(run.run_id, run.version, x, run) if codes == "optimised" else run.encode(x)


@st.cache_data(show_spinner=False, max_entries=64)
def _optimised(run_id: str, version: str, x: NDArray[np.float32], _run: Run) -> NDArray[np.float32]:
    return _run.optimise(x)


def labels(runs: Sequence[RunFolder]) -> dict[str, str]:
    """What a person reads for each run_id: its title, and where two runs share one the digits that tell them apart."""
    count = Counter(run.title for run in runs)
    return {
        run.run_id: run.title if count[run.title] == 1 else f"{run.title} · {run.run_id.rpartition('-')[2]}"
        for run in runs
    }


def short_labels(runs: Sequence[RunFolder]) -> dict[str, str]:
    """The labels without the parts that all of them share: "AE · 100 epochs" beside "PCA"."""
    parts = {run_id: label.split(" · ") for run_id, label in labels(runs).items()}
    shared = set.intersection(*(set(words) for words in parts.values())) if len(parts) > 1 else set()
    return {
        run_id: " · ".join(word for at, word in enumerate(words) if at == 0 or word not in shared)
        for run_id, words in parts.items()
    }


def figure(name: str) -> tuple[figures.Figure, bytes, str]:
    """The figure of that name, its PNG, and nothing; or the one that came with its run, and why it is not made here.

    Raises as `figures.make` where there is neither.
    """
    try:
        return *_figure(name), ""
    except AecoreError as error:
        if (kept := figures.kept(name)) is None:
            raise
        return kept, kept.png(), str(error)


@st.cache_resource(show_spinner=False)
def _figure(name: str) -> tuple[figures.Figure, bytes]:
    made = figures.make(name)
    return made, made.png()
