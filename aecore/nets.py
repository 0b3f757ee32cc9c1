"""Multilayer perceptrons, and their way to and from stored stacks of dense layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import Generator, Tensor, nn

from aecore.stacks import Array, Layer, Stack

ACTIVATIONS: Mapping[str, type[nn.Module]] = {
    "linear": nn.Identity,
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
}


def mlp(widths: Sequence[int], activation: str, generator: Generator) -> nn.Sequential:
    """Dense layers through `widths`, `activation` between them, none after the last.

    (B, widths[0]) -> (B, widths[-1]). Weights start Glorot-uniform and biases at zero, as in Keras
    (Glorot & Bengio 2010): the chapter's recipe ends lower from there than from torch's default.
    """
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [dense(before, after, generator), ACTIVATIONS[activation]()]
    return nn.Sequential(*layers[:-1])


def dense(before: int, after: int, generator: Generator) -> nn.Linear:
    """One Glorot-uniform dense layer, (B, before) -> (B, after)."""
    layer = _empty(before, after)
    nn.init.xavier_uniform_(layer.weight, generator=generator)
    nn.init.zeros_(layer.bias)
    return layer


def to_stack(*modules: nn.Module, final: str = "linear") -> Stack:
    """The dense layers of `modules`, in order, as a stored stack; `final` is the last layer's activation."""
    names = {kind: name for name, kind in ACTIVATIONS.items()}
    layers: list[Layer] = []
    for module in (leaf for root in modules for leaf in root.modules()):
        if isinstance(module, nn.Linear):
            layers.append(Layer(_numpy(module.weight), _numpy(module.bias), "linear"))
        elif type(module) in names:
            layers[-1] = Layer(layers[-1].weight, layers[-1].bias, names[type(module)])
    layers[-1] = Layer(layers[-1].weight, layers[-1].bias, final)
    return Stack(tuple(layers))


def from_stack(stack: Stack) -> nn.Sequential:
    """A stored stack as torch modules: (B, in) -> (B, out), float32, for gradients and export."""
    modules: list[nn.Module] = []
    for layer in stack.layers:
        dense_layer = _empty(layer.weight.shape[1], layer.weight.shape[0])
        with torch.no_grad():
            dense_layer.weight.copy_(torch.tensor(layer.weight))
            dense_layer.bias.copy_(torch.tensor(layer.bias))
        modules += [dense_layer, ACTIVATIONS[layer.activation]()]
    return nn.Sequential(*modules)


def _empty(before: int, after: int) -> nn.Linear:
    """A dense layer with unset numbers: torch's own start would draw on the global random state."""
    return nn.Linear(before, after, device="meta").to_empty(device="cpu")


def _numpy(parameter: Tensor) -> Array:
    array: Array = parameter.detach().to("cpu", torch.float32, copy=True).numpy()
    return array
