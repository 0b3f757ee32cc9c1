"""A code as numbers: JSON for reading, npz for numpy."""

from __future__ import annotations

from io import BytesIO

import numpy as np

from aecore.exports.pictures import TILES
from aecore.exports.view import View
from aecore.files import json_text


def as_json(view: View) -> dict[str, bytes]:
    """The code z and what it belongs to; a walk's codes where one is asked for."""
    run = view.run
    told = {
        "run": run.run_id,
        "title": run.title,
        "dataset": run.config.dataset,
        "code": view.code,
        "z": view.z.tolist(),
    }
    if view.walks:
        told["walk"] = view.walk(TILES).tolist()
    return {f"{run.run_id}.json": json_text(told, indent=1).encode()}


def as_npz(view: View) -> dict[str, bytes]:
    """`z` (d,) and `x_hat` (pixels,), float32; a walk's `walk_z` (n, d) and `walk_x_hat` where one is asked for."""
    run = view.run
    arrays = {"z": view.z, "x_hat": run.decode(view.z[None])[0]}
    if view.walks:
        walk = view.walk(TILES)
        arrays |= {"walk_z": walk, "walk_x_hat": run.decode(walk)}
    buffer = BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return {f"{run.run_id}.npz": buffer.getvalue()}
