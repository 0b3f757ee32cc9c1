"""Patches of the Olivetti faces, cut and split by person as for figure 2(B) of Hinton & Salakhutdinov 2006.

The paper's own scale and preprocessing are not fully known: compare models on these patches with each
other (the paper's autoencoder and PCA stand as 126 to 135), not their errors with the paper's.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aecore.datasets.base import Bytes, Dataset, Floats, Span, data_folder
from aecore.errors import AecoreError

FILE = "olivetti_py3.pkz"  # scikit-learn's name for it: a compressed pickle of one array
CHECKSUM = "b119468c2f13775df12d3950e7c96644811647a6e10d30617777f245bf9b2f8b"  # of the array's bytes
PEOPLE, VIEWS, SOURCE = 40, 10, 64  # people, pictures of each, pixels a picture's side

# The first 25 people to learn from, the next 5 to validate on (both are training images), the last 10 to test on.
LEARN, VALIDATE, TEST = range(25), range(25, 30), range(30, 40)
PATCHES = 414  # a picture: the paper's 124,200 to train and 41,400 to test
SIDE = 25  # pixels a patch's side
TURN = 90.0  # a patch is turned by up to so many degrees either way
ZOOM = (1.4, 1.8)  # source pixels a patch pixel
GREY = 150.0  # the byte of a patch's own mean: its darkest pixels lie further from it than its brightest
_AT_ONCE = 50  # patches: few enough that their samples stay in the processor's cache


@dataclass(frozen=True)
class Variant:
    """How the pictures are prepared.

    They are blurred by a Gaussian of `blur` source pixels. `deviation`, in grey levels, makes the average
    variance of the training patches' pixels 1.
    """

    name: str
    title: str
    blur: float
    deviation: float

    @property
    def span(self) -> Span:
        """A step of one byte is one grey level of the pictures, and the mean of each patch is 0."""
        return -GREY / self.deviation, (255 - GREY) / self.deviation


BLURRED = Variant("olivetti", "Olivetti faces", 0.65, 29.92)
SHARP = Variant("olivetti_sharp", "Olivetti faces, not blurred", 0.0, 31.16)


def load(variant: Variant) -> Dataset:
    """124,200 training and 41,400 test patches, 25 x 25, labelled by person; `AecoreError` where the file is absent.

    Train images: 103,500 of the people to learn from, then 20,700 of those to validate on. The random
    patches are the same at every reading; `fresh` draws others of the same people in the same order.
    """
    path = data_folder() / FILE
    if not path.is_file():
        raise AecoreError(
            f"The Olivetti faces are not on this machine: run `aecore fetch olivetti`, "
            f"or put scikit-learn's {FILE} into {path.parent}."
        )
    return Dataset(
        name=variant.name,
        title=variant.title,
        licence="AT&T Laboratories Cambridge, for research",
        classes=tuple(f"Person {number}" for number in range(1, PEOPLE + 1)),
        checksums={FILE: CHECKSUM},
        read=_reader(path, variant),
        span=variant.span,
        fresh=lambda random: _train_images(path, variant, random),
    )


def verify(home: Path) -> None:
    """`AecoreError` unless the official file lies where `load` looks, were `home` the data folder."""
    _read_pictures(home / FILE)


def _reader(path: Path, variant: Variant) -> Callable[[str], Bytes]:
    def read(part: str) -> Bytes:
        if part == "train_images":
            array = _train_images(path, variant, np.random.default_rng(0))
        elif part == "test_images":
            array = patches(_pictures(path, variant.blur, TEST), PATCHES, np.random.default_rng(1))
        elif part == "train_labels":
            array = np.concatenate([_labels(LEARN), _labels(VALIDATE)])
        else:
            array = _labels(TEST)
        array.flags.writeable = False
        return array

    return read


def _train_images(path: Path, variant: Variant, random: np.random.Generator) -> Bytes:
    groups = (_pictures(path, variant.blur, people) for people in (LEARN, VALIDATE))
    return np.concatenate([patches(pictures, PATCHES, random) for pictures in groups])


def _labels(people: range) -> Bytes:
    return np.tile(np.repeat(np.array(people, np.uint8), VIEWS), PATCHES)


def patches(pictures: Floats, count: int, random: np.random.Generator) -> Bytes:
    """`count` random patches of each picture, (n, 64, 64) grey levels -> (count * n, 25, 25) uint8.

    Patch i is of picture i mod n: a square at a random angle, zoom and place inside the picture, each
    pixel the mean of 2 x 2 bilinear samples, less the patch's mean, plus `GREY`.
    """
    n = count * len(pictures)
    source = np.arange(n, dtype=np.int32) % len(pictures)
    offsets = (np.arange(2 * SIDE) + 0.5) / 2 - SIDE / 2  # of the samples from the patch's centre, in patch pixels
    turn, zoom = np.radians(random.uniform(-TURN, TURN, n)), random.uniform(*ZOOM, n)
    cos, sin = zoom * np.cos(turn), zoom * np.sin(turn)
    reach = offsets[-1] * (np.abs(cos) + np.abs(sin))  # how far a turned corner lies from the centre
    centre = reach + (SOURCE - 1 - 2 * reach) * random.random((2, n))
    geometry = np.stack([cos, sin, *centre]).astype(np.float32)
    u = offsets.astype(np.float32)
    made = np.empty((n, SIDE, SIDE), np.uint8)
    for start in range(0, n, _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        c, s, y, x = geometry[:, part, None]
        rows = (y + s * u)[:, None, :] + (c * u)[:, :, None]
        columns = (x + c * u)[:, None, :] - (s * u)[:, :, None]
        samples = _bilinear(pictures, source[part], rows, columns)
        patch = samples.reshape(-1, SIDE, 2, SIDE, 2).mean((2, 4))
        patch += GREY - patch.mean((1, 2), keepdims=True)
        made[part] = np.rint(np.clip(patch, 0, 255))
    return made


def _bilinear(pictures: Floats, source: NDArray[np.int32], rows: Floats, columns: Floats) -> Floats:
    """The pictures' grey levels between pixels: `rows` and `columns` (n, h, w) in [0, 63] -> (n, h, w)."""
    top = np.minimum(rows.astype(np.int32), SOURCE - 2)
    left = np.minimum(columns.astype(np.int32), SOURCE - 2)
    down, right = rows - top, columns - left
    flat = pictures.ravel()
    corner = (source[:, None, None] * SOURCE + top) * SOURCE + left

    def along_row(at: NDArray[np.int32]) -> Floats:
        before: Floats = flat.take(at)
        return before + right * (flat.take(at + 1) - before)

    upper, lower = along_row(corner), along_row(corner + SOURCE)
    return upper + down * (lower - upper)


