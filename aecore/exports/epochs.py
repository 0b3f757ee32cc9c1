"""The epochs of a run as a film: grid and map side by side, the strip below, and what the test says."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from aecore import glide
from aecore.errors import AecoreError
from aecore.exports.view import View
from aecore.grids import one_line
from aecore.stacks import Array
from aecore.store import TRAVERSALS, Run

EPOCH_MS, REST_MS = 120, 2000  # an epoch's time, and how long the last one stays
BETWEEN = 4  # frames of an MP4 an epoch, so that points glide
LEAST = 28  # film pixels of an image's side, at least
COLOURS = (  # of the classes on white, as on the Map page
    "#7eb5da", "#308600", "#923341", "#a863d9", "#9fa901", "#d75965", "#2b6182", "#149698", "#daa688", "#633bbb",
)  # fmt: skip
_GREYS = 206  # of a GIF's 256 colours; each class has five on its way to white
_FINER = 3  # times finer than the film are dots drawn


class Moment(NamedTuple):
    """An epoch, and where its codes lie, fitted to a square, if there is a map of it."""

    epoch: int
    points: Array | None


def gif(view: View) -> dict[str, bytes]:
    """A frame an epoch, without end."""
    film = _Film(view.run)
    palette = _palette()
    frames = [_reduced(film.frame(moment), palette) for moment in _moments(view.run, 1)]
    buffer = BytesIO()
    durations = [EPOCH_MS] * (len(frames) - 1) + [REST_MS]
    # `disposal` 1 keeps every frame whole
    frames[0].save(
        buffer, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0, optimize=False, disposal=1
    )
    return {f"{view.run.run_id}.gif": buffer.getvalue()}


def mp4(view: View) -> dict[str, bytes]:
    """H.264, `BETWEEN` frames an epoch; points glide from each epoch's places to the next one's.

    The index comes first, so that a film plays while it loads; for that PyAV needs a file with a name.
    """
    try:
        import av
    except ImportError as error:
        raise AecoreError("MP4 files need the package av; `pip install av` adds it.") from error
    film = _Film(view.run)
    frame_ms = EPOCH_MS // BETWEEN
    moments = list(_moments(view.run, BETWEEN))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "film.mp4")
        with av.open(path, "w", format="mp4", options={"movflags": "faststart"}) as container:
            stream = container.add_stream("libx264", rate=1000 // frame_ms, options={"crf": "18"})
            stream.width, stream.height, stream.pix_fmt = *film.size, "yuv420p"
            for moment in [*moments, *moments[-1:] * (REST_MS // frame_ms)]:
                picture = np.asarray(film.frame(moment))
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode())
        return {f"{view.run.run_id}.mp4": path.read_bytes()}


def _moments(run: Run, steps: int) -> Iterator[Moment]:
    """Every epoch in `steps` moments, the last of them at its own places; the first epoch has one."""
    stored = [epoch for epoch in run.epochs() if _is_sound(run, epoch)]
    if not stored:
        raise AecoreError(f"No epochs of '{run.run_id}' are stored and sound; train the run again.")
    places = [None if (points := run.points(epoch)) is None else glide.fitted(points) for epoch in stored]
    yield Moment(stored[0], places[0])
    for (_, before), (epoch, after) in pairwise(zip(stored, places, strict=True)):
        for share in np.linspace(0, 1, steps + 1, dtype=np.float32)[1:]:
            yield Moment(epoch, after if before is None or after is None else before + (after - before) * share)


def _is_sound(run: Run, epoch: int) -> bool:
    """Whether the epoch's grid can be read."""
    try:
        return bool(run.sheet(epoch).size)
    except AecoreError:
        return False


