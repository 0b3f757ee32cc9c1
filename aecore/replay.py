"""A training step recorded once as a CUDA graph and replayed from then on: one launch instead of hundreds."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Generator, Tensor

Record = Callable[[Callable[[], None], Generator], Callable[[], None]]

_WARM_UP = 3  # steps before the record, in which libraries set themselves up


class Replayed:
    """`step(rows)`, which changes tensors in place and gives one, recorded and replayed for batches of the first size.

    A record keeps addresses and numbers: what differs from step to step has to lie in tensors that stay where they
    are, the learning rates among them, and `step` may draw random numbers from `generator` alone. Batches of other
    sizes, the first few, and all of them without a `record` are run as they are, with the same result.
    """

    def __init__(self, step: Callable[[Tensor], Tensor], generator: Generator, record: Record | None) -> None:
        self.step, self.generator, self.record = step, generator, record
        self.rows: Tensor | None = None  # where a record finds its batch
        self.calls = 0
        self.again: Callable[[], None] | None = None

    def __call__(self, rows: Tensor) -> Tensor:
        """What `step` gives, until the next call."""
        if self.rows is None:
            self.rows = torch.empty_like(rows)
        if not self.record or rows.shape != self.rows.shape:
            return self.step(rows)
        self.calls += 1
        if self.calls <= _WARM_UP:
            return self.step(rows)
        self.rows.copy_(rows)
        if self.again is None:
            try:
                self.again = self.record(self._recorded, self.generator)
            except RuntimeError as error:
                self.record = None
                warnings.warn(f"A step cannot be recorded, so training goes on without ({error}).", stacklevel=2)
                return self.step(rows)
        self.again()
        return self.result

    def _recorded(self) -> None:
        assert self.rows is not None
        self.result = self.step(self.rows)


def held(value: float, device: torch.device) -> Tensor:
    """A number that changes between steps, in a tensor: float64 on the CPU, and float32 where there may be none."""
    return torch.tensor(value, dtype=torch.float64 if device.type == "cpu" else torch.float32, device=device)


def cuda_graph(step: Callable[[], None], generator: Generator) -> Callable[[], None]:
    """Record `step`, without running it, as a CUDA graph; what comes back runs it."""
    graph = torch.cuda.CUDAGraph()
    graph.register_generator_state(generator)
    with torch.cuda.graph(graph):
        step()
    return graph.replay


RECORDS: dict[str, Record] = {"cuda": cuda_graph}  # by type of device
