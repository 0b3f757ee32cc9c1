"""Codes that fit a decoder best, searched image by image, in numpy: what the encoder's one pass leaves on the table.

The difference between a run's error with these codes and with its encoder's is its amortisation gap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aecore.config import Loss, RunConfig
from aecore.stacks import ACTIVATIONS, Array, Layer, Stack, sigmoid

STEPS = 30  # at most; for one layer the problem is convex, and most images need six
DEEP_STEPS = 8  # for deeper decoders: two steps bring most of the gain, and more than eight next to nothing
_BATCH = 100  # rows at a time: a Jacobian of 30 x 784 each, 9 MB
_START = 0.01  # damping, as a share of the mean curvature: less where steps keep what they promise, more where not
_STIFFEST = 1e6  # a row that needs more has come to rest
_GAIN = 1e-6  # and so has one whose next step promises less than this share of its loss
_TINY = np.float32(1e-12)  # keeps the matrix regular where a row has no slope at all


def _sigmoid_slope(x: Array) -> Array:
    p = sigmoid(x)
    return p * (1 - p)


def _silu_slope(x: Array) -> Array:
    p = sigmoid(x)
    return p * (1 + x * (1 - p))


def _relu_slope(x: Array) -> Array:
    return (x > 0).astype(np.float32)


def _tanh_slope(x: Array) -> Array:
    return 1 - np.square(np.tanh(x))


SLOPES: Mapping[str, Callable[[Array], Array]] = {
    "linear": np.ones_like,
    "relu": _relu_slope,
    "sigmoid": _sigmoid_slope,
    "silu": _silu_slope,
    "tanh": _tanh_slope,
}


def optimised_codes(stacks: Mapping[str, Stack], config: RunConfig, x: Array) -> Array:
    """The best codes of a stored run for images x, searched from its encoder's: (n, pixels) -> (n, latent_dim).

    The ridge is small: it keeps a dimension that the decoder ignores from running away.
    """
    return optimise(stacks["decoder"], x, stacks["encoder"](x), config.loss, config.ridge)


def optimise(decoder: Stack, x: Array, start: Array, loss: Loss, ridge: float) -> Array:
    """argmin_z recon(x, decoder(z)) + ridge / 2 |z|^2 for each image: x (n, pixels), start (n, d) -> (n, d).

    recon is the Bernoulli negative log-likelihood where `loss` is "bce" and the decoder ends in a
    sigmoid, otherwise the squared error. Damped Gauss-Newton (Levenberg-Marquardt), each row with a
    damping of its own: z -= (J' D J + ridge I + damping mean(diag) I)^-1 gradient, J the Jacobian of
    the decoder before its last activation, D the loss's curvature there. No row ends above its start.
    For one sigmoid layer and "bce" this is Newton's method on a convex problem, so that with a ridge the
    result is the minimum from any start; for deeper decoders it is a minimum near the start.
    """
    problem, steps = _Problem(decoder, loss, ridge), STEPS if len(decoder.layers) == 1 else DEEP_STEPS
    parts = [
        _descend(problem, x[first : first + _BATCH], start[first : first + _BATCH], steps)
        for first in range(0, len(x), _BATCH)
    ]
    return np.concatenate(parts) if parts else start


def _descend(problem: _Problem, x: Array, start: Array, steps: int) -> Array:
    codes = start.astype(np.float32)
    state = _State(np.arange(len(x)), x, codes, problem.value(x, codes), np.full(len(x), _START, np.float32))
    for _ in range(steps):
        going = _step(problem, state)
        codes[state.rows] = state.z
        state = state.only(going)
        if not len(state.rows):
            break
    return codes


@dataclass
class _State:
    """The rows that are not finished: their places, images, codes, losses and dampings."""

    rows: NDArray[np.intp]
    x: Array
    z: Array
    value: Array
    damping: Array

    def only(self, going: NDArray[np.bool_]) -> _State:
        return _State(self.rows[going], self.x[going], self.z[going], self.value[going], self.damping[going])


def _step(problem: _Problem, state: _State) -> NDArray[np.bool_]:
    """Try one damped step for each row and keep it where it lowers the loss; which rows go on: (n,)."""
    gradient, curvature = problem.derivatives(state.x, state.z)
    diagonal = np.einsum("nii->ni", curvature)  # a view
    added = state.damping * diagonal.mean(1) + _TINY
    diagonal += added[:, None]
    step = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
    promised = 0.5 * ((gradient * step).sum(1) + added * np.square(step).sum(1))
    found = problem.value(state.x, state.z - step)
    kept = (state.value - found) / np.maximum(promised, _TINY)
    better = found < state.value
    state.z = np.where(better[:, None], state.z - step, state.z)
    state.value = np.where(better, found, state.value)
    done = (promised <= _GAIN * state.value) & (state.damping <= _START)
    state.damping = state.damping * np.select([kept > 0.75, kept > 0.25], [0.1, 1.0], 8.0).astype(np.float32)
    going: NDArray[np.bool_] = ~done & (state.damping < _STIFFEST)
    return going


class _Problem:
    """The function of z that is minimised, and its first and (Gauss-Newton) second derivatives."""

    def __init__(self, decoder: Stack, loss: Loss, ridge: float) -> None:
        self.inner, self.last, self.ridge = decoder.layers[:-1], decoder.layers[-1], np.float32(ridge)
        self.bernoulli = loss == "bce" and self.last.activation == "sigmoid"
        weight = self.last.weight
        # One layer: every row has the Jacobian W, and its products are formed once for all.
        self.products = None if self.inner else (weight[:, :, None] * weight[:, None, :]).reshape(len(weight), -1)

    def value(self, x: Array, z: Array) -> Array:
        """The loss of each row: (n, pixels), (n, d) -> (n,)."""
        logits = self.last.linear(Stack(self.inner)(z))
        if self.bernoulli:
            terms = np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits))) - x * logits
        else:
            terms = np.square(self._out(logits) - x)
        return np.asarray(terms.sum(1) + 0.5 * self.ridge * np.square(z).sum(1), np.float32)

    def derivatives(self, x: Array, z: Array) -> tuple[Array, Array]:
        """Gradient (n, d) and Gauss-Newton matrix (n, d, d) of each row."""
        hidden, jacobian = _forward(self.inner, z)
        slope, bend = self._at_logits(x, self.last.linear(hidden))
        if self.products is not None:
            gradient = slope @ self.last.weight
            curvature = (bend @ self.products).reshape(len(z), z.shape[1], z.shape[1])
        else:
            jacobian = _through(jacobian, self.last)
            gradient = (jacobian @ slope[:, :, None])[:, :, 0]
            curvature = (jacobian * bend[:, None, :]) @ jacobian.swapaxes(1, 2)
        np.einsum("nii->ni", curvature)[...] += self.ridge
        return gradient + self.ridge * z, curvature

    def _at_logits(self, x: Array, logits: Array) -> tuple[Array, Array]:
        """The loss's derivative by each logit, and its (Gauss-Newton) second derivative."""
        out = self._out(logits)
        if self.bernoulli:
            return out - x, out * (1 - out)
        inward = SLOPES[self.last.activation](logits)
        return 2 * (out - x) * inward, 2 * np.square(inward)

    def _out(self, logits: Array) -> Array:
        return ACTIVATIONS[self.last.activation](logits)


def _forward(layers: Sequence[Layer], z: Array) -> tuple[Array, Array]:
    """The output of hidden layers and its Jacobian, transposed: (n, d) -> (n, width), (n, d, width)."""
    jacobian = np.broadcast_to(np.eye(z.shape[1], dtype=np.float32), (len(z), z.shape[1], z.shape[1]))
    for layer in layers:
        before = layer.linear(z)
        jacobian = _through(jacobian, layer) * SLOPES[layer.activation](before)[:, None, :]
        z = ACTIVATIONS[layer.activation](before)
    return z, jacobian


def _through(jacobian: Array, layer: Layer) -> Array:
    """(n, d, in) -> (n, d, out), as one matrix product."""
    n, d, width = jacobian.shape
    return (jacobian.reshape(n * d, width) @ layer.weight.T).reshape(n, d, -1)
