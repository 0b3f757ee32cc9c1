"""The chapter's figures and its grids of images, drawn with Pillow.

Grids are arrays, grey, one byte a pixel. A `Figure` is a picture fit for print with the runs and numbers
that it was made from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from aecore import datasets, store
from aecore.config import make_config
from aecore.errors import AecoreError
from aecore.families import MODELS
from aecore.store import RECONSTRUCTIONS, SAMPLES, Run

Images = NDArray[Any]  # (n, h, w) or (n, h * w) of square images; uint8, or floats of which [0, 1] is shown
Sheet = NDArray[np.uint8]  # (height, width)

GRID_IMAGES, GRID_SAMPLES = 50, 100  # what the chapter's two grids hold
DATASET = "fashion_mnist"
DPI = 300
SCALE = 5  # print pixels a pixel: 28 are 12 mm at 300 dpi
FONT = 40  # print pixels: 9.6 pt


# --- grids ---


def tile(images: Images, columns: int) -> Sheet:
    """The images side by side, row after row; the last row is filled up with black."""
    tiles = _as_bytes(images)
    n, h, w = tiles.shape
    rows = -(-n // columns)
    sheet = np.zeros((rows * columns, h, w), np.uint8)
    sheet[:n] = tiles
    return sheet.reshape(rows, columns, h, w).swapaxes(1, 2).reshape(rows * h, columns * w)


def grid(real: Images, reconstructed: Images) -> Sheet:
    """The chapter's 10 x 10 grid of `GRID_IMAGES`: row r holds images 5r..5r+4, then their reconstructions."""
    if not len(real) == len(reconstructed) == GRID_IMAGES:
        raise ValueError(f"a grid pairs {GRID_IMAGES} images, not {len(real)} with {len(reconstructed)}")
    return np.hstack([tile(real, 5), tile(reconstructed, 5)])


def sample_grid(samples: Images) -> Sheet:
    """`GRID_SAMPLES` images as 10 x 10."""
    if len(samples) != GRID_SAMPLES:
        raise ValueError(f"a grid of samples holds {GRID_SAMPLES} images, not {len(samples)}")
    return tile(samples, 10)


def png(image: Sheet | Image.Image, dpi: int | None = None) -> bytes:
    """The image as a PNG file, lossless."""
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    buffer = BytesIO()
    picture.save(buffer, "PNG", **({"dpi": (dpi, dpi)} if dpi else {}))
    return buffer.getvalue()


def _as_bytes(images: Images) -> NDArray[np.uint8]:
    """(n, h, w) uint8; floats are clipped to [0, 1] and rounded."""
    if images.dtype != np.uint8:
        images = np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8)
    if images.ndim == 2:
        side = round(images.shape[1] ** 0.5)
        images = images.reshape(-1, side, side)
    return images


# --- figures ---


