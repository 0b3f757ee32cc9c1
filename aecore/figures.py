"""The chapter's figures: each a picture fit for print with the runs and numbers that it was made from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from aecore import datasets, evaluation, roots, store
from aecore.config import Codes, RunConfig, make_config, train_command
from aecore.datasets import Dataset
from aecore.datasets.base import Bytes
from aecore.errors import AecoreError, system_errors
from aecore.families import MODELS
from aecore.files import json_text, write_whole
from aecore.grids import DPI, Strip, enlarged, labelled, png
from aecore.shipped import SHIPPED
from aecore.stacks import Array
from aecore.store import RECONSTRUCTIONS, SAMPLES, Run

FASHION, MNIST, FACES = "fashion_mnist", "mnist", "olivetti"
UNREADABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)  # what Pillow raises of a damaged file


@dataclass(frozen=True)
class Figure:
    """A figure of the chapter, and what it was made from."""

    name: str
    title: str
    caption: str
    image: Image.Image
    dataset: str
    checksums: Mapping[str, str]  # of the dataset's files
    runs: tuple[str, ...]  # run ids
    numbers: Mapping[str, Mapping[str, float]]  # run id -> what the figure shows or its runs scored, by name

    @property
    def command(self) -> str:
        """What makes this figure again."""
        return f"aecore figure {self.name} --out figure-{self.name}.png"

    def png(self) -> bytes:
        """The figure as a PNG of `DPI` dots an inch."""
        return png(self.image, DPI)

    def provenance(self) -> dict[str, Any]:
        """The data, runs and numbers behind the figure, ready for JSON."""
        return {
            "figure": self.name,
            "title": self.title,
            "caption": self.caption,
            "command": self.command,
            "dataset": self.dataset,
            "checksums": dict(self.checksums),
            "runs": list(self.runs),
            "numbers": {run_id: dict(numbers) for run_id, numbers in self.numbers.items()},
        }


class Drawn(NamedTuple):
    """What the drawing of a row of `FIGURES` yields."""

    image: Image.Image
    caption: str
    numbers: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Row:
    """A figure that can be made: of these runs, at an epoch where it shows a stored grid."""

    title: str
    draw: Callable[[Row, Dataset, Sequence[Run]], Drawn]
    configs: tuple[RunConfig, ...] = ()
    dataset: str = FASHION
    epoch: int = 0
    kind: str = ""


def make(name: str) -> Figure:
    """Draw a figure of `FIGURES`; `AecoreError` for an unknown name or an absent run, grid or data file."""
    row = _row(name)
    dataset = datasets.load(row.dataset)
    runs = [_run(name, config) for config in row.configs]
    image, caption, numbers = row.draw(row, dataset, runs)
    run_ids = tuple(run.run_id for run in runs)
    return Figure(name, row.title, caption, image, row.dataset, dataset.checksums, run_ids, numbers)


def save(figure: Figure, path: Path) -> Path:
    """Write the figure to `path` (.png) and its provenance beside it (.json), each whole; returns the latter."""
    if path.suffix.lower() != ".png":
        raise AecoreError(f"A figure is a PNG: let the file name end in .png, unlike '{path}'.")
    beside = path.with_suffix(".json")
    try:
        write_whole(path, figure.png())
        write_whole(beside, json_text(figure.provenance(), indent=1).encode())
    except OSError as error:
        raise AecoreError(f"{path} cannot be written ({error.strerror}); choose another place.") from error
    return beside


def save_all(folder: Path) -> Iterator[Path | AecoreError]:
    """Write every figure of the chapter into `folder`: the file of each, or what keeps it from being made.

    Raises `AecoreError` where the folder cannot be made.
    """
    with system_errors():
        folder.mkdir(parents=True, exist_ok=True)
    for name in FIGURES:
        path = folder / f"{name}.png"
        try:
            save(make(name), path)
        except AecoreError as error:
            yield error
        else:
            yield path


# Where the data are not on a machine, the figure is shown that was made where the run was trained.


def ship() -> Iterator[Path]:
    """Keep each figure of data that are not shipped with the first of its runs, if that is; the files written."""
    for name, row in FIGURES.items():
        if row.dataset != FASHION and row.configs:
            path = _kept(row, name)
            if path.parent.parent.is_dir():
                save(make(name), path)
                yield path


def kept(name: str) -> Figure | None:
    """The figure that came with the first of its runs, or None."""
    row = _row(name)
    if not row.configs:
        return None
    path = _kept(row, name)
    try:
        told = json.loads(path.with_suffix(".json").read_text("utf-8"))
        with Image.open(path) as image:
            image.load()
        return Figure(
            name, str(told["title"]), str(told["caption"]), image, str(told["dataset"]), dict(told["checksums"]),
            tuple(map(str, told["runs"])), {str(run_id): dict(numbers) for run_id, numbers in told["numbers"].items()},
        )  # fmt: skip
    except (*UNREADABLE, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _kept(row: Row, name: str) -> Path:
    return roots.shipped() / row.configs[0].run_id / "figures" / f"{name}.png"


def _row(name: str) -> Row:
    if name not in FIGURES:
        raise AecoreError(f"There is no figure '{name}'; choose one of {', '.join(FIGURES)}.")
    return FIGURES[name]


def _run(name: str, config: RunConfig) -> Run:
    run = store.find(config)
    if run is None:
        raise AecoreError(f"Figure {name} needs the run {config.run_id}; make it with `{train_command(config)}`.")
    return run


# --- how they are drawn ---


def _stored_grid(row: Row, dataset: Dataset, runs: Sequence[Run]) -> Drawn:
    """The grid that training kept of one epoch."""
    (run,) = runs
    image = enlarged(Image.fromarray(run.sheet(row.epoch, row.kind)))
    test: Mapping[str, float] = next((line["test"] for line in run.history() if line["epoch"] == row.epoch), {})
    short, after = MODELS[run.config.family].short, _epochs(row.epoch)
    captions = {
        RECONSTRUCTIONS: f"Left five columns: test images. Right five: their {short} reconstructions after {after}.",
        SAMPLES: f"Images that the {short} decodes from 100 codes drawn from the prior, after {after}.",
    }
    return Drawn(image, captions[row.kind], {run.run_id: test})


def _classes(row: Row, dataset: Dataset, runs: Sequence[Run]) -> Drawn:
    """Ten images of each class."""
    rows = [
        Strip(name, dataset.test_images[np.flatnonzero(dataset.test_labels == label)[:10]])
        for label, name in enumerate(dataset.classes)
    ]
    return Drawn(labelled(rows), "The first ten test images of each class.", {})


def _comparison(row: Row, dataset: Dataset, runs: Sequence[Run]) -> Drawn:
    """The first test image of each class, and under it what each run makes of it with its encoder's codes."""
    return _compared(row, dataset, [(run, "feed-forward") for run in runs])


