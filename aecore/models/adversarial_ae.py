"""The adversarial autoencoder."""

from __future__ import annotations

from typing import cast

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import softplus

from aecore.config import RunConfig
from aecore.models.base import Model, Objective, Terms
from aecore.nets import mlp, to_stack
from aecore.stacks import Layer, Stack

DISCRIMINATOR = (256, 128)  # its hidden layers' widths


class AdversarialAE(Model):
    """z = f(x), x_hat = sigmoid(g(z)); a discriminator D tells prior draws from codes by its logit D(z).

    f ends in batch normalisation without a scale of its own (Ioffe & Szegedy 2015): each code dimension has
    mean 0 and variance 1 over the images, and the adversary is left with all that moments do not say.
    Three objectives in turn on each batch: f and g minimise recon(x, x_hat); D minimises
    softplus(-D(e)) + softplus(D(f(x))), e ~ N(0, I); f minimises softplus(-D(f(x))), so that the codes
    of all images together come to look like the prior. All in nats. Source: Makhzani et al. 2015.
    """

    def __init__(self, config: RunConfig, pixels: int, generator: Generator) -> None:
        super().__init__(config)
        widths = (pixels, *config.widths, config.latent_dim)
        self.network = mlp(widths, config.activation, generator)
        self.standardise = nn.BatchNorm1d(config.latent_dim, affine=False, momentum=0.02)  # of some 50 batches
        self.decoder = mlp(widths[::-1], config.activation, generator)
        self.discriminator = mlp((config.latent_dim, *DISCRIMINATOR, 1), config.activation, generator)

    def encode(self, x: Tensor) -> Tensor:
        """f(x), standardised by the batch while training and by the running moments afterwards."""
        self.standardise.train(self.training and len(x) > 1)  # one image alone has no variance
        return self.standardise(self.network(x))  # type: ignore[no-any-return]

    def decode(self, z: Tensor) -> Tensor:
        """sigmoid(g(z)), in (0, 1), or g(z) where the output is linear."""
        return self.finish(self.decoder(z))

    def objectives(self) -> list[Objective]:
        """Three: the reconstruction, the discriminator's, and the encoder's against it."""
        encoder, decoder = list(self.network.parameters()), list(self.decoder.parameters())
        return [
            Objective("reconstruction", encoder + decoder, self._terms),
            Objective("discriminator", list(self.discriminator.parameters()), self._discriminator_terms),
            Objective("regularisation", encoder, self._regularisation_terms),
        ]

    def ends(self) -> tuple[nn.Linear, nn.Linear]:
        """f's first and g's last layer."""
        return cast(nn.Linear, self.network[0]), cast(nn.Linear, self.decoder[-1])

    def stacks(self) -> dict[str, Stack]:
        """Encoder, its moments folded into the last layer, and decoder; the discriminator has done its work."""
        encoder = _folded(to_stack(self.network), self.standardise)
        return {"encoder": encoder, "decoder": to_stack(self.decoder, final=self.config.output)}

    def prior_codes(self, count: int, generator: Generator) -> Tensor:
        """Draws from N(0, I)."""
        return torch.randn(count, self.config.latent_dim, generator=generator, device=generator.device)

    def _terms(self, x: Tensor, generator: Generator) -> Terms:
        return {"recon": self.recon(self.decoder(self.encode(x)), x)}

    def _discriminator_terms(self, x: Tensor, generator: Generator) -> Terms:
        with torch.no_grad():
            codes = self.encode(x)
        draws = self.prior_codes(len(x), generator)
        return {"discriminator": softplus(-self._judge(draws)) + softplus(self._judge(codes))}

    def _regularisation_terms(self, x: Tensor, generator: Generator) -> Terms:
        return {"regularisation": softplus(-self._judge(self.encode(x)))}

    def _judge(self, z: Tensor) -> Tensor:
        """D(z): (B, latent_dim) -> (B,)."""
        return self.discriminator(z).float().squeeze(1)  # type: ignore[no-any-return]


def _folded(encoder: Stack, moments: nn.BatchNorm1d) -> Stack:
    """(W h + b - mean) / std as one layer: W / std, (b - mean) / std."""
    *inner, last = encoder.layers
    assert moments.running_mean is not None and moments.running_var is not None
    mean, std = moments.running_mean.cpu().numpy(), (moments.running_var + moments.eps).sqrt().cpu().numpy()
    return Stack((*inner, Layer(last.weight / std[:, None], (last.bias - mean) / std, last.activation)))
