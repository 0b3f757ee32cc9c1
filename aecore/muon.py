"""Muon: momentum whose matrix is replaced by the nearest one with orthonormal rows or columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

# Of the odd polynomial a s + b s^3 + c s^5 that drives singular values towards 1 (Jordan et al. 2024).
_A, _B, _C = 3.4445, -4.7750, 2.0315
_EPS = 1e-7


class Muon(Optimizer):
    """W <- (1 - lr * weight_decay) W - lr sqrt(max(1, rows / columns)) orthogonal(g + momentum m), m <- momentum m + g.

    (m averages: m <- momentum m + (1 - momentum) g, as in torch.) Matrices of like shape are orthogonalised together,
    lying on their longer side, in bfloat16. Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers".
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        steps: int = 5,
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "steps": steps})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """One update of every parameter from its `grad`."""
        for group in self.param_groups:
            parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
            buffers = [self._momentum(parameter) for parameter in parameters]
            gradients: list[Tensor] = [parameter.grad for parameter in parameters]
            torch._foreach_lerp_(buffers, gradients, 1 - group["momentum"])
            updates = list(torch._foreach_lerp(gradients, buffers, group["momentum"]))
            torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
            for members in _alike(parameters):
                flat = torch.stack([_lying(updates[i]) for i in members])
                for i, made in zip(members, orthogonal(flat, group["steps"]), strict=True):
                    rows, columns = parameters[i].shape
                    direction = made.mT if rows > columns else made
                    parameters[i].add_(direction, alpha=-group["lr"] * max(1, rows / columns) ** 0.5)

    def _momentum(self, parameter: Tensor) -> Tensor:
        state = self.state[parameter]
        if not state:
            state["momentum_buffer"] = torch.zeros_like(parameter)
        return state["momentum_buffer"]  # type: ignore[no-any-return]


def orthogonal(matrices: Tensor, steps: int = 5) -> Tensor:
    """U V' of each matrix U S V', (k, rows, columns) with rows <= columns, roughly: singular values end near 1.

    Newton-Schulz iterations X <- a X + (b X X' + c (X X')^2) X in bfloat16, from X scaled to unit norm.
    """
    x = matrices.bfloat16()
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=_EPS)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=_B, alpha=_C), x, beta=_A)
    return x


def _lying(matrix: Tensor) -> Tensor:
    return matrix.mT if matrix.shape[0] > matrix.shape[1] else matrix


def _alike(matrices: list[Tensor]) -> Iterable[list[int]]:
    """The positions of matrices with the same two sides, whichever is up."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for i, matrix in enumerate(matrices):
        groups.setdefault(tuple(sorted(matrix.shape)), []).append(i)
    return groups.values()
