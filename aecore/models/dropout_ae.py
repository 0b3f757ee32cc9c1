"""The autoencoder with dropout."""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn

from aecore.models.base import Mirrored, Objective, Terms


class DropoutAE(Mirrored):
    """z = f(x), x_hat = sigmoid(g(z)); minimises recon(x, x_hat) with hidden units h -> h m / (1 - dropout).

    m ~ Bernoulli(1 - dropout) is drawn for every unit of every hidden layer while training; pixels and
    codes are left alone, and nothing is dropped at encode and decode. Source: Srivastava et al. 2014.
    """

    def objectives(self) -> list[Objective]:
        """One: the reconstruction, with units dropped while training."""
        return [Objective("reconstruction", list(self.parameters()), self._terms)]

    def _terms(self, x: Tensor, generator: Generator) -> Terms:
        z = self._dropped(self.encoder, x, generator)
        return {"recon": self.recon(self._dropped(self.decoder, z, generator), x)}

    def _dropped(self, network: nn.Sequential, x: Tensor, generator: Generator) -> Tensor:
        """The network with units dropped after each activation; the whole network outside training."""
        keep = 1 - self.config.dropout if self.training else 1.0
        for module in network:
            x = module(x)
            if keep < 1 and not isinstance(module, nn.Linear):
                x = x * (torch.rand(x.shape, generator=generator, device=x.device) < keep) / keep
        return x
