"""Explorer and map in one HTML file that opens from disk: the app's own components, fed from what the file holds."""

from __future__ import annotations

import base64
import gzip
import html
import re
from pathlib import Path
from string import Template
from typing import Any

from numpy.typing import NDArray

from aecore import inverse, projection, space
from aecore.config import train_command
from aecore.errors import AecoreError
from aecore.exports.view import View
from aecore.files import json_text, tensor_bytes
from aecore.javascript import join
from aecore.places import encode_code
from aecore.projection import METHODS, NEIGHBOURS
from aecore.store import Run

COMPONENTS = Path(__file__).resolve().parents[2] / "app" / "components"
IMAGES = 1500  # test images in the file, with codes and maps: of 20-d Fashion-MNIST runs it then has less than 4 MB


def page(view: View) -> dict[str, bytes]:
    """`RUN.html`, opened at the view's code: it asks the network for nothing, and its policy forbids it to."""
    if not COMPONENTS.is_dir():
        raise AecoreError(
            "The page's parts are not installed; install aecore from its checkout, with `pip install -e .`."
        )
    run, folder = view.run, COMPONENTS / "standalone"
    filled = Template((folder / "standalone.html").read_text("utf-8")).substitute(
        title=html.escape(run.title),
        numbers=html.escape(_numbers(run)),
        about=html.escape(_about(run)),
        command=html.escape(train_command(run.config)),
        style=(folder / "standalone.css").read_text("utf-8"),
        explorer=_shadow("explorer"),
        atlas=_shadow("atlas"),
        scripts="\n".join(map(_script, ("explorer", "atlas", "standalone"))),
        blobs="\n".join(
            f'<script type="text/plain" data-blob="{html.escape(key)}">{data}</script>' for key, data in _blobs(run)
        ),
        facts=json_text(_facts(view)).replace("<", "\\u003c"),
    )
    return {f"{run.run_id}.html": filled.encode()}


def _shadow(name: str) -> str:
    """A component's markup and style, apart from the page's as in the app."""
    style, markup = ((COMPONENTS / name / f"{name}.{kind}").read_text("utf-8") for kind in ("css", "html"))
    return f'<div id="{name}"><template shadowrootmode="open"><style>{style}</style>{markup}</template></div>'


def _script(name: str) -> str:
    """A component's module, which leaves its one export where `standalone.js` finds it."""
    source = join(COMPONENTS / name / f"{name}.js")
    kept = source.replace("export default", f"(globalThis.latentExplorerParts ??= {{}}).{name} =", 1)
    return f'<script type="module">{kept}</script>'


def _blobs(run: Run) -> list[tuple[str, str]]:
    """What the server would send, by its key: the weights as they are, and the first `IMAGES` test images' part."""
    dataset = run.dataset
    codes = {"codes": run.codes, **run.errors}
    images = f"images/{dataset.key}"
    pictures = {"images": dataset.test_images, "labels": dataset.test_labels}
    parts: dict[str, dict[str, NDArray[Any]]] = {f"codes/{run.run_id}/{run.version}": codes, images: pictures}
    parts |= {f"map/{run.run_id}/{run.version}/{name}": {"points": points} for name, points in run.maps.items()}
    files = {key: tensor_bytes({name: a[:IMAGES] for name, a in part.items()}) for key, part in parts.items()}
    files[f"weights/{run.run_id}/{run.version}"] = run.weights()
    return [(key, base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()) for key, data in files.items()]


def _facts(view: View) -> dict[str, Any]:
    """What the components are told, ready for JSON."""
    run, dataset = view.run, view.run.dataset
    described = space.describe(run)
    plane = {name: array.tolist() for name, array in projection.plane(run.codes)._asdict().items()}
    maps = [
        {
            "method": name,
            "title": row.title,
            "plane": plane if row.inverse == "plane" else None,
            "told": inverse.explain(name, inverse.inverse_error(run, name, IMAGES)),
        }
        for name, row in METHODS.items()
        if name in run.maps
    ]
    atlas = {
        "run": run.run_id, "version": run.version, "images": described["images"], "span": dataset.span,
        "classes": dataset.classes, "neighbours": NEIGHBOURS,
        "order": [dimension["index"] for dimension in described["dimensions"]],
    }  # fmt: skip
    return {
        "space": {**described, "count": _count(run)},
        "atlas": atlas,
        "maps": maps,
        "place": _place(view),
    }


def _place(view: View) -> dict[str, str | None]:
    """Where the page opens: the view's start, or its code where that is none that the file holds."""
    start = re.fullmatch(r"(?:(test)|mean|sample)-(\d+)|zero", view.code)
    if start and not (start[1] and int(start[2]) >= _count(view.run)):
        _ = view.z  # raises where there is no such start
        return {"start": view.code, "z": None}
    return {"start": "test-0", "z": encode_code(view.z)}


def _count(run: Run) -> int:
    return min(IMAGES, len(run.codes))


def _numbers(run: Run) -> str:
    """The run's test errors with their units, and the floor beside the BCE."""
    dataset, numbers = run.dataset, run.evaluation
    told = [f"SSE {numbers['sse']:.2f} (squared error summed over an image's {dataset.test_images[0].size} pixels)"]
    if "bce" in numbers:
        told.append(f"BCE {numbers['bce']:.2f} nats (it cannot fall below the pixels' own {numbers['bce_floor']:.2f})")
    return f"{'; '.join(told)}; means over {len(run.codes):,} test images, {run.config.codes} codes."


def _about(run: Run) -> str:
    """What the file leaves out."""
    if _count(run) == len(run.codes):
        return "This file holds the whole model, and all test images with their codes and maps."
    return (
        f"This file holds the whole model, and of {len(run.codes):,} test images with their codes and maps the first "
        f"{_count(run):,}. Class means, sliders' ranges and samples are from all of them."
    )
