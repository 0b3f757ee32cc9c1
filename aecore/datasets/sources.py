"""Images that people bring, before they are kept: the arrays of a numpy file, or the pictures of a folder."""

from __future__ import annotations

import mmap
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from aecore.datasets import levels, pictures
from aecore.datasets.base import Bytes
from aecore.datasets.levels import BYTES, Levels
from aecore.datasets.pictures import Facts, UnreadableError
from aecore.errors import AecoreError

SIZE = 28  # of what is no square array already
SIZES = range(8, 129)
MOST_CLASSES = 256  # a label is a byte
TRAIN, VALIDATION, TEST = 0, 1, 2  # parts of a split that is given
SPLIT = {  # folders that say which part their pictures belong to, as TensorFlow's and PyTorch's examples lay them
    "train": TRAIN, "training": TRAIN, "val": VALIDATION, "valid": VALIDATION, "validation": VALIDATION,
    "test": TEST, "testing": TEST,
}  # fmt: skip
_JUNK = {"__MACOSX", "__pycache__", "@eaDir"}  # folders of systems and programs, beside the hidden ones
_PAGES = 128  # rows read from a mapped file before its pages go back
_WINDOW = 4096  # images looked at together
_NAMED = 5  # files of a kind that a summary names
_CODED = 64  # images made grey together: of floats, eight times the bytes


class Source(NamedTuple):
    """Images to be kept: how many, rows by index as (n, size, size) uint8, labels, class names.

    `split` gives each image's part where the source has a split of its own. `notes` are sentences for the person: the
    levels, what was laid under transparent parts, what was left out and why.
    """

    total: int
    rows: Callable[[NDArray[np.intp]], Bytes]
    labels: Bytes
    classes: tuple[str, ...]
    split: NDArray[np.uint8] | None = None
    notes: tuple[str, ...] = ()


def source(path: Path, size: int | None, stated: Levels | None, scratch: Path) -> Source:
    """The images at `path`, a folder or a numpy file; raises `AecoreError` where they cannot be used.

    `stated` levels take the place of those that are found. Pictures are decoded once, into a file in `scratch`.
    """
    if path.is_dir():
        return _of_folder(path, size or SIZE, stated, scratch)
    if not path.exists():
        raise AecoreError(f"There is no {path}; name a folder of images, an .npy or an .npz file.")
    if path.suffix.lower() not in (".npy", ".npz") or not path.is_file():
        raise AecoreError(f"{path} is no folder, .npy or .npz file; name one of these.")
    return _of_arrays(path, *_arrays(path), size, stated)


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """The different names in order: that of numbers where all are whole numbers, otherwise that of their letters."""
    found = set(names)
    whole = all(re.fullmatch(r"[+-]?\d{1,18}", name) for name in found)
    return tuple(sorted(found, key=lambda name: (int(name) if whole else 0, name)))


# --- arrays ---


def mapped(path: Path) -> Bytes:
    """An .npy file as an array that stays on disk; `rows_of` reads from it without filling the memory."""
    array: Bytes = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


def rows_of(array: NDArray[Any], index: NDArray[np.intp]) -> NDArray[Any]:
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


def windows(index: NDArray[np.intp], length: int = _WINDOW) -> Iterator[NDArray[np.intp]]:
    """The index in parts of that length."""
    return (index[start : start + length] for start in range(0, len(index), length))


def _arrays(path: Path) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """The images and the labels of a file of numpy's, whichever of its two kinds that is."""
    try:
        with path.open("rb") as file:
            start = file.read(6)
            if start.startswith(b"\x93NUMPY"):
                return np.load(path, mmap_mode="r", allow_pickle=False), None
            if not start.startswith(b"PK"):
                raise AecoreError(f"{path} cannot be read: it {'holds' if start else 'is empty and holds'} no array.")
            file.seek(0)
            with np.load(file, allow_pickle=False) as loaded:
                if "images" not in loaded:
                    raise AecoreError(
                        f"{path} cannot be read: it holds no array 'images' but {', '.join(loaded) or 'none'}; "
                        "name the arrays as in `numpy.savez(path, images=images, labels=labels)`."
                    )
                return loaded["images"], loaded.get("labels")
    except (AecoreError, MemoryError):
        raise
    except Exception as error:  # numpy and zipfile raise their own of what is damaged, down to tokenize's
        raise AecoreError(f"{path} cannot be read ({_words(error)}).") from error


def _words(error: Exception) -> str:
    if isinstance(error, ValueError) and "allow_pickle" in str(error):
        return (
            "it holds Python objects, which may run code when they are read; save numbers, and names as text: "
            "those of a pandas column by `column.to_numpy(str)`"
        )
    if isinstance(error, zipfile.BadZipFile):
        return "it is cut off or damaged; save it again with numpy"
    return f"{error or type(error).__name__}; save it again with numpy"