def _with_optimised(row: Row, dataset: Dataset, runs: Sequence[Run]) -> Drawn:
    """The same, and rows of their own for what the deep and the logistic decoder make of the best codes there are."""
    trained = [(run, run.config.codes) for run in runs]
    return _compared(row, dataset, [*trained, (runs[0], "optimised")])


def _compared(row: Row, dataset: Dataset, shown: Sequence[tuple[Run, Codes]]) -> Drawn:
    if not shown:
        raise AecoreError(f"{row.title}: it is drawn from runs on {dataset.title}, and none comes with the project.")
    real = _firsts(dataset)
    x = dataset.pixels(real)
    rows, numbers = [Strip("Real", real)], dict[str, dict[str, float]]()
    for run, codes in sorted(shown, key=lambda each: each[1]):  # the encoders' codes first
        x_hat = run.decode(run.optimise(x) if codes == "optimised" else run.encode(x))
        sse = run.score("sse", codes)
        rows.append(Strip(_label(run, codes), _grey(dataset, x_hat), "" if sse is None else f"SSE {sse:.2f}"))
        key = "sse" if codes == "feed-forward" else f"sse, {codes} codes"
        numbers.setdefault(run.run_id, {}).update({} if sse is None else {key: sse})
    caption = (
        f"{_first_of(dataset)} and its reconstructions. SSE: squared error summed over the pixels, mean over the "
        f"{len(dataset.test_images):,} test images."
    )
    return Drawn(labelled(rows), caption, numbers)


