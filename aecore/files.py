"""Files that appear whole or not at all, and what is left of processes that were killed while they wrote."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PART = ".part"  # ends the name of a file that is being written
YOUNG = 60.0  # seconds in which an owner may still be about to take its lock


def write_whole(path: Path, data: bytes, parents: bool = True) -> None:
    """Write a file so that readers see the old one or the new one, never a part.

    Its folder is made where it is absent; without `parents` the folder above that has to be there. Raises `OSError`,
    and then the old file stands as it was. What is no file, such as /dev/stdout or a pipe, is written to as it is.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        path.write_bytes(data)
        return
    path.parent.mkdir(parents=parents, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}{PART}")
    try:
        with part.open("wb") as file:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            part.replace(path)
    except OSError as error:
        error.filename, error.filename2 = str(path), None  # not the part, which nobody knows
        raise
    finally:
        part.unlink(missing_ok=True)


def write_array(path: Path, array: NDArray[Any], parents: bool = True) -> None:
    """Write one numpy array (.npy), whole."""
    write_whole(path, array_bytes(array), parents)


def array_bytes(array: NDArray[Any]) -> bytes:
    """One numpy array as an .npy file."""
    buffer = BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


@contextmanager
def temporary_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """An empty folder in `parent`, which is made where it is absent; gone after the block, unless it was moved.

    This process holds a lock on it, so that `remove_leftovers` knows what is left of a process that was killed.
    """
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def remove_leftovers(parent: Path, patterns: Iterable[str]) -> None:
    """Remove files and folders in `parent` whose names fit a pattern and whose owner has ended: nobody has their lock.

    What cannot be removed stays.
    """
    for pattern in patterns:
        for path in parent.glob(pattern):
            with suppress(OSError):
                if time.time() - path.lstat().st_mtime > YOUNG and not _owned(path):
                    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _owned(path: Path) -> bool:
    """Whether a process has the lock of a file or folder."""
    if path.is_symlink():
        return False
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
