"""The terms of the losses, one value an image. Torch; nats unless said otherwise."""

from __future__ import annotations

import torch.nn.functional as F  # noqa: N812 - the field's name for it
from torch import Tensor


def bernoulli_nll(logits: Tensor, x: Tensor) -> Tensor:
    """Bernoulli negative log-likelihood, summed over pixels: sum softplus(l) - x l.

    `logits` and `x` (B, pixels), x in [0, 1] -> (B,) nats. On grey pixels its least value is the
    pixels' own entropy, not zero.
    """
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)


def squared_error(x_hat: Tensor, x: Tensor) -> Tensor:
    """Squared error summed over pixels: sum (x - x_hat)^2. (B, pixels) twice -> (B,), no unit.

    It is the negative log-likelihood of a Gaussian with variance 1/2, less its constant.
    """
    return (x_hat - x).square().sum(1)


def kl_standard_normal(mean: Tensor, logvar: Tensor) -> Tensor:
    """KL( N(mean, diag exp(logvar)) || N(0, I) ) = 1/2 sum (exp(logvar) + mean^2 - 1 - logvar).

    (B, latent_dim) twice -> (B,) nats. Source: Kingma & Welling 2014, appendix B.
    """
    return 0.5 * (logvar.exp() + mean.square() - 1 - logvar).sum(1)
