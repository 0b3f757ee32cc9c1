"""The user's own images: read once, made grey squares of one size, split, and kept as plain .npy files."""

from __future__ import annotations

import hashlib
import json
import mmap
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from aecore.datasets.base import Bytes, Dataset, data_folder
from aecore.errors import AecoreError

MAPPED = 256 * 2**20  # bytes: a file beyond stays on disk, and its rows are read as they are needed
SIZE = 28  # of what is no square array already
SIZES = range(8, 129)
TEST_MOST = 10_000  # test images; the pages show them all
PARTS = ("train_images", "train_labels", "test_images", "test_labels")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_META = "meta.json"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_AT_ONCE = 4096  # images
_PAGES = 128  # rows read from a mapped file before its pages go back


class Source(NamedTuple):
    """Images that are not grey squares yet: how many, rows by index as (n, size, size) uint8, labels, class names."""

    total: int
    rows: Callable[[NDArray[np.intp]], Bytes]
    labels: Bytes
    classes: tuple[str, ...]


def names() -> dict[str, str]:
    """Name and title of every dataset that was added, in order."""
    found = (path.parent.name for path in sorted(_home().glob(f"*/{_META}")))
    return {name: name.replace("_", " ").capitalize() for name in found if _NAME.fullmatch(name)}


def add(name: str, path: Path, size: int | None = None, test_share: float = 0.1) -> Path:
    """Keep the images at `path` as the dataset `name`, whole or not at all, and return its folder.

    `path` is a folder of PNG, JPEG or WebP files, flat or in one subfolder a class; an `.npy` file with uint8
    (n, h, w); or an `.npz` file with `images` so and, where there are classes, `labels` (n,). Images become grey
    squares of `size` pixels (None: that of a square array, otherwise `SIZE`), cut around the centre. A seeded
    shuffle puts `test_share` of them, at most `TEST_MOST`, aside for testing. Raises `AecoreError` for a bad
    name, images that cannot be read, or fewer than two of them.
    """
    if not _NAME.fullmatch(name):
        raise AecoreError(f"'{name}' cannot name a dataset; use up to 40 of a-z, 0-9 and _, a letter first.")
    if not 0 < test_share < 1:
        raise AecoreError(f"The share of test images must lie between 0 and 1, not {test_share:g}.")
    if size is not None and size not in SIZES:
        raise AecoreError(f"Images can have {SIZES[0]} to {SIZES[-1]} pixels a side, not {size}; choose another size.")
    source = _source(path, size)
    if source.total < 2:
        raise AecoreError(f"{path} holds {source.total or 'no'} image; add at least two, one of them to test on.")
    folder = _home() / name
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".add-", dir=folder.parent) as part:
            _write(Path(part), source, test_share)
            Path(part).rename(folder)
            Path(part).mkdir()  # what the context removes
    except OSError as error:
        raise AecoreError(f"{folder} cannot be written ({error}); let AECORE_DATA name another folder.") from error
    return folder


def remove(name: str) -> None:
    """Delete the dataset `name` from this machine; its runs stay. An open page shows it until the app starts anew."""
    if name not in names():
        raise AecoreError(f"There are no own images '{name}'; `aecore data list` shows what there is.")
    shutil.rmtree(_home() / name)


def load(name: str) -> Dataset:
    """The dataset `name` that was added; `AecoreError` where it is damaged."""
    folder = _home() / name
    try:
        meta = json.loads((folder / _META).read_text("utf-8"))
        classes, checksums = tuple(meta["classes"]), dict(meta["checksums"])
    except (OSError, ValueError, KeyError) as error:
        raise AecoreError(f"{folder / _META} is damaged ({error}); remove and add the images again.") from error
    return Dataset(name, names()[name], "your own", classes, checksums, _reader(folder, checksums))


def _home() -> Path:
    return data_folder() / "own"


# --- reading what was added ---


