"""Principal component analysis behind the same contract."""

from __future__ import annotations

import numpy as np
import torch
from sklearn import decomposition
from torch import Generator, Tensor

from aecore.config import RunConfig
from aecore.errors import AecoreError
from aecore.mapped import Mapped
from aecore.models.base import Images, Model, Objective
from aecore.nets import dense, to_stack
from aecore.stacks import Stack

_AT_ONCE = 8192  # images on disk, as float64


class PCA(Model):
    """z = V (x - m), x_hat = m + V' z, where m is the mean image and V (latent_dim, pixels) holds the
    leading eigenvectors of the training images' covariance. x_hat is not clipped to [0, 1].

    The best linear code in squared error; solved by scikit-learn in `initialise`.
    """  # fmt: skip

    def __init__(self, config: RunConfig, pixels: int, generator: Generator) -> None:
        super().__init__(config)
        if config.latent_dim > pixels:
            raise AecoreError(f"PCA of {pixels} pixels has no {config.latent_dim} components; choose at most {pixels}.")
        self.encoder = dense(pixels, config.latent_dim, generator)
        self.decoder = dense(config.latent_dim, pixels, generator)
        self.requires_grad_(False)

    def encode(self, x: Tensor) -> Tensor:
        """V (x - m)."""
        return self.encoder(x)  # type: ignore[no-any-return]

    def decode(self, z: Tensor) -> Tensor:
        """m + V' z, unclipped."""
        return self.decoder(z)  # type: ignore[no-any-return]

    def initialise(self, images: Images) -> None:
        """Solve the eigenproblem of the images' covariance, which images on disk are summed into part by part."""
        if len(images) < 2:
            raise AecoreError("PCA needs at least two training images, and there is one; use more images.")
        if len(images) < self.config.latent_dim:
            raise AecoreError(
                f"PCA with {self.config.latent_dim} components needs at least as many images, not {len(images)}; "
                "use more images."
            )
        mean, components = self._summed(images) if isinstance(images, Mapped) else self._fitted(images)
        self.encoder.weight.copy_(components)
        self.encoder.bias.copy_(-components @ mean)
        self.decoder.weight.copy_(components.T)
        self.decoder.bias.copy_(mean)

    def _fitted(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and components by scikit-learn."""
        solver = "covariance_eigh" if len(images) > images.shape[1] else "full"
        x = self.pixels(images, torch.float64).numpy()
        with np.errstate(invalid="ignore"):  # of equal images, the shares of their variance, which is 0
            fitted = decomposition.PCA(self.config.latent_dim, svd_solver=solver, copy=False).fit(x)
        return torch.tensor(fitted.mean_), torch.tensor(fitted.components_)

    def _summed(self, images: Mapped) -> tuple[Tensor, Tensor]:
        """The same from sums of x and x x' in float64: (pixels,) and (latent_dim, pixels)."""
        pixels = images.shape[1]
        total, products = torch.zeros(pixels).double(), torch.zeros(pixels, pixels).double()
        for part in images.parts(_AT_ONCE):
            x = self.pixels(part, torch.float64)
            total += x.sum(0)
            products += x.T @ x
        mean = total / len(images)
        directions = torch.linalg.eigh(products / len(images) - mean.outer(mean)).eigenvectors
        return mean, directions.flip(1)[:, : self.config.latent_dim].T

    def objectives(self) -> list[Objective]:
        """None: `initialise` has solved it."""
        return []

    def stacks(self) -> dict[str, Stack]:
        """One linear layer each way."""
        return {"encoder": to_stack(self.encoder), "decoder": to_stack(self.decoder)}
