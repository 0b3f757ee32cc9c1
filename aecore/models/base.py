"""The contract that every model family keeps, and `build`, which makes one from a config."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import reduce
from importlib import import_module
from operator import add
from typing import NamedTuple, cast

import torch
from torch import Generator, Tensor, nn

from aecore.config import RunConfig, check_span
from aecore.datasets.base import UNIT, Span
from aecore.families import MODELS
from aecore.likelihoods import bernoulli_nll, squared_error
from aecore.mapped import Mapped
from aecore.nets import mlp, to_stack
from aecore.stacks import Stack

Terms = dict[str, Tensor]
Images = Tensor | Mapped  # uint8, in memory or on disk


class Objective(NamedTuple):
    """One thing to minimise: sum over terms of weight * mean over the batch.

    `terms(x, generator)` maps images (B, pixels) to named (B,) values; a term without a weight counts once.
    """

    name: str
    parameters: list[nn.Parameter]
    terms: Callable[[Tensor, Generator], Terms]
    weights: Mapping[str, float] = {}

    def loss(self, terms: Terms) -> Tensor:
        """The scalar that is minimised, from this objective's terms."""
        return reduce(add, (self.weights.get(name, 1.0) * term.mean() for name, term in terms.items()))


class Model(nn.Module, ABC):
    """What a family must offer. `x` is (B, pixels) float32 in [0, 1] or the data's `span`, `z` is (B, latent_dim)."""

    span: Span = UNIT

    def __init__(self, config: RunConfig) -> None:
        super().__init__()
        self.config = config

    @abstractmethod
    def encode(self, x: Tensor) -> Tensor:
        """The code of each image, without noise: (B, pixels) -> (B, latent_dim)."""

    @abstractmethod
    def decode(self, z: Tensor) -> Tensor:
        """The image of each code: (B, latent_dim) -> (B, pixels)."""

    @abstractmethod
    def objectives(self) -> list[Objective]:
        """What to minimise, in turn, on each batch; an empty list when `initialise` has solved the model."""

    @abstractmethod
    def stacks(self) -> dict[str, Stack]:
        """The model as stored: `encoder` and `decoder`, and what else the family needs."""

    def initialise(self, images: Images) -> None:
        """One look at the training images, uint8 (n, pixels), before the first step."""

    def ends(self) -> tuple[nn.Linear, nn.Linear]:
        """The layer that pixels enter and the layer that makes the logits; `start` "centred" sets their biases."""
        raise NotImplementedError

    def centre(self, images: Tensor) -> None:
        """Set the two ends' biases so that the mean of `images`, (n, pixels), enters as 0 and stands for the code 0.

        With the mean image m: b = -W m at the first layer; at the last, logit(m), or m where the output is linear.
        """
        first, last = self.ends()
        mean = self.pixels(images).mean(0)
        logits = mean.clamp(0.01, 0.99).logit() if self.config.output == "sigmoid" else mean
        with torch.no_grad():
            first.bias.copy_(-(first.weight @ mean))
            last.bias.copy_(logits)

    def prior_codes(self, count: int, generator: Generator) -> Tensor | None:
        """`count` codes drawn from the prior, (count, latent_dim), or None where there is no prior."""
        return None

    def pixels(self, images: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        """Images as the model takes them, uint8 (B, h, w) or (B, pixels) -> (B, pixels): `datasets.base.pixels`."""
        low, high = self.span
        x = images.flatten(1).to(dtype).div_(255)
        return x if self.span == UNIT else x.mul_(high - low).add_(low)

    def recon(self, logits: Tensor, x: Tensor) -> Tensor:
        """The reconstruction term that the config's `loss` names, summed over pixels: (B,).

        `logits` is what the decoder gives before its last activation. Its products may be bfloat16; a loss is not.
        """
        if self.config.loss == "bce":
            return bernoulli_nll(logits, x)
        return squared_error(self.finish(logits.to(x.dtype)), x)

    def finish(self, logits: Tensor) -> Tensor:
        """The decoder's last activation, the config's `output`."""
        return logits.sigmoid() if self.config.output == "sigmoid" else logits


class Mirrored(Model):
    """An encoder f and a decoder g, multilayer perceptrons with mirrored widths, a linear code and linear logits.

    A family of this shape adds its objectives.
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

    def ends(self) -> tuple[nn.Linear, nn.Linear]:
        """f's first and g's last layer."""
        return cast(nn.Linear, self.encoder[0]), cast(nn.Linear, self.decoder[-1])

    def stacks(self) -> dict[str, Stack]:
        """Encoder and decoder."""
        return {"encoder": to_stack(self.encoder), "decoder": to_stack(self.decoder, final=self.config.output)}


def build(config: RunConfig, pixels: int, generator: Generator, span: Span = UNIT) -> Model:
    """A new model of the config's family for images of `pixels` pixels in `span`; weights drawn from `generator`."""
    family = MODELS[config.family]
    check_span(config, span)
    module, name = family.model.split(":")
    model = cast(Model, getattr(import_module(module), name)(config, pixels, generator))
    model.span = span
    return model
