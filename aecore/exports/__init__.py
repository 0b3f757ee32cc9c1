"""A run, written for other programs. A new format is one file here and one row of `FORMATS`."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from io import BytesIO
from pathlib import Path

from aecore.errors import AecoreError
from aecore.exports import code, epochs, network, page, pictures, projector, table
from aecore.exports.view import View, Way
from aecore.files import write_whole

__all__ = ["FORMATS", "Format", "View", "Way", "make", "write", "zipped"]


@dataclass(frozen=True)
class Format:
    """One row of `FORMATS`: what it holds, how it is made, and which parts of a `View` it heeds."""

    title: str
    make: Callable[[View], Mapping[str, bytes]]  # files by name
    extension: str = ""  # of its one file; a format of several files goes into a folder
    heeds: frozenset[str] = frozenset()


_CODE = frozenset({"code", "dimension", "to", "way"})

FORMATS: Mapping[str, Format] = {
    "png": Format("Picture, as PNG", pictures.picture, ".png", _CODE | {"scale"}),
    "gif": Format("Walk, as GIF", pictures.animation, ".gif", _CODE | {"scale"}),
    "epochs-gif": Format("Epochs, as GIF", epochs.gif, ".gif"),
    "epochs-mp4": Format("Epochs, as MP4", epochs.mp4, ".mp4"),
    "json": Format("Code, as JSON", code.as_json, ".json", _CODE),
    "npz": Format("Code and picture, for numpy", code.as_npz, ".npz", _CODE),
    "onnx": Format("Model, as ONNX", network.models),
    "parquet": Format("Test codes, errors and maps, as Parquet", table.parquet, ".parquet", frozenset({"images"})),
    "projector": Format("Test codes for the Embedding Projector", projector.files),
    "html": Format("Explorer and map, as one HTML file", page.page, ".html", frozenset({"code"})),
}


def make(name: str, view: View) -> Mapping[str, bytes]:
    """The files of a format, by name. Raises `AecoreError` for an unknown format, or a wish that it has no use for."""
    row = _row(name)
    for field in fields(view):
        if field.name not in row.heeds | {"run"} and getattr(view, field.name) != field.default:
            raise AecoreError(f"The format '{name}' has no use for '{field.name}'; leave it out.")
    return row.make(view)


def write(name: str, view: View, path: Path) -> list[Path]:
    """Write a format to `path`: its file, or a folder for its files; each appears whole or not at all."""
    extension = _row(name).extension
    if extension and path.suffix.lower() != extension:
        raise AecoreError(f"Let the name of a {name} file end in {extension}, unlike '{path}'.")
    files = make(name, view)
    places = {path if extension else path / file: data for file, data in files.items()}
    try:
        for place, data in places.items():
            write_whole(place, data)
    except OSError as error:
        raise AecoreError(f"{path} cannot be written ({error.strerror}); choose another place.") from error
    return list(places)


def _row(name: str) -> Format:
    if name not in FORMATS:
        raise AecoreError(f"There is no format '{name}'; choose one of {', '.join(FORMATS)}.")
    return FORMATS[name]


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Several files as one ZIP archive, the same bytes for the same files."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
