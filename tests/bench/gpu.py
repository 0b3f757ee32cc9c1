"""Seconds for the chapter's AE on a GPU, and whether recorded steps give the weights of steps that run.

    python tests/bench/gpu.py [--epochs 100] [--device cuda]

Trains on Fashion-MNIST from the first step on, imports and data apart: once with the step recorded as a CUDA graph,
once without; other devices have no record, and train once. Printed are the seconds of all epochs, those of the median
epoch, and the largest difference between the two runs' weights.
"""

import argparse
import os
import statistics
import time

import torch

from aecore import datasets, make_config, replay
from aecore.errors import AecoreError
from aecore.models.base import build
from aecore.training import device_of, fit, generator_for


def train(epochs: int) -> tuple[dict[str, torch.Tensor], float, float, float]:
    """Weights, seconds in all and of the median epoch, and the last training loss."""
    images = torch.tensor(datasets.load("fashion_mnist").train_images)
    config = make_config("ae", epochs=epochs, precision="auto")
    model = build(config, 784, generator_for(config.seed))
    began = time.perf_counter()
    history = list(fit(model, images, config))
    total = time.perf_counter() - began
    return model.state_dict(), total, statistics.median(e.seconds for e in history), history[-1].train["loss"]


def main() -> None:
    """Train twice and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--device", default="cuda")
    options = parser.parse_args()
    os.environ["AECORE_DEVICE"] = options.device
    try:
        device = device_of()
    except AecoreError as error:
        raise SystemExit(str(error)) from None
    name = torch.cuda.get_device_name() if device.type == "cuda" else device.type
    kept = []
    for way in ("recorded", "run") if device.type in replay.RECORDS else ("run",):
        if way == "run":
            replay.RECORDS.clear()
        weights, total, epoch, loss = train(options.epochs)
        kept.append(weights)
        print(
            f"{name}, steps {way}: {options.epochs} epochs in {total:.2f} s, {epoch * 1e3:.1f} ms each; {loss:.2f} nats"
        )
    if len(kept) == 2:
        apart = max(float((a - b).abs().max()) for a, b in zip(*(w.values() for w in kept), strict=True))
        print(f"largest difference between their weights: {apart:.3g}")


if __name__ == "__main__":
    main()
