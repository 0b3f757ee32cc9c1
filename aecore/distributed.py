"""Several processes that train one run: what they share of each batch, and how their gradients become one.

`torchrun` starts the processes. Each has the whole model and reads its share of every batch; torch's
DistributedDataParallel averages the gradients, so that all take the same step. The first writes the run.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Generator, Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from aecore.errors import AecoreError, system_errors
from aecore.models.base import Objective, Terms

PATIENCE = timedelta(hours=2)  # for the first process, which scores each epoch while the others wait
_T = TypeVar("_T")


class Team:
    """One process that trains alone: it has the whole batch, and its gradients are the gradients."""

    rank, size = 0, 1

    def agreed(self, value: _T) -> _T:
        """What the first process says, on all of them."""
        return value

    def share(self, batch: Tensor) -> tuple[Tensor, float]:
        """This process's part of a batch, and its weight: its images' share of the batch, times `size`."""
        return batch, 1.0

    def joined(self, objective: Objective) -> Objective:
        """The objective, with gradients that `gradients` can average."""
        return objective

    def gradients(self, loss: Tensor, parameters: list[nn.Parameter], weight: float) -> tuple[Tensor, ...]:
        """The gradient of the mean loss over the whole batch."""
        return torch.autograd.grad(loss, parameters)

    def noise_seed(self, noise: Generator, seed: int, epoch: int) -> None:
        """Before an epoch: set the stream of noise where processes need streams of their own."""

    def total(self, sums: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Sums over all processes."""
        return dict(sums)

    def settle(self, model: nn.Module) -> None:
        """After an epoch: one state of what a model counts beside its weights."""


ALONE = Team()


class Together(Team):
    """One of `size` processes.

    With b images in a batch and b_r of them here, DistributedDataParallel's mean over processes of
    (size b_r / b) * (mean over the b_r) is the mean over the b images, whatever the shares.
    """

    def __init__(self) -> None:
        self.rank, self.size = dist.get_rank(), dist.get_world_size()

    def agreed(self, value: _T) -> _T:
        """What the first process says, on all of them."""
        box = [value]
        dist.broadcast_object_list(box, src=0)
        return box[0]

    def share(self, batch: Tensor) -> tuple[Tensor, float]:
        """A run of the batch; where there are fewer images than processes, some take one that counts nothing."""
        cuts = [len(batch) * rank // self.size for rank in (self.rank, self.rank + 1)]
        own = batch[cuts[0] : cuts[1]]
        return (own, len(own) * self.size / len(batch)) if len(own) else (batch[:1], 0.0)

    def joined(self, objective: Objective) -> Objective:
        """The objective behind DistributedDataParallel: one for each, as each has parameters of its own."""
        # Its reducer starts in the backward pass that follows a call of it, and in no other objective's.
        return objective._replace(terms=DistributedDataParallel(_Joined(objective)))

    def gradients(self, loss: Tensor, parameters: list[nn.Parameter], weight: float) -> tuple[Tensor, ...]:
        """The gradient of the mean loss over the whole batch, the same on every process."""
        for parameter in parameters:
            parameter.grad = None
        torch.autograd.backward(loss * weight, inputs=parameters)
        return tuple(parameter.grad for parameter in parameters if parameter.grad is not None)

    def noise_seed(self, noise: Generator, seed: int, epoch: int) -> None:
        """A stream for each process and epoch, so that the run can be resumed from the first one's snapshot."""
        noise.manual_seed((seed * 1_000_003 + (epoch * self.size + self.rank) * 1_009 + 17) % 2**63)

    def total(self, sums: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Sums over all processes."""
        both = torch.stack([value.double() for value in sums.values()])
        dist.all_reduce(both)
        return dict(zip(sums, both, strict=True))

    def settle(self, model: nn.Module) -> None:
        """Running moments (batch normalisation's, of each process's share) become their mean."""
        for buffer in model.buffers():
            if buffer.is_floating_point():
                dist.all_reduce(buffer)
                buffer /= self.size


class _Joined(nn.Module):
    """An objective's terms as a module with exactly its parameters, which is what DistributedDataParallel wraps."""

    def __init__(self, objective: Objective) -> None:
        super().__init__()
        self.held = nn.ParameterList(objective.parameters)
        self.objective = objective

    def forward(self, x: Tensor, generator: Generator) -> Terms:
        return self.objective.terms(x, generator)


@contextmanager
def team() -> Iterator[Team]:
    """The processes that `torchrun` started together.

    Raises `AecoreError` in every process that is left when one of them ends early.
    """
    before = signal.signal(signal.SIGTERM, _ended)  # torchrun's, to whoever is left
    with one_sentence():
        dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        yield Together()
        gc.collect()  # the reducers hold on to the group, which must not be taken apart at the interpreter's end
        dist.barrier()
        dist.destroy_process_group()
    signal.signal(signal.SIGTERM, before)


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turn what torch raises when another process is gone, and what the system refuses, into an `AecoreError`."""
    try:
        with system_errors():
            yield
    except RuntimeError as error:
        if not isinstance(error, dist.DistError) and "gloo" not in str(error):
            raise
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # torchrun's comes too, and must not cut the sentence off
        raise AecoreError(_LEFT) from error


def _ended(signal_number: int, frame: FrameType | None) -> Any:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise AecoreError(_LEFT)


_LEFT = (
    "Another process of this training ended or cannot be reached, so this one ends too; "
    "the run is kept up to its last epoch, and the same command goes on from there."
)
