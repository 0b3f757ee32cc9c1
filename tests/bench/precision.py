"""Test SSE of float32 and of bfloat16 products, seed by seed, and how far the means lie apart.

    python tests/bench/precision.py [RECIPE]

RECIPE is one of the AE's (default: fast).
"""

import os
import statistics
import sys
import tempfile

from aecore import experiment, make_config, store

SEEDS = range(3)


def main() -> None:
    """Train both for each seed, and compare."""
    recipe = sys.argv[1] if len(sys.argv) > 1 else "fast"
    found: dict[str, list[float]] = {"float32": [], "bfloat16": []}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AECORE_HOME"] = folder
        for seed in SEEDS:
            for precision, errors in found.items():
                config = make_config("ae", recipe, seed=seed, precision=precision)
                for _ in experiment.train(config):
                    pass
                errors.append(store.load(config.run_id).evaluation["sse"])
                print(f"seed {seed}  {precision:8}  SSE {errors[-1]:.3f}", flush=True)
    single, half = (statistics.mean(errors) for errors in found.values())
    print(f"mean SSE {single:.3f} and {half:.3f}: {half / single - 1:+.2%} (at most 0.5 %)")


if __name__ == "__main__":
    main()
