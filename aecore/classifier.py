"""A small convolutional classifier of 28 x 28 images: its features are what the classifier FID compares.

One is shipped for each dataset, trained by the project, so that nothing has to be downloaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from aecore import store
from aecore.datasets import Dataset
from aecore.errors import AecoreError
from aecore.training import descend, generator_for

DATASETS = ("fashion_mnist", "mnist")
_NAMES = " and ".join(DATASETS)
EPOCHS, BATCH, LR = 8, 128, 3e-3
_AT_ONCE = 1000


class Classifier(nn.Module):
    """Two 3 x 3 convolutions with ReLU and 2 x 2 max pooling, 64 ReLU features, ten logits.

    Images are (B, 28, 28) uint8. Once trained, the features' variance over the training images is 1 on average.
    """

    num_features = 64  # torchmetrics asks for it

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 16, 3, padding=1)
        self.second = nn.Conv2d(16, 32, 3, padding=1)
        self.dense = nn.Linear(32 * 7 * 7, self.num_features)
        self.last = nn.Linear(self.num_features, classes)

    def forward(self, images: Tensor) -> Tensor:
        """The logits: (B, 28, 28) uint8 -> (B, classes)."""
        return self.last(self.features(images))  # type: ignore[no-any-return]

    def features(self, images: Tensor) -> Tensor:
        """The layer before the logits: (B, 28, 28) uint8 -> (B, 64)."""
        x = images.float().div(255).unsqueeze(1)
        for convolution in (self.first, self.second):
            x = F.max_pool2d(convolution(x).relu(), 2)
        return self.dense(x.flatten(1)).relu()  # type: ignore[no-any-return]


def file_name(dataset: str) -> str:
    """The name of the classifier's weights among what is shipped."""
    return f"classifier-{dataset}.safetensors"


@cache
def load_classifier(dataset: str) -> Classifier:
    """The shipped classifier of a dataset; `AecoreError` where there is none or it is damaged."""
    data, model = store.asset(file_name(dataset)), Classifier()
    if data is None:
        raise AecoreError(f"There is no classifier of '{dataset}'; `aecore classifier` trains those of {_NAMES}.")
    try:
        model.load_state_dict(load(data))
    except (SafetensorError, RuntimeError) as error:
        raise AecoreError(f"{file_name(dataset)} is damaged; `aecore classifier` makes it again.") from error
    return model.eval().requires_grad_(False)


def train_classifier(dataset: Dataset, epochs: int = EPOCHS, seed: int = 0) -> Iterator[Classifier]:
    """Train a classifier on the dataset's training images, and yield it after each epoch.

    Cross-entropy, Adam, cosine schedule; the last epoch is kept, whatever the test images say.
    """
    random = generator_for(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Classifier(len(dataset.classes))
    images, labels = torch.tensor(dataset.train_images), torch.tensor(dataset.train_labels).long()

    def losses() -> Iterator[Tensor]:
        for _ in range(epochs):
            order = torch.randperm(len(images), generator=random)
            for start in range(0, len(order), BATCH):
                batch = order[start : start + BATCH]
                yield F.cross_entropy(model(images[batch]), labels[batch])

    each = -(-len(images) // BATCH)
    for step, _ in enumerate(descend(losses(), list(model.parameters()), LR, epochs * each), 1):
        if step == epochs * each:
            _scale_features(model, images)
        if step % each == 0:
            yield model


def _scale_features(model: Classifier, images: Tensor) -> None:
    """Bring the features' average variance over `images` to 1, and leave the logits as they are (ReLU allows it)."""
    with torch.no_grad():
        features = torch.cat([model.features(batch) for batch in _batches(images)])
        deviation = features.var(0).mean().sqrt()
        model.dense.weight.div_(deviation)
        model.dense.bias.div_(deviation)
        model.last.weight.mul_(deviation)


def accuracy(model: Classifier, dataset: Dataset) -> float:
    """The share of the test images whose class the classifier names."""
    images, labels = torch.tensor(dataset.test_images), torch.tensor(dataset.test_labels)
    with torch.no_grad():
        named = torch.cat([model(batch).argmax(1) for batch in _batches(images)])
    return float((named == labels).float().mean())


def _batches(images: Tensor) -> Iterator[Tensor]:
    return (images[start : start + _AT_ONCE] for start in range(0, len(images), _AT_ONCE))


def ship(model: Classifier, dataset: str) -> Path:
    """Write the classifier where `load_classifier` finds it."""
    return store.ship_asset(file_name(dataset), save(model.state_dict()))
