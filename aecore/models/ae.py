"""The plain autoencoder."""

from __future__ import annotations

from torch import Generator, Tensor

from aecore.config import RunConfig
from aecore.models.base import Model, Objective, Terms
from aecore.nets import mlp, to_stack
from aecore.stacks import Stack


class AE(Model):
    """z = f(x), x_hat = sigmoid(g(z)); minimises recon(x, x_hat).

    f and g are multilayer perceptrons with mirrored widths, a linear code and linear logits.
    Source: Hinton & Salakhutdinov 2006 (there pretrained; here trained from a Glorot start).
    """

    def __init__(self, config: RunConfig, pixels: int, generator: Generator) -> None:
        super().__init__(config)
        widths = (pixels, *config.widths, config.latent_dim)
        self.encoder = mlp(widths, config.activation, generator)
        self.decoder = mlp(widths[::-1], config.activation, generator)

    def encode(self, x: Tensor) -> Tensor:
        """f(x)."""
        return self.encoder(x)  # type: ignore[no-any-return]

    def decode(self, z: Tensor) -> Tensor:
        """sigmoid(g(z)), in (0, 1), or g(z) where the output is linear."""
        return self.finish(self.decoder(z))

    def objectives(self) -> list[Objective]:
        """One: the reconstruction."""
        return [Objective("reconstruction", list(self.parameters()), self._terms)]

    def stacks(self) -> dict[str, Stack]:
        """Encoder and decoder."""
        return {"encoder": to_stack(self.encoder), "decoder": to_stack(self.decoder, final=self.config.output)}

    def _terms(self, x: Tensor, generator: Generator) -> Terms:
        return {"recon": self.recon(self.decoder(self.encoder(x)), x)}
