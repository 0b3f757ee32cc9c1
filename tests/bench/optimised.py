"""Milliseconds for the optimised codes of one test image, with each shipped run's decoder.

    python tests/bench/optimised.py

The median of 20 images, one at a time, from the encoder's code; a single sigmoid layer is to take under 20 ms.
"""

import statistics
import time

from aecore import AecoreError, datasets, store


def main() -> None:
    """Time every run whose data are on this machine."""
    for run in store.runs():
        try:
            dataset = datasets.load(run.config.dataset)
        except AecoreError as error:
            print(f"{run.run_id}: {error}")
            continue
        x = dataset.pixels(dataset.test_images[:20])
        run.optimise(x[:1])  # reads the weights
        seconds = []
        for image in x:
            began = time.perf_counter()
            run.optimise(image[None])
            seconds.append(time.perf_counter() - began)
        print(f"{run.run_id:<44} {1000 * statistics.median(seconds):6.1f} ms")


if __name__ == "__main__":
    main()
