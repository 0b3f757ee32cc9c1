"""Adam: torch's own, bit for bit."""

import pytest
import torch

from aecore.adam import Adam
from aecore.training import generator_for


@pytest.mark.parametrize(("decoupled", "torch_s"), [(False, torch.optim.Adam), (True, torch.optim.AdamW)])
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_steps_are_bitwise_torch_s(decoupled, torch_s, decay):
    draw = generator_for(0)
    ours = [torch.nn.Parameter(torch.randn(shape, generator=draw)) for shape in ((30, 40), (40,))]
    theirs = [torch.nn.Parameter(parameter.detach().clone()) for parameter in ours]
    optimisers = [
        Adam(ours, 0.01, 1e-6, decay, decoupled),
        torch_s(theirs, 0.01, eps=1e-6, weight_decay=decay, fused=True),
    ]
    for _ in range(5):
        for mine, other in zip(ours, theirs, strict=True):
            mine.grad = torch.randn(mine.shape, generator=draw)
            other.grad = mine.grad.clone()
        for optimiser in optimisers:
            optimiser.step()
    assert all(torch.equal(mine, other) for mine, other in zip(ours, theirs, strict=True))
