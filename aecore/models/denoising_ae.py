"""The denoising autoencoder."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from aecore.models.base import Mirrored, Objective, Terms


class DenoisingAE(Mirrored):
    """z = f(x + eps), x_hat = sigmoid(g(z)); minimises recon(x, x_hat), with eps ~ N(0, noise I) on the pixels.

    `noise` is a variance. The target is the clean image; at encode and decode nothing is added, and
    x + eps is not clipped. Source: Vincent et al. 2010.
    """

    def objectives(self) -> list[Objective]:
        """One: the reconstruction of the clean image."""
        return [Objective("denoising", list(self.parameters()), self._terms)]

    def _terms(self, x: Tensor, generator: Generator) -> Terms:
        eps = self.config.noise**0.5 * torch.randn(x.shape, generator=generator, device=x.device)
        return {"recon": self.recon(self.decoder(self.encoder(x + eps)), x)}
