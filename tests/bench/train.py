"""Seconds an epoch of `fit` on Fashion-MNIST, beside its own matrix products and beside a plain DataLoader loop.

    python tests/bench/train.py [--epochs 5] [--threads 2] [--optimiser adamw]

Everything is timed in one process, epoch by epoch in turn, so that all see the same machine; printed are medians over
the epochs after one warm-up epoch each. The floor is the products of the model's forward and backward passes alone, at
the precision used.
"""
# ruff: noqa: I001 - the first import comes before torch

import argparse
import statistics
import time
from collections.abc import Iterator
from itertools import pairwise

import aecore.waiting  # noqa: F401 - as the command line does, before torch loads
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from aecore import datasets, make_config
from aecore.config import RunConfig
from aecore.models.base import build
from aecore.training import fit, generator_for, precision_of

WIDTHS = (784, 256, 128, 20, 128, 256, 784)


def ours(images: Tensor, config: RunConfig) -> Iterator[float]:
    """Seconds of each epoch of aecore's loop."""
    model = build(config, images.shape[1], generator_for(config.seed))
    for epoch in fit(model, images, config):
        yield epoch.seconds


def plain(images: Tensor, config: RunConfig) -> Iterator[float]:
    """Seconds of each epoch of the loop that tutorials show: float images, DataLoader, fp32, .item()."""
    model = nn.Sequential(
        nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 20),
        nn.Linear(20, 128), nn.ReLU(), nn.Linear(128, 256), nn.ReLU(), nn.Linear(256, 784),
    )  # fmt: skip
    loader = DataLoader(TensorDataset(images.float() / 255), batch_size=config.batch_size, shuffle=True)
    optimiser = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[config.optimiser](model.parameters(), config.lr)
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


def products(images: int, config: RunConfig, dtype: torch.dtype) -> Iterator[float]:
    """Seconds of an epoch's matrix products, nothing else."""
    weights = [torch.randn(after, before).to(dtype) for before, after in pairwise(WIDTHS)]
    inputs = [torch.randn(config.batch_size, width).to(dtype) for width in WIDTHS]
    while True:
        began = time.perf_counter()
        for _ in range(round(images / config.batch_size)):
            for x, w in zip(inputs[:-1], weights, strict=True):
                x @ w.mT
            for i, w in reversed(list(enumerate(weights))):
                inputs[i + 1].mT @ inputs[i]
                if i:  # the pixels need no gradient
                    inputs[i + 1] @ w
        yield time.perf_counter() - began


def main() -> None:
    """Alternate the loops, epoch by epoch."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--optimiser", choices=("adam", "adamw"), default="adamw")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    images = torch.tensor(datasets.load("fashion_mnist").train_images.reshape(60000, -1))

    def config(**changes: object) -> RunConfig:
        return make_config("ae", **{"epochs": options.epochs + 1, "optimiser": options.optimiser, **changes})

    auto = config(precision="auto")
    precision = precision_of(auto, images.device)
    dtype = getattr(torch, precision)
    loops: dict[str, Iterator[float]] = {
        "aecore": ours(images, auto),
        "aecore, quick-muon": ours(images, config(precision="auto", optimiser="quick-muon")),
        "aecore, torch's muon": ours(images, config(precision="auto", optimiser="muon")),
        "aecore, float32": ours(images, config()),
        "plain DataLoader loop, float32": plain(images, auto),
        "matrix products alone": products(len(images), auto, dtype),
    }
    rows = [{name: next(loop) for name, loop in loops.items()} for _ in range(options.epochs + 1)][1:]
    seconds = {name: statistics.median(row[name] for row in rows) for name in loops}
    print(f"AE, batch {auto.batch_size}, {options.threads} threads, {options.optimiser}, {precision}", end="; ")
    print(f"seconds an epoch, median of {len(rows)}:")
    for name, value in seconds.items():
        print(f"{value:6.3f}  {name}")
    print(f"{seconds['aecore'] / seconds['matrix products alone']:6.2f}  times the floor (at most 1.5)")
    print(f"{seconds['plain DataLoader loop, float32'] / seconds['aecore']:6.2f}  times the plain loop's speed (2.8)")
    print(f"{seconds['aecore, quick-muon'] / seconds['aecore'] - 1:6.0%}  for quick-muon (at most 30 %)")


if __name__ == "__main__":
    main()
