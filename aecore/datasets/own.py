"""The user's own images: read once, made grey squares of one size, split, and kept as plain .npy files."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from aecore.datasets import levels
from aecore.datasets.base import Bytes, Dataset, data_folder
from aecore.datasets.sources import SIZES, TEST, VALIDATION, Source, mapped, printable, source, windows, writable
from aecore.errors import AecoreError, system_error
from aecore.files import move_folder, remove_leftovers, temporary_folder

MAPPED = 256 * 2**20  # bytes: a file beyond stays on disk, and its rows are read as they are needed
TEST_MOST = 10_000  # test images; the pages show them all
PARTS = ("train_images", "train_labels", "test_images", "test_labels")
_META = "meta.json"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ADDED, _REMOVED = ".add-", ".remove-"  # begin the names of folders in the making and of those that go


@dataclass(frozen=True)
class Summary:
    """What was kept of images that were added. `str` of it is for a person, with nothing that moves a terminal."""

    folder: Path
    size: int  # pixels a side
    train: int
    test: int
    classes: Mapping[str, int]  # images of each, in the order of their labels
    split: str  # who made it
    notes: Sequence[str]  # the levels, what was laid under transparent parts, what was left out and why

    def __str__(self) -> str:
        counts = ", ".join(f"{name} ({count:,})" for name, count in self.classes.items())
        lines = [
            f"{self.train + self.test:,} images of {self.size} x {self.size} pixels, grey.",
            f"{self.train:,} to train on, {self.test:,} to test on: {self.split}.",
            f"{len(self.classes)} classes: {counts}." if len(self.classes) > 1 else f"1 class: {counts}.",
            *self.notes,
        ]
        return "\n".join(map(printable, lines))


def names() -> dict[str, str]:
    """Name and title of every dataset that was added, in order."""
    found = (path.parent.name for path in sorted(_home().glob(f"*/{_META}")))
    return {name: name.replace("_", " ").capitalize() for name in found if _NAME.fullmatch(name)}


def stamp(name: str) -> tuple[str, int, int] | None:
    """What is another as soon as the dataset `name` is: its folder, and when it was made; None where there is none."""
    folder = _home() / name
    try:
        facts = (folder / _META).stat() if _NAME.fullmatch(name) else None
    except OSError:
        return None
    return facts and (str(folder), facts.st_ino, facts.st_mtime_ns)


def add(
    name: str,
    path: Path,
    size: int | None = None,
    test_share: float = 0.1,
    span: tuple[float, float] | None = None,
) -> Summary:
    """Keep the images at `path` as the dataset `name`, whole or not at all, and return what was kept.

    `path` is a folder of PNG, JPEG or WebP files, flat or in one subfolder a class, which may lie in the folders
    `train`, `test` and `val` of a split; an `.npy` file with numbers (n, h, w) or (n, h, w, 3); or an `.npz` file with
    `images` so and, where there are classes, `labels` (n,). Images become grey squares of `size` pixels (None: that of
    a square array, otherwise `SIZE`), cut around the centre. `span` holds the values that are black and white in an
    array or in pictures of 16 bits (None: found by `levels.found`). A seeded shuffle puts `test_share` of them, at most
    `TEST_MOST`, aside for testing, unless the folders say which. Pictures that cannot be read are left out and counted.
    Raises `AecoreError` for a bad name, a source that cannot be used, or fewer than two images.
    """
    if not _NAME.fullmatch(name):
        raise AecoreError(f"'{name}' cannot name a dataset; use up to 40 of a-z, 0-9 and _, a letter first.")
    if not 0 < test_share < 1:
        raise AecoreError(f"The share of test images must lie between 0 and 1, not {test_share:g}.")
    if size is not None and size not in SIZES:
        raise AecoreError(f"Images can have {SIZES[0]} to {SIZES[-1]} pixels a side, not {size}; choose another size.")
    stated = span and levels.stated(*span)
    folder = _home() / name
    try:
        if folder.exists():
            raise AecoreError(f"{folder} is there already and is no whole dataset; move it away first.")
        remove_leftovers(_home(), (f"{_ADDED}*", f"{_REMOVED}*"))
        with temporary_folder(_home(), _ADDED) as scratch, temporary_folder(_home(), _ADDED) as part:
            found = source(path, size, stated, scratch)
            if found.total < 2:
                raise AecoreError(
                    f"{path} holds {found.total or 'no'} image; add at least two, one of them to test on."
                )
            summary = _write(part, found, test_share)
            part.rename(folder)
    except (OSError, MemoryError) as error:
        raise system_error(error) from error
    return Summary(folder, **summary)


def remove(name: str) -> None:
    """Delete the dataset `name` from this machine; its runs stay."""
    if name not in names():
        raise AecoreError(f"There are no own images '{name}'; `aecore data list` shows what there is.")
    try:
        remove_leftovers(_home(), (f"{_ADDED}*", f"{_REMOVED}*"))
        with temporary_folder(_home(), _REMOVED) as gone:
            move_folder(_home() / name, gone / name)  # in one step, so that nobody sees half a dataset
    except OSError as error:
        raise system_error(error) from error


def load(name: str) -> Dataset:
    """The dataset `name` that was added; `AecoreError` where it is damaged."""
    folder = _home() / name
    try:
        classes, checksums = _meta(json.loads((folder / _META).read_text("utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise AecoreError(f"{folder / _META} is damaged ({error}); remove and add the images again.") from error
    return Dataset(name, names()[name], "your own", classes, checksums, _reader(folder, classes, checksums))


def _meta(told: Any) -> tuple[tuple[str, ...], dict[str, str]]:
    """The class names and the checksums that a meta file tells; `ValueError` where it does not."""
    classes, checksums = (told.get(key) if isinstance(told, dict) else None for key in ("classes", "checksums"))
    if not isinstance(classes, list) or not classes or not all(isinstance(name, str) for name in classes):
        raise ValueError("it lists no classes")
    if not isinstance(checksums, dict) or checksums.keys() != {f"{part}.npy" for part in PARTS}:
        raise ValueError("it lists no checksums of the four files")
    if not all(isinstance(checksum, str) for checksum in checksums.values()):
        raise ValueError("its checksums are no text")
    return tuple(map(writable, classes)), checksums


def _home() -> Path:
    return data_folder() / "own"


# --- reading what was added ---


def _reader(folder: Path, classes: Sequence[str], checksums: Mapping[str, str]) -> Callable[[str], Bytes]:
    def read(part: str) -> Bytes:
        path = folder / f"{part}.npy"
        try:
            # checked when it was written: hashing a large file again takes as long as an epoch
            large = path.stat().st_size > MAPPED
            if not large and hashlib.sha256(path.read_bytes()).hexdigest() != checksums[path.name]:
                raise ValueError("its content is not what was added")
            array: Bytes = mapped(path) if large else np.load(path, allow_pickle=False)
            if array.dtype != np.uint8 or array.ndim != (1 if part.endswith("labels") else 3) or not len(array):
                raise ValueError(f"it holds {array.dtype} of shape {array.shape}")
            if part.endswith("labels") and array.max() >= len(classes):
                raise ValueError(f"it names class {array.max()} of {len(classes)}")
        except (OSError, ValueError, EOFError) as error:
            raise AecoreError(f"{path} is damaged ({error}); remove and add the images again.") from error
        array.flags.writeable = False
        return array

    return read


# --- writing ---


def _write(folder: Path, found: Source, test_share: float) -> dict[str, Any]:
    """Write the dataset's files; the fields of its `Summary` but the folder."""
    train, test, words = _split(found, test_share)
    checksums: dict[str, str] = {}
    for part, index in (("test", test), ("train", train)):
        images = (found.rows(some) for some in windows(index))
        checksums[f"{part}_images.npy"] = _save(folder / f"{part}_images.npy", images, len(index))
        labels = (found.labels[some] for some in windows(index))
        checksums[f"{part}_labels.npy"] = _save(folder / f"{part}_labels.npy", labels, len(index))
    (folder / _META).write_text(json.dumps({"classes": found.classes, "checksums": checksums}, indent=1))
    counts = np.bincount(found.labels[np.concatenate([train, test])], minlength=len(found.classes))
    return {
        "size": mapped(folder / "test_images.npy").shape[1],
        "train": len(train),
        "test": len(test),
        "classes": dict(zip(found.classes, counts.tolist(), strict=True)),
        "split": words,
        "notes": found.notes,
    }


def _split(found: Source, test_share: float) -> tuple[NDArray[np.intp], NDArray[np.intp], str]:
    """The images to train on, shuffled, those to test on, and who says so.

    Of a given split, the images to validate on are the last of those to train on, as a search wants them.
    """
    order = np.random.default_rng(0).permutation(found.total)
    if found.split is None:
        cut = min(max(1, round(test_share * found.total)), TEST_MOST, found.total - 1)
        return order[cut:], order[:cut], "shuffled"
    parts = found.split[order]
    test, train = order[parts == TEST], order[parts != TEST]
    train = train[np.argsort(found.split[train] == VALIDATION, kind="stable")]
    if not len(train) or not len(test):
        raise AecoreError("The folders of the split hold no picture to train or none to test on; add some.")
    left = f", {len(test) - TEST_MOST:,} more left out" if len(test) > TEST_MOST else ""
    last = f", the last {np.sum(parts == VALIDATION):,} from the folder to validate on" if VALIDATION in parts else ""
    return train, test[:TEST_MOST], f"as the folders say{last}{left}"


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
