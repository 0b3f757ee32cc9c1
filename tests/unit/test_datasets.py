"""The embedded Fashion-MNIST is the official one, and a bad file is named."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from aecore import AecoreError, datasets
from aecore.datasets import Dataset, fashion_mnist, mnist
from aecore.datasets.base import data_folder

OFFICIAL_MD5 = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}
TEST_IMAGES = "t10k-images-idx3-ubyte.gz"


def entropy_in_nats(images: np.ndarray) -> float:
    """The floor of the binary cross-entropy: sum over pixels, mean over images."""
    x = np.arange(1, 255) / 255  # 0 and 255 have none
    counts = np.bincount(images.ravel(), minlength=256)[1:255]
    return float(-counts @ (x * np.log(x) + (1 - x) * np.log1p(-x)) / len(images))


def check_shape_of_mnist(dataset: Dataset) -> None:
    assert dataset.train_images.shape == (60_000, 28, 28)
    assert dataset.test_images.shape == (10_000, 28, 28)
    assert dataset.train_labels.shape == (60_000,)
    assert dataset.test_labels.shape == (10_000,)
    assert {part.dtype for part in (dataset.train_images, dataset.test_labels)} == {np.dtype(np.uint8)}
    assert len(dataset.classes) == 10


@pytest.mark.parametrize("file", OFFICIAL_MD5)
def test_embedded_files_are_the_official_ones(file: str) -> None:
    assert hashlib.md5((fashion_mnist.FOLDER / file).read_bytes()).hexdigest() == OFFICIAL_MD5[file]


def test_fashion_mnist_holds_what_its_authors_published() -> None:
    dataset = datasets.load("fashion_mnist")
    check_shape_of_mnist(dataset)
    assert np.bincount(dataset.train_labels).tolist() == [6000] * 10
    assert np.bincount(dataset.test_labels).tolist() == [1000] * 10
    assert dataset.classes[9] == "Ankle boot" == dataset.classes[dataset.test_labels[0]]
    assert entropy_in_nats(dataset.test_images) == pytest.approx(189.86, abs=0.005)


def test_torchvision_accepts_the_embedded_files(torchvision: ModuleType, tmp_path: Path) -> None:
    shutil.copytree(fashion_mnist.FOLDER, tmp_path / "FashionMNIST" / "raw")
    theirs = torchvision.datasets.FashionMNIST(tmp_path, train=False, download=True)  # finds each file by its MD5
    ours = datasets.load("fashion_mnist")
    assert np.array_equal(theirs.data.numpy(), ours.test_images)
    assert np.array_equal(theirs.targets.numpy(), ours.test_labels)


def test_a_dataset_is_loaded_once_and_reads_only_what_is_asked_for() -> None:
    assert datasets.load("fashion_mnist") is datasets.load("fashion_mnist")
    fresh = fashion_mnist.load()
    assert fresh.test_images is fresh.test_images
    assert "train_images" not in vars(fresh)
    with pytest.raises(ValueError, match="read-only"):
        fresh.test_images[0, 0, 0] = 1


@pytest.fixture
def copied_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "files"
    shutil.copytree(fashion_mnist.FOLDER, folder)
    monkeypatch.setattr(fashion_mnist, "FOLDER", folder)
    return folder


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(Path.unlink, id="missing"),
        pytest.param(flip_a_bit, id="damaged"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:100_000]), id="truncated"),
        pytest.param(lambda path: path.write_bytes(b""), id="empty"),
        pytest.param(lambda path: path.write_text("a page that says 404"), id="not gzip"),
        pytest.param(lambda path: shutil.copy(path.with_name("t10k-labels-idx1-ubyte.gz"), path), id="another file"),
    ],
)
def test_a_bad_file_is_named_in_one_sentence(copied_files: Path, damage) -> None:
    damage(copied_files / TEST_IMAGES)
    dataset = fashion_mnist.load()
    with pytest.raises(AecoreError, match=rf"{TEST_IMAGES} is (missing|damaged).*; install latent-explorer again"):
        _ = dataset.test_images
    assert len(dataset.test_labels) == 10_000  # the sound files still serve


def test_an_unknown_dataset_gets_the_list() -> None:
    with pytest.raises(AecoreError, match="no dataset 'cifar'; choose one of fashion_mnist, mnist"):
        datasets.load("cifar")


def test_absent_mnist_says_where_to_put_which_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AECORE_DATA", str(tmp_path))
    with pytest.raises(AecoreError) as caught:
        mnist.load()
    assert TEST_IMAGES in str(caught.value)
    assert str(tmp_path / "MNIST" / "raw") in str(caught.value)


@pytest.mark.mnist
@pytest.mark.skipif(not (data_folder() / "MNIST").is_dir(), reason="AECORE_DATA holds no MNIST")
def test_mnist() -> None:
    dataset = mnist.load()
    check_shape_of_mnist(dataset)
    assert entropy_in_nats(dataset.test_images) == pytest.approx(45.53, abs=0.005)
