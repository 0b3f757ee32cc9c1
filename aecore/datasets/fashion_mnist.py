"""Fashion-MNIST, shipped with the package: the four official files, verified at each reading."""

from __future__ import annotations

from pathlib import Path

from aecore.datasets import idx
from aecore.datasets.base import Dataset

TITLE = "Fashion-MNIST"
FOLDER = Path(__file__).parent / "files" / "fashion_mnist"
CHECKSUMS = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}


def load() -> Dataset:
    """60,000 training and 10,000 test images, 28 x 28, in ten classes."""
    return Dataset(
        name="fashion_mnist",
        title=TITLE,
        licence="MIT, (c) 2017 Zalando SE",
        classes=(
            "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
        ),
        checksums=CHECKSUMS,
        read=idx.reader(FOLDER, CHECKSUMS, "install latent-explorer again to restore it"),
    )  # fmt: skip
