"""Files that appear whole or not at all, and what is left of processes that were killed while they wrote."""

from __future__ import annotations

import errno
import fcntl
import json
import math
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

PART = ".part"  # ends the name of a file that is being written
GONE = ".gone"  # ends the name of a folder that is being removed
YOUNG = 60.0  # seconds in which an owner may still be about to take its lock


def write_whole(path: Path, data: bytes, make_folder: bool = True) -> None:
    """Write a file so that readers see the old one or the new one, never a part.

    Its folder is made where it is absent and `make_folder` says so: a folder that is deleted meanwhile must not come
    back. Raises `OSError`, and then the old file stands as it was. What is no file, such as /dev/stdout or a pipe, is
    written to as it is.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        path.write_bytes(data)
        return
    if make_folder:
        path.parent.mkdir(parents=True, exist_ok=True)
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


def write_array(path: Path, array: NDArray[Any]) -> None:
    """Write one numpy array (.npy), whole."""
    write_whole(path, array_bytes(array))


def array_bytes(array: NDArray[Any]) -> bytes:
    """One numpy array as an .npy file."""
    buffer = BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def parse_array(data: bytes) -> NDArray[Any]:
    """Read the array of an .npy file; whatever else the bytes are raises `ValueError`."""
    try:
        array: NDArray[Any] = np.lib.format.read_array(BytesIO(data), allow_pickle=False)
    except (ValueError, OSError, EOFError, MemoryError, TypeError, SyntaxError, OverflowError) as error:
        raise ValueError(f"it holds no array ({type(error).__name__})") from error
    return array


def remove_folder(path: Path) -> None:
    """Remove a folder in one step for whoever looks; what is left of it after a kill is hidden, ends in `GONE`.

    Raises `OSError` where it cannot be removed.
    """
    gone = path.with_name(f".{path.name}.{os.getpid()}{GONE}")
    try:
        path.rename(gone)
    except OSError as error:
        if error.errno != errno.EXDEV:  # a folder of a container's image cannot be renamed
            raise
        shutil.rmtree(path)
    shutil.rmtree(gone, ignore_errors=True)


def move_folder(path: Path, place: Path) -> None:
    """Move a folder so that whoever looks at `place` sees nothing or all of it, to another file system too.

    Raises `OSError`, and then the folder is where it was.
    """
    try:
        path.rename(place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with temporary_folder(place.parent, f".{place.name}.", PART) as part:
            shutil.copytree(path, part / "whole", symlinks=True)
            (part / "whole").rename(place)
        remove_folder(path)


def tensor_bytes(tensors: Mapping[str, NDArray[Any]], metadata: dict[str, str] | None = None) -> bytes:
    """Named arrays as a safetensors file.

    Row by row: safetensors 0.8.0 writes the memory behind a transposed or strided view as it lies, and says nothing.
    """
    return save({name: np.asarray(array, order="C") for name, array in tensors.items()}, metadata)


def json_text(value: Any, indent: int | None = None) -> str:
    """A value as JSON that every reader takes: numbers that are not finite, which JSON has no word for, are null."""
    return json.dumps(_finite(value), indent=indent, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def changed(path: Path) -> float:
    """When a file was written, in seconds since 1970; 0 where it is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


@contextmanager
def temporary_folder(parent: Path, prefix: str, suffix: str = "") -> Iterator[Path]:
    """An empty folder in `parent`, which is made where it is absent; gone after the block, unless it was moved.

    This process holds a lock on it, so that `remove_leftovers` knows what is left of a process that was killed.
    """
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(suffix, prefix, parent))
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
