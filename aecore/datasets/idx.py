"""The idx format of the MNIST family: four gzipped files, each one array of bytes behind a small header."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from aecore.datasets.base import Bytes
from aecore.errors import AecoreError

FILES: Mapping[str, str] = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}


def reader(folder: Path, checksums: Mapping[str, str], remedy: str) -> Callable[[str], Bytes]:
    """A `Dataset.read` for the four `FILES` (with `.gz`) in `folder`.

    `remedy` ends the sentence of every `AecoreError` about a file: what to do.
    """

    def read(part: str) -> Bytes:
        file = FILES[part]
        return parse(unpack(folder / f"{file}.gz", checksums[file], remedy))

    return read


def unpack(path: Path, sha256: str, remedy: str) -> bytes:
    """The content of the gzip file at `path`; `AecoreError` unless its SHA-256 is `sha256`."""
    try:
        content = gzip.decompress(path.read_bytes())
    except FileNotFoundError as error:
        raise AecoreError(f"The data file {path} is missing; {remedy}.") from error
    except (OSError, EOFError, zlib.error) as error:  # gzip's own error is an OSError
        raise AecoreError(f"The data file {path} is damaged or cannot be read ({error}); {remedy}.") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise AecoreError(f"The data file {path} is damaged: its content is not the official one; {remedy}.")
    return content


def parse(content: bytes) -> Bytes:
    """The array in idx bytes: 0, 0, type (8: uint8), number of axes; big-endian sizes; the values."""
    axes = content[3]
    shape = np.frombuffer(content, ">u4", count=axes, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)