def _of_arrays(
    path: Path, images: NDArray[Any], labels: NDArray[Any] | None, size: int | None, stated: Levels | None
) -> Source:
    images = _three_axes(path, images)
    height, width = images.shape[1:3]
    wanted = size or (height if height == width and height in SIZES else SIZE)
    codes, classes = (np.zeros(len(images), np.uint8), ("images",)) if labels is None else _labels(path, labels)
    if len(codes) != len(images):
        raise AecoreError(
            f"{path} holds {len(codes):,} labels; there must be one for each of its {len(images):,} images."
        )
    scale = stated or (_levels(path, images) if len(images) else BYTES)

    def rows(index: NDArray[np.intp]) -> Bytes:
        made = np.empty((len(index), wanted, wanted), np.uint8)
        for at, part in enumerate(windows(index, _CODED)):
            made[at * _CODED : (at + 1) * _CODED] = _squares(scale.grey(rows_of(images, part)), wanted)
        return made

    colour = ("Colours became grey (luma).",) if images.ndim == 4 else ()
    return Source(len(images), rows, codes, classes, None, (f"Levels: {scale}.", *colour))


def _three_axes(path: Path, images: NDArray[Any]) -> NDArray[Any]:
    """(n, h, w), or (n, h, w, 3) of colours; an axis of one channel is dropped."""
    shape = images.shape
    if images.ndim == 4 and 1 in (shape[1], shape[3]):
        images = images[..., 0] if shape[3] == 1 else images[:, 0]
    grey, colour = images.ndim == 3, images.ndim == 4 and images.shape[3] == 3
    if images.dtype.kind not in "buif" or not (grey or colour) or 0 in images.shape[1:]:
        raise AecoreError(
            f"{path} holds {images.dtype} of shape {shape}; images must be numbers of shape (n, h, w) or (n, h, w, 3)."
        )
    return images


def _levels(path: Path, images: NDArray[Any]) -> Levels:
    def parts() -> Iterator[NDArray[Any]]:
        return (rows_of(images, some) for some in windows(np.arange(len(images))))

    if images.dtype == np.uint8 and any(part.max() > levels.FEW for part in parts()):
        return BYTES
    low, high = levels.extremes(parts())
    if not np.isfinite([low, high]).all():
        raise AecoreError(f"{path} holds pixels that are no finite numbers; replace NaN and infinities first.")
    return levels.found(images.dtype, low, high)


def _squares(grey: Bytes, size: int) -> Bytes:
    if grey.shape[1:] == (size, size):
        return grey
    return np.stack([np.asarray(ImageOps.fit(Image.fromarray(image).convert("L"), (size, size))) for image in grey])


def _labels(path: Path, labels: NDArray[Any]) -> tuple[Bytes, tuple[str, ...]]:
    """Labels that index class names, and these; of text, byte strings, or whole numbers, (n,) or (n, 1)."""
    flat = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if flat.ndim != 1 or flat.dtype.kind not in "SUbiuf":
        raise AecoreError(
            f"{path} holds labels that are {labels.dtype} of shape {labels.shape}; there must be a number or a name "
            "for each of its images: (n,)."
        )
    values, codes = np.unique(flat, return_inverse=True)
    if len(values) > MOST_CLASSES:
        raise AecoreError(f"{path} names {len(values):,} classes; there can be {MOST_CLASSES}.")
    names = [_class_name(path, value) for value in values.tolist()]
    classes = in_order(names)
    return np.array([classes.index(name) for name in names], np.uint8)[codes], classes


def _class_name(path: Path, value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, float):
        if not value.is_integer():
            raise AecoreError(f"{path} has the label {value:g}; labels must be names or whole numbers.")
        return str(int(value))
    return writable(str(value))


