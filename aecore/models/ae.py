"""The plain autoencoder."""

from __future__ import annotations

from torch import Generator, Tensor

from aecore.models.base import Mirrored, Objective, Terms


class AE(Mirrored):
    """z = f(x), x_hat = sigmoid(g(z)); minimises recon(x, x_hat).

    f and g are multilayer perceptrons with mirrored widths, a linear code and linear logits.
    Source: Hinton & Salakhutdinov 2006 (there pretrained; here trained from a Glorot start).
    """

    def objectives(self) -> list[Objective]:
        """One: the reconstruction."""
        return [Objective("reconstruction", list(self.parameters()), self._terms)]

    def _terms(self, x: Tensor, generator: Generator) -> Terms:
        return {"recon": self.recon(self.decoder(self.encoder(x)), x)}