@dataclass(frozen=True)
class Figure:
    """A figure of the chapter, and what it was made from."""

    name: str
    title: str
    caption: str
    image: Image.Image
    runs: tuple[str, ...]  # run ids
    numbers: Mapping[str, Mapping[str, float]]  # run id -> what the figure shows or its runs scored, by name

    @property
    def command(self) -> str:
        """What makes this figure again."""
        return f"aecore figure {self.name} --out figure-{self.name}.png"

    def png(self) -> bytes:
        """The figure as a PNG of 300 dots an inch."""
        return png(self.image, DPI)

    def provenance(self) -> dict[str, Any]:
        """The data, runs and numbers behind the figure, ready for JSON."""
        return {
            "figure": self.name,
            "title": self.title,
            "caption": self.caption,
            "command": self.command,
            "dataset": DATASET,
            "checksums": dict(datasets.load(DATASET).checksums),
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
    """A figure that can be made: of the families' chapter runs, at an epoch where it shows a stored grid."""

    title: str
    draw: Callable[[Row, Sequence[Run]], Drawn]
    families: tuple[str, ...] = ()
    epoch: int = 0
    kind: str = ""


def make(name: str) -> Figure:
    """Draw a figure of `FIGURES`; `AecoreError` for an unknown name or an absent run, grid or data file."""
    if name not in FIGURES:
        raise AecoreError(f"There is no figure '{name}'; choose one of {', '.join(FIGURES)}.")
    row = FIGURES[name]
    runs = [_chapter_run(name, family) for family in row.families]
    image, caption, numbers = row.draw(row, runs)
    return Figure(name, row.title, caption, image, tuple(run.run_id for run in runs), numbers)


def save(figure: Figure, path: Path) -> Path:
    """Write the figure to `path` (.png) and its provenance beside it (.json), each whole; returns the latter."""
    if path.suffix.lower() != ".png":
        raise AecoreError(f"A figure is a PNG: let the file name end in .png, unlike '{path}'.")
    beside = path.with_suffix(".json")
    try:
        store.write_whole(path, figure.png())
        store.write_whole(beside, json.dumps(figure.provenance(), indent=1).encode())
    except OSError as error:
        raise AecoreError(f"{path} cannot be written ({error.strerror}); choose another place.") from error
    return beside


def _chapter_run(name: str, family: str) -> Run:
    config = make_config(family, "chapter", dataset=DATASET)
    run = store.find(config)
    if run is None:
        raise AecoreError(f"Figure {name} needs the run {config.run_id}; make it with `aecore train {family}`.")
    return run


def _stored_grid(row: Row, runs: Sequence[Run]) -> Drawn:
    """The grid that training kept of one epoch."""
    (run,) = runs
    path = run.grid(row.epoch, row.kind)
    try:
        with Image.open(path) as stored:
            image = stored.resize((stored.width * SCALE, stored.height * SCALE), Image.Resampling.NEAREST)
    except OSError as error:
        raise AecoreError(f"The grid {path} is missing or damaged; train the run again.") from error
    test: Mapping[str, float] = next((line["test"] for line in run.history() if line["epoch"] == row.epoch), {})
    short, after = MODELS[run.config.family].short, _epochs(row.epoch)
    captions = {
        RECONSTRUCTIONS: f"Left five columns: test images. Right five: their {short} reconstructions after {after}.",
        SAMPLES: f"Images that the {short} decodes from 100 codes drawn from the prior, after {after}.",
    }
    return Drawn(image, captions[row.kind], {run.run_id: test})


def _classes(row: Row, runs: Sequence[Run]) -> Drawn:
    """Ten images of each class."""
    dataset = datasets.load(DATASET)
    rows = [
        (name, dataset.test_images[np.flatnonzero(dataset.test_labels == label)[:10]], "")
        for label, name in enumerate(dataset.classes)
    ]
    return Drawn(_labelled(rows), "The first ten test images of each class.", {})


def _comparison(row: Row, runs: Sequence[Run]) -> Drawn:
    """The first test image of each class, and under it what each run makes of it."""
    dataset = datasets.load(DATASET)
    firsts = [int(np.flatnonzero(dataset.test_labels == label)[0]) for label in range(len(dataset.classes))]
    real = dataset.test_images[firsts]
    rows = [("Real", real, "")]
    for run in runs:
        name = f"{MODELS[run.config.family].short}-{run.config.latent_dim}"
        rows.append(
            (name, _as_bytes(dataset.grey(run.reconstruct(dataset.pixels(real)))), f"SSE {run.evaluation['sse']:.2f}")
        )
    caption = (
        "The first test image of each class and its reconstructions. SSE: squared error summed over the "
        f"pixels, mean over the {len(dataset.test_images):,} test images."
    )
    return Drawn(_labelled(rows), caption, {run.run_id: {"sse": run.evaluation["sse"]} for run in runs})


def _labelled(rows: Sequence[tuple[str, NDArray[np.uint8], str]]) -> Image.Image:
    """Rows of (label, images (n, h, w), note), black text on white, for print."""
    font = ImageFont.load_default(FONT)
    gap = FONT // 2
    strips = [Image.fromarray(tile(images, len(images)).repeat(SCALE, 0).repeat(SCALE, 1)) for _, images, _ in rows]
    left = max(round(font.getlength(label)) for label, _, _ in rows)
    right = max(round(font.getlength(note)) for _, _, note in rows)
    start = left + 2 * gap
    end = start + strips[0].width
    image = Image.new("L", (end + (right + 2 * gap if right else 0), sum(strip.height for strip in strips)), 255)
    draw = ImageDraw.Draw(image)
    top = 0
    for (label, _, note), strip in zip(rows, strips, strict=True):
        middle = top + strip.height // 2
        draw.text((start - gap, middle), label, 0, font, anchor="rm")
        draw.text((end + gap + right, middle), note, 0, font, anchor="rm")
        image.paste(strip, (start, top))
        top += strip.height
    return image


def _epochs(n: int) -> str:
    return "1 epoch" if n == 1 else f"{n} epochs"


def _at_epochs(what: str, family: str, kind: str, names: Mapping[str, int]) -> dict[str, Row]:
    return {
        name: Row(f"{what} after {_epochs(epoch)}", _stored_grid, (family,), epoch, kind)
        for name, epoch in names.items()
    }


FIGURES: Mapping[str, Row] = {
    "12.3": Row("Fashion-MNIST through AE, VAE and PCA", _comparison, ("ae", "vae", "pca")),
    "12.4": Row("Fashion-MNIST, a row a class", _classes),
    **_at_epochs("AE reconstructions", "ae", RECONSTRUCTIONS, {"12.6": 1, "12.7": 10, "12.8": 100}),
    **_at_epochs("VAE reconstructions", "vae", RECONSTRUCTIONS, {"12.15": 1, "12.16": 10, "12.17": 100}),
    **_at_epochs("VAE samples", "vae", SAMPLES, {"12.18": 1, "12.19": 10, "12.20": 100}),
}
