"""The importance-weighted bound of a stored VAE on the log-likelihood of test images, in numpy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from aecore.config import RunConfig
from aecore.evaluation import bce, sse
from aecore.stacks import Array, Stack

SAMPLES = 50  # codes an image, as in most tables
_BATCH = 500


def importance_bound(
    stacks: Mapping[str, Stack], x: Array, config: RunConfig, samples: int = SAMPLES
) -> NDArray[np.float64]:
    """-log (1/k) sum_i w_i with w_i = p(x | z_i) p(z_i) / q(z_i | x) and z_i ~ q(z | x): (n, pixels) -> (n,) nats.

    In expectation it falls with `samples` k from -ELBO (k = 1) towards -log p(x). `stacks` are a VAE's
    `encoder` (the mean), `logvar` and `decoder`; codes are drawn with the run's seed. As in -ELBO, p(x | z)
    is Bernoulli for loss bce, and for loss mse Gaussian with variance 1/2 less its constant.
    Source: Burda, Grosse & Salakhutdinov 2016.
    """
    random = np.random.default_rng(config.seed)
    batches = (x[start : start + _BATCH] for start in range(0, len(x), _BATCH))
    return np.concatenate([_bound(stacks, batch, config, samples, random) for batch in batches])


def _bound(
    stacks: Mapping[str, Stack], x: Array, config: RunConfig, samples: int, random: np.random.Generator
) -> NDArray[np.float64]:
    mean, logvar, decoder = stacks["encoder"](x), stacks["logvar"](x), stacks["decoder"]
    log_weights = np.empty((samples, len(x)))
    for row in log_weights:
        noise = random.standard_normal(mean.shape, dtype=np.float32)
        z = mean + np.exp(0.5 * logvar) * noise
        # log p(z) - log q(z | x); the constants of the two Gaussians cancel
        row[:] = 0.5 * (np.square(noise) + logvar - np.square(z)).sum(1, dtype=np.float64)
        row -= bce(x, decoder, z) if config.loss == "bce" else sse(x, decoder(z))
    largest = log_weights.max(0)
    bound: NDArray[np.float64] = -largest - np.log(np.exp(log_weights - largest).mean(0))
    return bound