@cache
def _pictures(path: Path, sigma: float, people: range) -> Floats:
    """The people's pictures, blurred: (n, 64, 64) grey levels."""
    views = slice(people.start * VIEWS, people.stop * VIEWS)
    return blurred(_read_pictures(path)[views].astype(np.float32), sigma)


def _read_pictures(path: Path) -> Bytes:
    """All pictures (400, 64, 64), ten of each person in turn.

    The pickle holds one array, whose bytes lie whole before its last opcode: nothing is unpickled.
    """
    remedy = "run `aecore fetch olivetti` to replace it"
    try:
        content = zlib.decompress(path.read_bytes())
    except FileNotFoundError as error:
        raise AecoreError(f"The data file {path} is missing; {remedy}.") from error
    except (OSError, zlib.error) as error:
        raise AecoreError(f"The data file {path} is damaged or cannot be read ({error}); {remedy}.") from error
    array = content[-1 - PEOPLE * VIEWS * SOURCE**2 : -1]
    if hashlib.sha256(array).hexdigest() != CHECKSUM:
        raise AecoreError(f"The data file {path} is damaged: its content is not the official one; {remedy}.")
    return np.frombuffer(array, np.uint8).reshape(-1, SOURCE, SOURCE).swapaxes(1, 2)  # stored column by column


def blurred(pictures: Floats, sigma: float) -> Floats:
    """Gaussian blur of `sigma` pixels, mirrored at the edges, cut off at 4 sigma: (n, h, w) -> (n, h, w)."""
    if sigma == 0:
        return pictures
    radius = round(4 * sigma)
    kernel = np.exp(-0.5 * np.square(np.arange(-radius, radius + 1) / sigma))
    kernel = (kernel / kernel.sum()).astype(np.float32)
    for axis in (1, 2):
        padding = [(radius, radius) if axis == each else (0, 0) for each in range(3)]
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(pictures, padding, "symmetric"), 2 * radius + 1, axis)
        pictures = windows @ kernel
    return pictures
