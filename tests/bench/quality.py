"""Seconds from the first step to the saved run, and test numbers, of the recipe `fast` over five seeds.

    python tests/bench/quality.py [FAMILY]

FAMILY is ae (default) or vae. The chapter's recipe ends, after 100 epochs in Keras, at 7.84 SSE and 214.35 nats BCE
(AE), and at 238.57 nats of recon at the mean + KL (VAE). Imports are apart; torch's compiler, which its optimisers
load, is imported before the clock starts.
"""

import os
import sys
import tempfile
import time

import torch._dynamo  # noqa: F401 - an import, and so apart

from aecore import experiment, make_config, store

SEEDS = range(5)


def main() -> None:
    """Train, time and print."""
    family = sys.argv[1] if len(sys.argv) > 1 else "ae"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AECORE_HOME"] = folder
        for seed in SEEDS:
            config = make_config(family, "fast", seed=seed)
            began = time.perf_counter()
            for _ in experiment.train(config):
                pass
            seconds = time.perf_counter() - began
            table = store.load(config.run_id).evaluation
            shown = {name: round(table[name], 2) for name in ("sse", "bce", "recon_at_mean", "kl") if name in table}
            print(f"{config.run_id}  seed {seed}  {seconds:5.1f} s  {shown}", flush=True)


if __name__ == "__main__":
    main()
