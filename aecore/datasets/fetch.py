"""Download the datasets that are not shipped, with the downloaders of torchvision and scikit-learn."""

from __future__ import annotations

import contextlib
import socket
import sys
import textwrap
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from aecore.datasets import mnist, olivetti
from aecore.datasets.base import data_folder
from aecore.errors import AecoreError
from aecore.files import remove_leftovers, temporary_folder

PATIENCE = 30.0  # seconds without a byte until a connection counts as dead
_MAT_BYTES = 4_200_000  # about what scikit-learn downloads of the faces


class Source(NamedTuple):
    """A dataset that can be fetched: its files under the data folder, and who downloads them.

    `download` fills an empty data folder; `verify` raises `AecoreError` unless the files in one are official.
    """

    title: str
    files: tuple[str, ...]
    download: Callable[[Path], None]
    verify: Callable[[Path], None]
    advice: str  # how else to come by the files


def fetch(name: str) -> Path:
    """Put a dataset where `datasets.load` looks for it, and return the folder; a sound copy is left alone.

    The files appear there only when all have arrived and match their checksums. Progress goes to stderr.
    Raises `AecoreError` for an unknown name, without a network, or where the folder cannot be written.
    """
    if name not in SOURCES:
        raise AecoreError(f"There is nothing to fetch for '{name}'; choose one of {', '.join(SOURCES)}.")
    source, home = SOURCES[name], data_folder()
    folder = (home / source.files[0]).parent
    if not is_here(name):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            remove_leftovers(home, (".fetch-*",))
            with temporary_folder(home, ".fetch-") as part:
                _download(source, part, folder)
                for file in source.files:
                    (part / file).replace(home / file)
        except OSError as error:
            raise AecoreError(f"{folder} cannot be written ({error}); let AECORE_DATA name another folder.") from error
    return folder


def is_here(name: str) -> bool:
    """Whether every file of the dataset is on this machine and is the official one."""
    try:
        SOURCES[name].verify(data_folder())
    except AecoreError:
        return False
    return True


def _download(source: Source, part: Path, folder: Path) -> None:
    """Fill the folder `part`, or say how to fill `folder` by hand."""
    names = ", ".join(Path(file).name for file in source.files)
    remedy = f"try again with a network, or put {names} into {folder} ({source.advice})"
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        source.download(part)
    except Exception as error:  # each downloader raises its own, down to http.client's
        reason = textwrap.shorten(str(error) or type(error).__name__, 250, placeholder=" ...")
        raise AecoreError(f"{source.title} could not be downloaded ({reason}); {remedy}.") from error
    finally:
        socket.setdefaulttimeout(before)
    try:
        source.verify(part)
    except AecoreError as error:
        raise AecoreError(f"What arrived of {source.title} is not the official data; {remedy}.") from error


def _download_mnist(part: Path) -> None:
    from aecore.vision import torchvision

    torchvision().datasets.MNIST(part, download=True)  # shows a bar for each file


def _download_olivetti(part: Path) -> None:
    from sklearn.datasets import fetch_olivetti_faces

    with _growth(part, _MAT_BYTES), contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of each new attempt
        fetch_olivetti_faces(data_home=part)


@contextlib.contextmanager
def _growth(folder: Path, expected: int) -> Iterator[None]:
    """Show how many bytes have arrived in `folder`, for a downloader that does not say."""
    from tqdm import tqdm

    over = threading.Event()

    def watch() -> None:
        with tqdm(total=expected, unit="B", unit_scale=True, desc=olivetti.FILE, disable=None) as bar:
            while not over.wait(0.2):
                arrived = sum(file.stat().st_size for file in folder.glob("*.part_*"))
                bar.update(max(0, arrived - bar.n))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


SOURCES: Mapping[str, Source] = {
    "mnist": Source(
        "MNIST",
        tuple(f"MNIST/raw/{file}.gz" for file in mnist.CHECKSUMS),
        _download_mnist,
        mnist.verify,
        "torchvision's MNIST downloads the same files",
    ),
    "olivetti": Source(
        "The Olivetti faces",
        (olivetti.FILE,),
        _download_olivetti,
        olivetti.verify,
        "scikit-learn's fetch_olivetti_faces makes it in its data_home",
    ),
}
