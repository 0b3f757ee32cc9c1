"""A stored encoder or decoder: a stack of dense layers, run forward in numpy.

The same safetensors file is read here, by torch (`nets.from_stack`) and by the page's JavaScript.
Tensors are named `<stack>.<layer>.weight` (out, in) and `<stack>.<layer>.bias` (out,); the
metadata's `activations` is a JSON object that names each layer's activation.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as _load

from aecore.errors import AecoreError
from aecore.files import tensor_bytes

Array = NDArray[np.float32]


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow for large |x|."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small)).astype(np.float32)


def _relu(x: Array) -> Array:
    return np.maximum(x, 0)


def _silu(x: Array) -> Array:
    return x * sigmoid(x)


def _linear(x: Array) -> Array:
    return x


ACTIVATIONS: Mapping[str, Callable[[Array], Array]] = {
    "linear": _linear,
    "relu": _relu,
    "sigmoid": sigmoid,
    "silu": _silu,
    "tanh": np.tanh,
}


@dataclass(frozen=True)
class Layer:
    """y = activation(W x + b): `weight` (out, in), `bias` (out,), float32."""

    weight: Array
    bias: Array
    activation: str

    def linear(self, x: Array) -> Array:
        """The layer before its activation: (n, in) -> (n, out)."""
        return x @ self.weight.T + self.bias

    def __call__(self, x: Array) -> Array:
        """(n, in) -> (n, out)."""
        return ACTIVATIONS[self.activation](self.linear(x))


@dataclass(frozen=True)
class Stack:
    """Dense layers, one after another: (n, in) float32 -> (n, out) float32."""

    layers: tuple[Layer, ...]

    @property
    def widths(self) -> tuple[int, ...]:
        """The numbers that go in, that each layer hands on, and that come out."""
        return self.layers[0].weight.shape[1], *(len(layer.weight) for layer in self.layers)

    def __call__(self, x: Array) -> Array:
        """(n, in) -> (n, out)."""
        for layer in self.layers:
            x = layer(x)
        return x

    def logits(self, x: Array) -> Array | None:
        """The output before a final sigmoid, or None where the stack does not end in one."""
        if self.layers[-1].activation != "sigmoid":
            return None
        return self.layers[-1].linear(Stack(self.layers[:-1])(x))


def dump(stacks: Mapping[str, Stack]) -> bytes:
    """Named stacks as one safetensors file."""
    tensors = {
        f"{name}.{i}.{part}": getattr(layer, part).astype(np.float32, copy=False)
        for name, stack in stacks.items()
        for i, layer in enumerate(stack.layers)
        for part in ("weight", "bias")
    }
    activations = {name: [layer.activation for layer in stack.layers] for name, stack in stacks.items()}
    return tensor_bytes(tensors, {"activations": json.dumps(activations)})


def parse(data: bytes) -> dict[str, Stack]:
    """The named stacks in a safetensors file that `dump` wrote; raises `AecoreError` when it is damaged."""
    try:
        tensors = _load(data)
        activations = json.loads(_metadata(data)["activations"])
        found = {name: _stack(name, names, tensors) for name, names in activations.items()}
    except (SafetensorError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise AecoreError(f"The weights file is damaged ({error}); train the run again.") from error
    return found


def _stack(name: str, activations: list[str], tensors: Mapping[str, Array]) -> Stack:
    """The stack of that name; raises `ValueError` where one layer's output is not the next one's input."""
    layers = tuple(
        Layer(tensors[f"{name}.{i}.weight"], tensors[f"{name}.{i}.bias"], activation)
        for i, activation in enumerate(activations)
    )
    if not layers or any(layer.weight.ndim != 2 or layer.activation not in ACTIVATIONS for layer in layers):
        raise ValueError(f"'{name}' is no stack of dense layers")
    widths = Stack(layers).widths
    if any(
        layer.weight.shape != (after, before) or layer.bias.shape != (after,)
        for layer, before, after in zip(layers, widths, widths[1:], strict=False)
    ):
        raise ValueError(f"the layers of '{name}' do not fit each other")
    return Stack(layers)


def _metadata(data: bytes) -> dict[str, str]:
    length = int.from_bytes(data[:8], "little")
    header: dict[str, dict[str, str]] = json.loads(data[8 : 8 + length])
    return header["__metadata__"]
