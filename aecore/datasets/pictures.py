"""One picture file as a grey square. Whatever is wrong with a file is a reason to skip it, never a traceback."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
MOST_PIXELS = 64_000_000  # of a picture, as on the page: beyond, decoding takes gigabytes
BLACK, WHITE = 0, 255
_KINDS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")  # what such a file may really hold: no code that runs
_INK = 3  # the mean of a picture in ink that is nearly black


class UnreadableError(Exception):
    """Why a picture cannot be read, in a few words."""


class Facts(NamedTuple):
    """What had to be decided about a picture.

    `deep` holds the smallest and the largest value of a picture of 16 bits, None for one of 8. `ground` is the grey
    that was laid under transparent parts, None where there are none. `inverted` says that the picture is in printing
    inks and nearly black, so that its ink may be stored upside down.
    """

    deep: tuple[int, int] | None = None
    ground: int | None = None
    inverted: bool = False


def read(path: Path, size: int) -> tuple[NDArray[np.uint16], Facts]:
    """The picture at `path`, upright, its middle cut to a square (size, size); raises `UnreadableError`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on files: a reason to skip one is raised
            _verify(path)
            with Image.open(path, formats=_KINDS) as picture:
                picture.load()
                return _square(_upright(picture), size)
    except UnreadableError:
        raise
    except Exception as error:  # each of Pillow's decoders raises its own, down to struct.error
        raise UnreadableError(_reason(error, path)) from error


def _verify(path: Path) -> None:
    """Look at a file's size in pixels before they are decoded, and at its checksums."""
    with Image.open(path, formats=_KINDS) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise UnreadableError(_too_large(f"{picture.width:,} x {picture.height:,}"))
        picture.verify()


def _too_large(pixels: str) -> str:
    return f"{pixels} pixels, where {MOST_PIXELS // 10**6} million can be read"


def _reason(error: Exception, path: Path) -> str:
    if isinstance(error, Image.DecompressionBombError):
        return _too_large("too many")
    if isinstance(error, UnidentifiedImageError):
        return "empty" if path.stat().st_size == 0 else "no picture"
    return str(getattr(error, "strerror", None) or error or type(error).__name__)


def _upright(picture: Image.Image) -> Image.Image:
    """The picture as its camera was held; as it lies where that cannot be read."""
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # damaged EXIF hurts no pixel
        return picture


def _square(picture: Image.Image, size: int) -> tuple[NDArray[np.uint16], Facts]:
    if picture.mode.startswith("I"):
        values = np.asarray(picture.convert("F")).clip(0, 65535)
        low, high = int(values.min()), int(values.max())
        square = np.asarray(ImageOps.fit(Image.fromarray(values), (size, size))).clip(
            low, high
        )  # it overshoots at edges
        return np.rint(square).astype(np.uint16), Facts((low, high))
    if picture.mode == "F":
        raise UnreadableError("pixels that are floats")
    grey, ground = _grey(picture)
    square = np.asarray(ImageOps.fit(grey, (size, size)))
    return square.astype(np.uint16), Facts(None, ground, picture.mode == "CMYK" and float(square.mean()) < _INK)


def _grey(picture: Image.Image) -> tuple[Image.Image, int | None]:
    """Luma, and the ground under what is transparent: the opposite of what is seen, as in the page's own upload."""
    if not picture.has_transparency_data:
        return picture.convert("L"), None
    rgba = picture.convert("RGBA")
    grey, alpha = rgba.convert("RGB").convert("L"), rgba.getchannel("A")
    if alpha.getextrema()[0] == 255:
        return grey, None
    seen = np.asarray(alpha)
    bright = np.einsum("ij,ij->", np.asarray(grey), seen, dtype=np.int64) > 255 * int(seen.sum(dtype=np.int64)) / 2
    ground = BLACK if bright else WHITE
    return Image.composite(grey, Image.new("L", grey.size, ground), alpha), ground
