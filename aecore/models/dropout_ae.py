"""The autoencoder with dropout."""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn

from aecore.config import RunConfig
from aecore.models.base import Model, Objective, Terms
from aecore.nets import mlp, to_stack
from aecore.stacks import Stack


class DropoutAE(Model):
    """z = f(x), x_hat = sigmoid(g(z)); minimises recon(x, x_hat) with hidden units h -> h m / (1 - dropout).

    m ~ Bernoulli(1 - dropout) is drawn for every unit of every hidden layer while training; pixels and
    codes are left alone, and nothing is dropped at encode and decode. Source: Srivastava et al. 2014.
    """

    def __init__(self, config: RunConfig, pixels: int, generator: Generator) -> None:
        super().__init__(config)
        widths = (pixels, *config.widths, config.latent_dim)
        self.encoder = mlp(widths, config.activation, generator)
        self.decoder = mlp(widths[::-1], config.activation, generator)

    def encode(self, x: Tensor) -> Tensor:
        """f(x), with every unit on."""
        return self.encoder(x)  # type: ignore[no-any-return]

    def decode(self, z: Tensor) -> Tensor:
        """sigmoid(g(z)), in (0, 1), or g(z) where the output is linear; with every unit on."""
        return self.finish(self.decoder(z))

    def objectives(self) -> list[Objective]:
        """One: the reconstruction, with units dropped while training."""
        return [Objective("reconstruction", list(self.parameters()), self._terms)]

    def stacks(self) -> dict[str, Stack]:
        """Encoder and decoder."""
        return {"encoder": to_stack(self.encoder), "decoder": to_stack(self.decoder, final=self.config.output)}

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