class _Film:
    """What all frames of a run's film share, and one frame. `unit` is the side of an image in the grid."""

    def __init__(self, run: Run) -> None:
        dataset = run.dataset
        self.run, self.tests = run, {row["epoch"]: row["test"] for row in run.history()}
        self.labels = dataset.test_labels
        side = dataset.test_images.shape[1]
        self.unit = side * -(-LEAST // side)
        self.head, self.gap = 3 * self.unit // 2, self.unit // 4
        mapped, walked = bool(run.epochs("points")), bool(run.epochs(TRAVERSALS))
        width = (22 if mapped or walked else 10) * self.unit
        height = self.head + 10 * self.unit + (self.gap + 2 * self.unit if walked else 0)
        size = self.unit / 2
        self.title = one_line(run.title)
        fits = (width - 4) / ImageFont.load_default(size).getlength(self.title)
        self.font = ImageFont.load_default(size * min(1, fits))
        self.size = width + width % 2, height + height % 2  # H.264 halves colours, so sides are even

    def frame(self, moment: Moment) -> Image.Image:
        """The picture of a moment, RGB of `size`."""
        image = Image.new("RGB", self.size, "white")
        self._write(image, moment.epoch)
        image.paste(self._sheet(moment.epoch, "reconstructions", 10), (0, self.head))
        if moment.points is not None:
            image.paste(self._map(moment.points), (11 * self.unit, self.head))
        with suppress(AecoreError):  # an epoch without its strip
            image.paste(self._sheet(moment.epoch, TRAVERSALS, 2), (0, self.head + 10 * self.unit + self.gap))
        return image

    def _write(self, image: Image.Image, epoch: int) -> None:
        draw = ImageDraw.Draw(image)
        test = self.tests.get(epoch, {})
        unit = "nats" if self.run.config.loss == "bce" else "SSE"
        value = f"{test['loss']:.2f} {unit}" if "loss" in test else f"{test['sse']:.2f} SSE" if "sse" in test else ""
        draw.text((2, 0), self.title, "black", self.font)
        draw.text((2, self.unit * 0.7), f"epoch {epoch}" + (f", test {value}" if value else ""), "black", self.font)

    def _sheet(self, epoch: int, kind: str, height: int) -> Image.Image:
        """The stored picture, `height` units high."""
        stored = Image.fromarray(self.run.sheet(epoch, kind))
        times = height * self.unit // stored.height
        return stored.resize((stored.width * times, stored.height * times), Image.Resampling.NEAREST)

    def _map(self, points: Array) -> Image.Image:
        """The points in their classes' colours, and the line along which the strip walks."""
        side, edge = 10 * self.unit * _FINER, self.unit * _FINER // 4
        image = Image.new("RGB", (side, side), "white")
        draw, radius, stroke = ImageDraw.Draw(image), self.unit * _FINER / 18, max(1, self.unit * _FINER // 28)
        places = side / 2 + points * [1, -1] * (side - 2 * edge)
        for (x, y), label in zip(places.tolist(), self.labels.tolist(), strict=False):
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), COLOURS[label % len(COLOURS)])
        x, y = places[0]
        draw.line((places[:, 0].min(), y, places[:, 0].max(), y), "black", stroke)
        draw.circle((x, y), 3 * radius, outline="black", width=stroke)
        return image.resize((10 * self.unit, 10 * self.unit), Image.Resampling.BOX)


def _reduced(image: Image.Image, palette: Image.Image) -> Image.Image:
    """The image in the palette's colours. Pillow only comes near the nearest; of greys it is taken exactly."""
    indices, rgb = np.array(image.quantize(palette=palette, dither=Image.Dither.NONE)), np.asarray(image)
    greys = np.ptp(rgb, axis=2) == 0
    indices[greys] = np.rint(rgb[greys, 0] / 255 * (_GREYS - 1))
    reduced = Image.fromarray(indices, "P")
    reduced.putpalette(palette.palette or b"")
    return reduced


def _palette() -> Image.Image:
    """Greys from black to white, and each class's colour on its way to white."""
    greys = np.linspace(0, 255, _GREYS).round().repeat(3)
    rgb = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in COLOURS])
    shades = [rgb + (255 - rgb) * share for share in (0, 0.2, 0.4, 0.6, 0.8)]
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.concatenate([greys, *(shade.ravel() for shade in shades)]).astype(np.uint8).tobytes())
    return palette
