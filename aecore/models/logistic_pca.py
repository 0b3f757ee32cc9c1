"""Logistic PCA: the linear model of Bernoulli pixels."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from aecore.config import RunConfig
from aecore.models.base import Model, Objective, Terms
from aecore.nets import dense, to_stack
from aecore.optimised import optimise
from aecore.stacks import Stack


class LogisticPCA(Model):
    """x ~ Bernoulli(sigmoid(W z + b)), with one of two kinds of codes.

    Feed-forward: z = V x + c, learned together with W and b; minimises recon.
    Optimised: z = argmin recon + ridge / 2 |z|^2, a convex problem for each image; minimises
    recon + ridge / 2 (|z|^2 + |W|^2) over W and b. At the minimum z moves no loss, so the gradient by W
    and b is taken with z held still. The encoder then learns, beside it, to get as near as one layer can.
    Source: Schein, Saul & Ungar 2003; the form with an encoder is that of Hinton & Salakhutdinov 2006.
    """

    def __init__(self, config: RunConfig, pixels: int, generator: Generator) -> None:
        super().__init__(config)
        self.encoder = dense(pixels, config.latent_dim, generator)
        self.decoder = dense(config.latent_dim, pixels, generator)

    def encode(self, x: Tensor) -> Tensor:
        """V x + c, or the optimum."""
        return self.encoder(x) if self.config.codes == "feed-forward" else self._optimum(x)

    def decode(self, z: Tensor) -> Tensor:
        """sigmoid(W z + b), in (0, 1)."""
        return self.decoder(z).sigmoid()  # type: ignore[no-any-return]

    def objectives(self) -> list[Objective]:
        """One, the reconstruction; with optimised codes the decoder's, and then the encoder's."""
        if self.config.codes == "feed-forward":
            return [Objective("reconstruction", list(self.parameters()), self._terms)]
        return [
            Objective("decoder", list(self.decoder.parameters()), self._optimised_terms),
            Objective("encoder", list(self.encoder.parameters()), self._encoder_terms),
        ]

    def stacks(self) -> dict[str, Stack]:
        """One linear layer to the code, one sigmoid layer back."""
        return {"encoder": to_stack(self.encoder), "decoder": to_stack(self.decoder, final="sigmoid")}

    def _terms(self, x: Tensor, generator: Generator) -> Terms:
        return {"recon": self.recon(self.decoder(self.encoder(x)), x)}

    def _optimised_terms(self, x: Tensor, generator: Generator) -> Terms:
        z = self._optimum(x)
        penalty = z.square().sum(1) + self.decoder.weight.square().sum()
        return {"recon": self.recon(self.decoder(z), x), "ridge": 0.5 * self.config.ridge * penalty}

    def _encoder_terms(self, x: Tensor, generator: Generator) -> Terms:
        return {"feed_forward": self.recon(self.decoder(self.encoder(x)), x)}

    def _optimum(self, x: Tensor) -> Tensor:
        """The codes that minimise the loss, searched from the encoder's: (B, pixels) -> (B, latent_dim)."""
        with torch.no_grad():
            start = self.encoder(x).float()
        decoder = to_stack(self.decoder, final="sigmoid")
        found = optimise(decoder, x.cpu().numpy(), start.cpu().numpy(), self.config.loss, self.config.ridge)
        return torch.from_numpy(found).to(x)
