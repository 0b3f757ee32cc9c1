"""Images side by side: byte for byte as arrays, and enlarged beside their labels for print.

Grids are arrays, grey, one byte a pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Images = NDArray[Any]  # (n, h, w) or (n, h * w) of square images; uint8, or floats of which [0, 1] is shown
Sheet = NDArray[np.uint8]  # (height, width)

GRID_IMAGES, GRID_SAMPLES = 50, 100  # what the chapter's two grids hold
DPI = 300
SCALE = 5  # print pixels a pixel: 28 are 12 mm at 300 dpi
FONT = 40  # print pixels: 9.6 pt
LONGEST = 100  # letters of a text in a picture


class Strip(NamedTuple):
    """A labelled row of images (n, h, w), with a note at its end."""

    label: str
    images: Images
    note: str = ""


def tile(images: Images, columns: int) -> Sheet:
    """The images side by side, row after row; the last row is filled up with black."""
    tiles = _as_bytes(images)
    n, h, w = tiles.shape
    rows = -(-n // columns)
    sheet = np.zeros((rows * columns, h, w), np.uint8)
    sheet[:n] = tiles
    return sheet.reshape(rows, columns, h, w).swapaxes(1, 2).reshape(rows * h, columns * w)


def grid(real: Images, reconstructed: Images) -> Sheet:
    """The chapter's 10 x 10 grid of `GRID_IMAGES`: row r holds images 5r..5r+4, then their reconstructions.

    Of fewer images, the rest stays black.
    """
    if not 0 < len(real) == len(reconstructed) <= GRID_IMAGES:
        raise ValueError(f"a grid pairs up to {GRID_IMAGES} images, not {len(real)} with {len(reconstructed)}")
    sheet = np.hstack([tile(real, 5), tile(reconstructed, 5)])
    return np.pad(sheet, ((0, 10 * real.shape[1] - len(sheet)), (0, 0)))


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


def labelled(rows: Sequence[Strip]) -> Image.Image:
    """The rows under one another, black text on white, for print at `DPI`."""
    rows = [row._replace(label=one_line(row.label), note=one_line(row.note)) for row in rows]
    font = ImageFont.load_default(FONT)
    gap = FONT // 2
    pictures = [enlarged(Image.fromarray(tile(row.images, len(row.images)))) for row in rows]
    left = max(round(font.getlength(row.label)) for row in rows)
    right = max(round(font.getlength(row.note)) for row in rows)
    start = left + 2 * gap
    end = start + pictures[0].width
    image = Image.new("L", (end + (right + 2 * gap if right else 0), sum(picture.height for picture in pictures)), 255)
    draw = ImageDraw.Draw(image)
    top = 0
    for row, picture in zip(rows, pictures, strict=True):
        middle = top + picture.height // 2
        draw.text((start - gap, middle), row.label, 0, font, anchor="rm")
        draw.text((end + gap + right, middle), row.note, 0, font, anchor="rm")
        image.paste(picture, (start, top))
        top += picture.height
    return image


def one_line(text: str) -> str:
    """Text that can be drawn in one line: breaks and control characters as blanks, at most `LONGEST` letters."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def enlarged(image: Image.Image) -> Image.Image:
    """Every pixel as `SCALE` x `SCALE` print pixels, unblurred."""
    return image.resize((image.width * SCALE, image.height * SCALE), Image.Resampling.NEAREST)


def _as_bytes(images: Images) -> NDArray[np.uint8]:
    """(n, h, w) uint8; floats are clipped to [0, 1] and rounded."""
    if images.dtype != np.uint8:
        images = np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8)
    if images.ndim == 2:
        side = round(images.shape[1] ** 0.5)
        images = images.reshape(-1, side, side)
    return images