def _reader(folder: Path, checksums: Mapping[str, str]) -> Callable[[str], Bytes]:
    def read(part: str) -> Bytes:
        path = folder / f"{part}.npy"
        try:
            if path.stat().st_size > MAPPED:  # checked when it was written; hashing it again takes as long as an epoch
                return mapped(path)
            if hashlib.sha256(path.read_bytes()).hexdigest() != checksums[path.name]:
                raise ValueError("its content is not what was added")
            array: Bytes = np.load(path, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise AecoreError(f"{path} is damaged ({error}); remove and add the images again.") from error
        array.flags.writeable = False
        return array

    return read


def mapped(path: Path) -> Bytes:
    """An .npy file as an array that stays on disk; `rows_of` reads from it without filling the memory."""
    array: Bytes = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


def rows_of(array: Bytes, index: NDArray[np.intp]) -> Bytes:
    """`array[index]`; of a mapped file, the pages that were read are given back at once (the system still caches them).

    Without that a whole epoch's pages would count as this process's memory: a page that is touched brings its
    neighbours, up to 2 MB of them.
    """
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    if not isinstance(base, mmap.mmap):
        return array[index]
    rows = np.empty((len(index), *array.shape[1:]), array.dtype)
    for start in range(0, len(index), _PAGES):
        part = slice(start, start + _PAGES)
        rows[part] = array[index[part]]
        base.madvise(mmap.MADV_DONTNEED)
    return rows


# --- reading what is to be added ---


def _source(path: Path, size: int | None) -> Source:
    if path.is_dir():
        return _pictures(path, size or SIZE)
    if not path.exists():
        raise AecoreError(f"There is no {path}; name a folder of images, an .npy or an .npz file.")
    try:
        if path.suffix == ".npy":
            return _arrays(path, np.load(path, mmap_mode="r", allow_pickle=False), None, size)
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as file:
                return _arrays(path, file["images"], file.get("labels"), size)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise AecoreError(f"{path} cannot be read ({error}); save it again with numpy.") from error
    raise AecoreError(f"{path} is no folder, .npy or .npz file; name one of these.")


def _arrays(path: Path, images: NDArray[Any], labels: NDArray[Any] | None, size: int | None) -> Source:
    if images.dtype != np.uint8 or images.ndim != 3:
        raise AecoreError(
            f"{path} holds {images.dtype} of shape {images.shape}; images must be uint8 of shape (n, h, w)."
        )
    height, width = images.shape[1:]
    wanted = size or (height if height == width and height in SIZES else SIZE)
    known, codes = (np.zeros(1), np.zeros(len(images))) if labels is None else np.unique(labels, return_inverse=True)
    classes = ("images",) if labels is None else tuple(map(str, known))
    if codes.shape != (len(images),) or len(classes) > 256:
        raise AecoreError(f"{path} must name one of at most 256 classes for each of its {len(images):,} images.")

    def rows(index: NDArray[np.intp]) -> Bytes:
        found = rows_of(images, index)
        if (height, width) == (wanted, wanted):
            return found
        return np.stack([_square(Image.fromarray(image), wanted) for image in found])

    return Source(len(images), rows, codes.astype(np.uint8), classes)


def _pictures(folder: Path, size: int) -> Source:
    """Image files of a folder: the subfolders that hold some are the classes; none: one class."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not files:
        raise AecoreError(f"{folder} holds no PNG, JPEG or WebP files; name a folder that does.")
    within = [path.relative_to(folder).parts for path in files]
    tops = ["images" if len(parts) == 1 else parts[0] for parts in within]
    classes = tuple(sorted(set(tops)))
    if len(classes) > 256:
        raise AecoreError(f"{folder} has {len(classes)} subfolders with images; there can be 256 classes.")

    def rows(index: NDArray[np.intp]) -> Bytes:
        return np.stack([_read(files[i], size) for i in index])

    return Source(len(files), rows, np.array([classes.index(top) for top in tops], np.uint8), classes)


def _read(path: Path, size: int) -> Bytes:
    try:
        with Image.open(path) as picture:
            return _square(ImageOps.exif_transpose(picture), size)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise AecoreError(f"{path} cannot be read as an image ({error}); mend or remove it.") from error


def _square(picture: Image.Image, size: int) -> Bytes:
    return np.asarray(ImageOps.fit(picture.convert("L"), (size, size)))


# --- writing ---


def _write(folder: Path, source: Source, test_share: float) -> None:
    order = np.random.default_rng(0).permutation(source.total)
    cut = min(max(1, round(test_share * source.total)), TEST_MOST, source.total - 1)
    checksums: dict[str, str] = {}
    for part, index in (("test", order[:cut]), ("train", order[cut:])):
        images = (source.rows(some) for some in _windows(index))
        checksums[f"{part}_images.npy"] = _save(folder / f"{part}_images.npy", images, len(index))
        labels = (source.labels[some] for some in _windows(index))
        checksums[f"{part}_labels.npy"] = _save(folder / f"{part}_labels.npy", labels, len(index))
    (folder / _META).write_text(json.dumps({"classes": source.classes, "checksums": checksums}, indent=1))


def _windows(index: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    return (index[start : start + _AT_ONCE] for start in range(0, len(index), _AT_ONCE))


def _save(path: Path, parts: Iterator[Bytes], count: int) -> str:
    """Write uint8 parts one after another as one .npy file of `count` rows; its SHA-256."""
    digest = hashlib.sha256()
    with path.open("xb") as file:
        for place, part in enumerate(parts):
            if place == 0:
                digest.update(_header(file, (count, *part.shape[1:])))
            data = np.ascontiguousarray(part).tobytes()
            file.write(data)
            digest.update(data)
    return digest.hexdigest()


def _header(file: BinaryIO, shape: Sequence[int]) -> bytes:
    facts = {"descr": "|u1", "fortran_order": False, "shape": tuple(shape)}
    np.lib.format.write_array_header_1_0(file, facts)
    file.flush()
    return Path(file.name).read_bytes()
