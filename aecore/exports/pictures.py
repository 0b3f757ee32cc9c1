"""The decoded picture or a strip of a walk as PNG, and a walk as an animated GIF."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image

from aecore.exports.view import View
from aecore.grids import png, tile

TILES = 11  # of a strip, as on the Explore page
FRAMES = 31  # of a walk, one way
FRAME_MS = 60


def picture(view: View) -> dict[str, bytes]:
    """The code's picture; where a walk is asked for, its strip of `TILES`."""
    codes = view.walk(TILES) if view.walks else view.z[None]
    return {f"{view.run.run_id}.png": png(_enlarged(tile(view.decoded(codes), len(codes)), view.scale))}


def animation(view: View) -> dict[str, bytes]:
    """The walk there and back, without end."""
    there = [_enlarged(sheet, view.scale) for sheet in view.decoded(view.walk(FRAMES))]
    first, *others = [*there, *there[-2:0:-1]]
    buffer = BytesIO()
    # `optimize` would drop grey levels, and `disposal` 1 keeps every frame whole
    first.save(
        buffer, "GIF", save_all=True, append_images=others, duration=FRAME_MS, loop=0, optimize=False, disposal=1
    )
    return {f"{view.run.run_id}.gif": buffer.getvalue()}


def _enlarged(sheet: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], scale: int) -> Image.Image:
    return Image.fromarray(np.kron(sheet, np.ones((scale, scale), np.uint8)))
