"""MNIST, from the folder where torchvision puts it: `MNIST/raw` under `data_folder()`."""

from __future__ import annotations

from pathlib import Path

from aecore.datasets import idx
from aecore.datasets.base import Dataset, data_folder
from aecore.errors import AecoreError

TITLE = "MNIST"
FOLDER = Path("MNIST", "raw")
CHECKSUMS = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
_REMEDY = "run `aecore fetch mnist` to replace it"


def load() -> Dataset:
    """60,000 training and 10,000 test images of the digits, 28 x 28; `AecoreError` where a file is absent."""
    folder = data_folder() / FOLDER
    absent = [f"{file}.gz" for file in CHECKSUMS if not (folder / f"{file}.gz").is_file()]
    if absent:
        raise AecoreError(
            f"MNIST is not on this machine: run `aecore fetch mnist`, or put {', '.join(absent)} into {folder}."
        )
    return Dataset(
        name="mnist",
        title=TITLE,
        licence="CC BY-SA 3.0, Yann LeCun and Corinna Cortes",
        classes=tuple("0123456789"),
        checksums=CHECKSUMS,
        read=idx.reader(folder, CHECKSUMS, _REMEDY),
    )


def verify(home: Path) -> None:
    """`AecoreError` unless the four official files lie where `load` looks, were `home` the data folder."""
    read = idx.reader(home / FOLDER, CHECKSUMS, _REMEDY)
    for part in idx.FILES:
        read(part)