def printable(text: str) -> str:
    """Text that moves no terminal and breaks no line: what cannot be printed is spelt out."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def writable(name: str) -> str:
    """A name that can be written as UTF-8: what a file system holds beyond that is spelt out."""
    return name.encode("utf-8", "backslashreplace").decode()


# --- folders ---


class _Files(NamedTuple):
    paths: list[Path]
    classes: list[str]
    parts: list[int] | None  # of a given split
    notes: list[str]


def _of_folder(folder: Path, size: int, stated: Levels | None, scratch: Path) -> Source:
    """Picture files: the subfolders that hold some are the classes, below `train` and `test` where these are on top."""
    files = _files(folder)
    if not files.paths:
        raise AecoreError(f"{folder} holds no PNG, JPEG or WebP files; name a folder that does.")
    if len(set(files.classes)) > MOST_CLASSES:
        raise AecoreError(
            f"{folder} has {len(set(files.classes)):,} subfolders with images; there can be {MOST_CLASSES}."
        )
    read: dict[int, Facts] = {}  # by the file's number
    unreadable: list[str] = []
    with (scratch / "squares").open("wb") as decoded:  # no map that is written to: a full disk would end the process
        for at, path in enumerate(files.paths):
            try:
                square, read[at] = pictures.read(path, size)
                decoded.write(square.tobytes())
            except UnreadableError as error:
                unreadable.append(printable(f"{path.relative_to(folder)}: {error}"))
    if not read:
        raise AecoreError(f"None of the {len(files.paths):,} pictures in {folder} can be read ({_some(unreadable)}).")
    kept = np.array(list(read))
    squares = np.memmap(scratch / "squares", np.uint16, "r", shape=(len(kept), size, size))
    scale, notes = _levels_of(list(read.values()), stated)
    deep = np.array([facts.deep is not None for facts in read.values()])

    def rows(index: NDArray[np.intp]) -> Bytes:
        values = rows_of(squares, index)
        grey = values.astype(np.uint8)
        grey[deep[index]] = scale.grey(values[deep[index]])
        return grey

    if unreadable:
        notes.append(f"{len(unreadable):,} unreadable, left out: {_some(unreadable)}.")
    classes = in_order(files.classes[at] for at in kept)
    labels = np.array([classes.index(files.classes[at]) for at in kept], np.uint8)
    split = None if files.parts is None else np.array(files.parts, np.uint8)[kept]
    return Source(len(kept), rows, labels, classes, split, (*notes, *files.notes))


def _files(folder: Path) -> _Files:
    """The pictures below a folder in the order of their paths, the class and the part of each; the rest is counted."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    hidden, shown = _parted(found, lambda path: _hidden(path.relative_to(folder).parts))
    paths, others = _parted(shown, lambda path: path.suffix.lower() in pictures.SUFFIXES)
    split = _given({path.relative_to(folder).parts[0] for path in paths if path.parent != folder})
    loose, paths = _parted(paths, lambda path: bool(split) and path.parent == folder)
    within = [path.relative_to(folder).parts[bool(split) :] for path in paths]
    classes = [writable(parts[0]) if len(parts) > 1 else "images" for parts in within]
    kinds = Counter(path.suffix.lower() or "no ending" for path in others)
    left_out = {
        "in hidden or system folders": [printable(str(path.relative_to(folder))) for path in hidden],
        "beside the folders of the split": [printable(path.name) for path in loose],
        "files of other kinds": [f"{printable(kind)} ({count:,})" for kind, count in kinds.most_common()],
    }
    counts = (len(hidden), len(loose), len(others))
    notes = [
        f"{count:,} {what}, left out: {_some(words)}."
        for count, (what, words) in zip(counts, left_out.items(), strict=True)
        if count
    ]
    parts = [split[path.relative_to(folder).parts[0]] for path in paths] if split else None
    return _Files(paths, classes, parts, notes)


def _parted(paths: Iterable[Path], wanted: Callable[[Path], bool]) -> tuple[list[Path], list[Path]]:
    """Those that are wanted, and the others."""
    parted: tuple[list[Path], list[Path]] = [], []
    for path in paths:
        parted[not wanted(path)].append(path)
    return parted


def _hidden(parts: Sequence[str]) -> bool:
    return any(part.startswith(".") or part in _JUNK for part in parts)


def _given(tops: set[str]) -> dict[str, int]:
    """The part that each top folder stands for, where all of them are parts of a split; otherwise none.

    Without a `test` the validation images are those to test on.
    """
    parts = {top: SPLIT[top.lower()] for top in tops if top.lower() in SPLIT}
    if parts.keys() != tops or TRAIN not in parts.values() or len(set(parts.values())) < 2:
        return {}
    return parts if TEST in parts.values() else {top: part and TEST for top, part in parts.items()}


def _levels_of(read: Sequence[Facts], stated: Levels | None) -> tuple[Levels, list[str]]:
    """The levels of the 16-bit pictures, and what a person is told of all of them."""
    deep = [facts.deep for facts in read if facts.deep is not None]
    scale = BYTES
    if deep:
        ends = np.array(deep)
        scale = stated or levels.found(np.dtype(np.uint16), float(ends[:, 0].min()), float(ends[:, 1].max()))
    elif stated:
        raise AecoreError("A range is for arrays and for pictures of 16 bits, and these have 8; leave it out.")
    notes = [f"Levels: {scale}."] if len(deep) in (0, len(read)) else [f"Levels of {len(deep):,} of 16 bits: {scale}."]
    grounds = Counter(facts.ground for facts in read if facts.ground is not None)
    for ground, words in ((pictures.WHITE, "dark, laid on white"), (pictures.BLACK, "bright, laid on black")):
        if grounds[ground]:
            notes.append(f"{grounds[ground]:,} with transparent parts, {words}.")
    if inverted := sum(facts.inverted for facts in read):
        notes.append(f"{inverted:,} in printing inks are nearly black: where that is wrong, save them in RGB.")
    return scale, notes


def _some(words: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    more = [f"{len(words) - _NAMED:,} more"] if len(words) > _NAMED else []
    return ", ".join([*words[:_NAMED], *more])
