"""The denoising autoencoder."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from aecore.config import RunConfig
from aecore.models.base import Model, Objective, Terms
from aecore.nets import mlp, to_stack
from aecore.stacks import Stack


class DenoisingAE(Model):
    """z = f(x + eps), x_hat = sigmoid(g(z)); minimises recon(x, x_hat), with eps ~ N(0, noise I) on the pixels.

    `noise` is a variance. The target is the clean image; at encode and decode nothing is added, and
    x + eps is not clipped. Source: Vincent et al. 2010.
    """

    def __init__(self, config: RunConfig, pixels: int, generator: Generator) -> None:
        super().__init__(config)
        widths = (pixels, *config.widths, config.latent_dim)
        self.encoder = mlp(widths, config.activation, generator)
        self.decoder = mlp(widths[::-1], config.activation, generator)

    def encode(self, x: Tensor) -> Tensor:
        """f(x), of an image that may be noisy."""
        return self.encoder(x)  # type: ignore[no-any-return]

    def decode(self, z: Tensor) -> Tensor:
        """sigmoid(g(z)), in (0, 1), or g(z) where the output is linear."""
        return self.finish(self.decoder(z))

    def objectives(self) -> list[Objective]:
        """One: the reconstruction of the clean image."""
        return [Objective("denoising", list(self.parameters()), self._terms)]

    def stacks(self) -> dict[str, Stack]:
        """Encoder and decoder."""
        return {"encoder": to_stack(self.encoder), "decoder": to_stack(self.decoder, final=self.config.output)}

    def _terms(self, x: Tensor, generator: Generator) -> Terms:
        eps = self.config.noise**0.5 * torch.randn(x.shape, generator=generator, device=x.device)
        return {"recon": self.recon(self.decoder(self.encoder(x + eps)), x)}