def _denoised(row: Row, dataset: Dataset, runs: Sequence[Run]) -> Drawn:
    """The first test image of each class, with the noise that the run was trained with, and what it makes of that."""
    (run,) = runs
    variance, real = run.config.noise, _firsts(dataset)
    x = dataset.pixels(real)
    seen = evaluation.noisy(x, variance, np.random.default_rng(run.config.seed))
    scored = evaluation.evaluate(
        run.run_id, run.config, run.stacks, dataset.test_images, run.record["epochs"], noise=variance, span=dataset.span
    ).evaluation
    rows = [
        Strip("Clean", real),
        Strip("Noisy", _grey(dataset, seen), f"SSE {variance * x.shape[1]:.0f}"),
        Strip("Denoised", _grey(dataset, run.reconstruct(seen)), f"SSE {scored['sse']:.2f}"),
    ]
    caption = (
        f"{_first_of(dataset)}, with Gaussian noise of variance {variance:g} on each pixel, and what the "
        f"{MODELS[run.config.family].short} makes of that. SSE: squared error to the clean image summed over the "
        f"pixels, mean over the {len(dataset.test_images):,} test images."
    )
    return Drawn(labelled(rows), caption, {run.run_id: {"noise": variance, "sse": scored["sse"]}})


def _firsts(dataset: Dataset) -> Bytes:
    """The first test image of each class that has one."""
    return dataset.test_images[np.unique(dataset.test_labels, return_index=True)[1]]


def _first_of(dataset: Dataset) -> str:
    return "The first test image of each " + ("person" if dataset.name == FACES else "class")


def _grey(dataset: Dataset, x: Array) -> Bytes:
    return dataset.grey(x).reshape(-1, *dataset.test_images.shape[1:])


def _label(run: Run, codes: Codes) -> str:
    name = f"{MODELS[run.config.family].short}-{run.config.latent_dim}"
    return name if codes == "feed-forward" else f"{name}, {codes} codes"


def _epochs(n: int) -> str:
    return "1 epoch" if n == 1 else f"{n} epochs"


# --- the table ---


def _at_epochs(what: str, family: str, kind: str, names: Mapping[str, int]) -> dict[str, Row]:
    return {
        name: Row(f"{what} after {_epochs(epoch)}", _stored_grid, (make_config(family),), FASHION, epoch, kind)
        for name, epoch in names.items()
    }


def _shipped_on(dataset: str) -> tuple[RunConfig, ...]:
    return tuple(config for config in SHIPPED if config.dataset == dataset)


_DIGITS = (
    make_config("ae", "deep", dataset=MNIST, latent_dim=30),
    make_config("logistic-pca", dataset=MNIST, latent_dim=30),
    make_config("pca", dataset=MNIST, latent_dim=30),
)
_OPTIMISED = make_config("logistic-pca", "optimised", dataset=MNIST, latent_dim=30)

FIGURES: Mapping[str, Row] = {
    "12.3": Row(
        "Fashion-MNIST through AE, VAE and PCA", _comparison, tuple(map(make_config, ("ae", "vae", "pca"))), FASHION
    ),
    "12.3a": Row("MNIST through AE, logistic PCA and PCA", _comparison, _DIGITS, MNIST),
    "12.3a-extended": Row(
        "MNIST with the encoders' and with optimised codes", _with_optimised, (*_DIGITS, _OPTIMISED), MNIST
    ),
    "12.3b": Row("Faces of other people through AE and PCA", _comparison, _shipped_on(FACES), FACES),
    "12.4": Row("Fashion-MNIST, a row a class", _classes),
    **_at_epochs("AE reconstructions", "ae", RECONSTRUCTIONS, {"12.6": 1, "12.7": 10, "12.8": 100}),
    "12.9": Row("Denoising", _denoised, (make_config("denoising-ae"),)),
    **_at_epochs("VAE reconstructions", "vae", RECONSTRUCTIONS, {"12.15": 1, "12.16": 10, "12.17": 100}),
    **_at_epochs("VAE samples", "vae", SAMPLES, {"12.18": 1, "12.19": 10, "12.20": 100}),
}
