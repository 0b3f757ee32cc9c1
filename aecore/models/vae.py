"""The variational autoencoder."""

from __future__ import annotations

from typing import cast

import torch
from torch import Generator, Tensor, nn

from aecore.config import RunConfig
from aecore.likelihoods import kl_standard_normal
from aecore.models.base import Model, Objective, Terms
from aecore.nets import ACTIVATIONS, dense, mlp, to_stack
from aecore.stacks import Stack


class VAE(Model):
    """q(z | x) = N(mean(x), diag exp(logvar(x))), p(z) = N(0, I), p(x | z) = Bernoulli(sigmoid(g(z))).

    Minimises recon + beta * KL(q || p), recon at z = mean + exp(logvar / 2) * eps, eps ~ N(0, I).
    With beta = 1 that is -ELBO. Source: Kingma & Welling 2014.
    """

    def __init__(self, config: RunConfig, pixels: int, generator: Generator) -> None:
        super().__init__(config)
        widths = (pixels, *config.widths)
        self.trunk = mlp(widths, config.activation, generator)
        if config.widths:
            self.trunk.append(ACTIVATIONS[config.activation]())
        self.mean = dense(widths[-1], config.latent_dim, generator)
        self.logvar = dense(widths[-1], config.latent_dim, generator)
        self.decoder = mlp((config.latent_dim, *widths[::-1]), config.activation, generator)

    def encode(self, x: Tensor) -> Tensor:
        """The mean of q(z | x)."""
        return self.mean(self.trunk(x))  # type: ignore[no-any-return]

    def decode(self, z: Tensor) -> Tensor:
        """sigmoid(g(z)), in (0, 1), or g(z) where the output is linear."""
        return self.finish(self.decoder(z))

    def objectives(self) -> list[Objective]:
        """One: recon + beta * kl."""
        return [Objective("elbo", list(self.parameters()), self._terms, {"kl": self.config.beta})]

    def ends(self) -> tuple[nn.Linear, nn.Linear]:
        """The trunk's first layer, or without one the mean's, and g's last."""
        first = self.trunk[0] if self.config.widths else self.mean
        return cast(nn.Linear, first), cast(nn.Linear, self.decoder[-1])

    def stacks(self) -> dict[str, Stack]:
        """Encoder (mean), logvar (from the image too) and decoder."""
        return {
            "encoder": to_stack(self.trunk, self.mean),
            "logvar": to_stack(self.trunk, self.logvar),
            "decoder": to_stack(self.decoder, final=self.config.output),
        }

    def prior_codes(self, count: int, generator: Generator) -> Tensor:
        """Draws from N(0, I)."""
        return torch.randn(count, self.config.latent_dim, generator=generator, device=generator.device)

    def _terms(self, x: Tensor, generator: Generator) -> Terms:
        hidden = self.trunk(x)
        mean, logvar = self.mean(hidden).to(x.dtype), self.logvar(hidden).to(x.dtype)
        noise = torch.randn(mean.shape, generator=generator, device=x.device)
        z = mean + (0.5 * logvar).exp() * noise
        return {"recon": self.recon(self.decoder(z), x), "kl": kl_standard_normal(mean, logvar)}
