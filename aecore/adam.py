"""Adam, each step one call of torch's fused kernel: on small models torch's own class costs as much as the kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

_BETAS = (0.9, 0.999)


class Adam(Optimizer):
    """w <- w - lr m_hat / (sqrt(v_hat) + eps), with Adam's moments of the gradients; betas 0.9 and 0.999.

    `weight_decay` c: c w is added to the gradients, or where `decoupled` (AdamW) lr c w is taken from w. Bitwise
    torch's `Adam` and `AdamW` with `fused`. Sources: Kingma & Ba 2015; Loshchilov & Hutter 2019.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        lr: float,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled: bool = False,
    ) -> None:
        # "fused": torch then loads "step" to where the parameters are.
        super().__init__(parameters, {"lr": lr, "eps": eps, "weight_decay": weight_decay, "fused": True})
        self.kernel = torch._fused_adamw_ if decoupled else torch._fused_adam_
        for group in self.param_groups:
            step = torch.zeros((), device=group["params"][0].device)  # one for all: it is counted once
            for parameter in group["params"]:
                self.state[parameter] = {
                    "step": step,
                    "exp_avg": torch.zeros_like(parameter),
                    "exp_avg_sq": torch.zeros_like(parameter),
                }

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """One update of every parameter from its `grad`."""
        for group in self.param_groups:
            parameters = group["params"]
            slots = [self.state[parameter] for parameter in parameters]
            steps, means, squares = ([slot[name] for slot in slots] for name in ("step", "exp_avg", "exp_avg_sq"))
            for step in set(steps):  # after a load each has its own
                step += 1
            self.kernel(
                parameters, [parameter.grad for parameter in parameters], means, squares, [], steps,
                lr=group["lr"], beta1=_BETAS[0], beta2=_BETAS[1], weight_decay=group["weight_decay"], eps=group["eps"],
                amsgrad=False, maximize=False,
            )  # fmt: skip
