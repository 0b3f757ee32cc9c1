"""Seconds from the first step to the saved run, and test numbers, of the recipe `fast` over five seeds.

    python tests/bench/quality.py [FAMILY]

FAMILY is ae (default) or vae. The chapter's recipe ends, after 100 epochs in Keras, at 7.84 SSE and 214.35 nats BCE
(AE), and at 238.57 nats of recon at the mean + KL (VAE). Imports are apart; torch's compiler, which its optimisers
load, is imported before the clock starts. On a machine that does other things too, the CPU's seconds say more than the
clock's; with OMP_NUM_THREADS=1 they are those of one thread.
"""
# ruff: noqa: I001 - the first import comes before torch

import os
import sys
import tempfile
import time

import aecore.waiting  # noqa: F401 - as the command line does, before torch loads
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
            began, busy = time.perf_counter(), time.process_time()
            for _ in experiment.train(config):
                pass
            seconds, busy = time.perf_counter() - began, time.process_time() - busy
            table = store.load(config.run_id).evaluation
            shown = {name: round(table[name], 2) for name in ("sse", "bce", "recon_at_mean", "kl") if name in table}
            print(f"{config.run_id}  seed {seed}  {seconds:5.1f} s ({busy:.1f} s of CPU)  {shown}", flush=True)


if __name__ == "__main__":
    main()
