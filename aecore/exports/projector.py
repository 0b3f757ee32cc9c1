"""The test codes for TensorFlow's Embedding Projector: tensors and metadata as TSV, and a sprite of the images.

What the Projector asks for, on its own page and inside TensorBoard (2.21.0): no quoting, at least two tensor columns, a
sprite that is a square grid of at most `SPRITE_SIDE` pixels, and a header over metadata of two columns or more alone.
TensorBoard shows what a `projector_config.pbtxt` in its log folder names and reads no JSON; the page reads only JSON.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from aecore.exports.table import ERRORS, columns
from aecore.exports.view import View
from aecore.grids import png, tile
from aecore.stacks import Array

SPRITE_SIDE = 8192  # pixels: the largest sprite that the Projector takes
_BREAKS = re.compile(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")  # what ends a field or a line


def files(view: View) -> dict[str, bytes]:
    """`tensors.tsv`, `metadata.tsv`, `sprite.png`, and the `projector_config` that ties them together, twice.

    Where one sprite cannot hold all test images, there are several parts, each with files of its own.
    """
    run, dataset = view.run, view.run.dataset
    total, most = len(run.codes), (SPRITE_SIDE // max(dataset.test_images.shape[1:])) ** 2
    parts = [slice(start, min(start + most, total)) for start in range(0, total, most)]
    made: dict[str, bytes] = {}
    embeddings = []
    for number, part in enumerate(parts, 1):
        more = f"-{number}" if len(parts) > 1 else ""
        title = f"{run.title}, images {part.start} to {part.stop - 1}" if more else run.title
        names = {
            kind: f"{kind}{more}.{end}" for kind, end in (("tensors", "tsv"), ("metadata", "tsv"), ("sprite", "png"))
        }
        made |= dict(zip(names.values(), _part(view, part), strict=True))
        embeddings.append(_embedding(view, title, part.stop - part.start, names))
    made["projector_config.json"] = json.dumps({"embeddings": embeddings}, indent=1).encode()
    made["projector_config.pbtxt"] = "".join(f"embeddings {_message(one)}\n" for one in embeddings).encode()
    return made


def _part(view: View, part: slice) -> tuple[bytes, bytes, bytes]:
    """Tensors, metadata and sprite of some of the test images."""
    told = columns(view)
    shown = {name: told[name][part].tolist() for name in ("index", "label", "class", *ERRORS) if name in told}
    images = view.run.dataset.test_images[part]
    side = math.ceil(math.sqrt(len(images)))
    blank = np.zeros((side * side - len(images), *images.shape[1:]), np.uint8)
    metadata = _tsv([shown, *zip(*shown.values(), strict=True)])
    return _tsv(_plane(view.run.codes[part]).tolist()), metadata, png(tile(np.concatenate([images, blank]), side))


def _plane(codes: Array) -> Array:
    """Codes of two numbers or more: beside a lone one stands 0."""
    return codes if codes.shape[1] > 1 else np.pad(codes, ((0, 0), (0, 1)))


def _embedding(view: View, title: str, count: int, names: dict[str, str]) -> dict[str, Any]:
    height, width = view.run.dataset.test_images.shape[1:]
    return {
        "tensorName": title,
        "tensorShape": [count, max(2, view.run.config.latent_dim)],
        "tensorPath": names["tensors"],
        "metadataPath": names["metadata"],
        "sprite": {"imagePath": names["sprite"], "singleImageDim": [width, height]},
    }


def _message(fields: dict[str, Any]) -> str:
    """A message in protobuf's text format, from its JSON form."""
    return f"{{ {' '.join(_field(re.sub('[A-Z]', _lower, name), value) for name, value in fields.items())} }}"


def _lower(letter: re.Match[str]) -> str:
    return f"_{letter[0].lower()}"


def _field(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return f"{name} {_message(value)}"
    if isinstance(value, list):
        return " ".join(_field(name, one) for one in value)
    return f"{name}: {_quoted(value) if isinstance(value, str) else value}"


def _quoted(text: str) -> str:
    """A string of protobuf's text format: bytes beyond printable ASCII by their octal numbers."""
    plain = (chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\' else f"\\{byte:03o}" for byte in text.encode())
    return f'"{"".join(plain)}"'


def _tsv(rows: Iterable[Iterable[Any]]) -> bytes:
    """A line a row, nothing quoted: what would end a field or a line is a blank."""
    return "".join("\t".join(_BREAKS.sub(" ", str(value)) for value in row) + "\n" for row in rows).encode()
