"""Seconds an epoch of `fit`, beside a plain DataLoader loop on the same model, optimiser and images, in one run.

    python tests/bench/train.py [--epochs 5] [--threads 2]

Prints the median over the epochs after one warm-up epoch each, and their ratio.
"""

import argparse
import statistics
import time
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from aecore import datasets, make_config
from aecore.config import RunConfig
from aecore.models.base import build
from aecore.training import fit, generator_for


def ours(images: Tensor, config: RunConfig) -> Iterator[float]:
    """Seconds of each epoch of aecore's loop."""
    model = build(config, images.shape[1], generator_for(config.seed))
    for epoch in fit(model, images, config):
        yield epoch.seconds


def plain(images: Tensor, config: RunConfig) -> Iterator[float]:
    """Seconds of each epoch of the loop that tutorials show: float images, DataLoader, Adam, .item()."""
    model = nn.Sequential(
        nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 20),
        nn.Linear(20, 128), nn.ReLU(), nn.Linear(128, 256), nn.ReLU(), nn.Linear(256, 784),
    )  # fmt: skip
    loader = DataLoader(TensorDataset(images.float() / 255), batch_size=config.batch_size, shuffle=True)
    optimiser = torch.optim.Adam(model.parameters(), lr=config.lr)
    criterion = nn.BCEWithLogitsLoss()
    while True:
        began, total = time.perf_counter(), 0.0
        for (x,) in loader:
            optimiser.zero_grad()
            loss = criterion(model(x), x)
            loss.backward()
            optimiser.step()
            total += loss.item()
        yield time.perf_counter() - began


def main() -> None:
    """Alternate the two loops, epoch by epoch, so that both see the same machine."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    images = torch.tensor(datasets.load("fashion_mnist").train_images.reshape(60000, -1))
    config = make_config("ae", epochs=options.epochs + 1)
    pairs = list(zip(ours(images, config), plain(images, config), strict=False))[1:]
    a, b = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"AE, batch {config.batch_size}, {options.threads} threads, fp32, median of {len(pairs)} epochs")
    print(f"aecore fit        {a:.3f} s an epoch")
    print(f"plain DataLoader  {b:.3f} s an epoch")
    print(f"ratio             {b / a:.2f}")


if __name__ == "__main__":
    main()
