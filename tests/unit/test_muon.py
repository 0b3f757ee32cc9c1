"""Muon: its directions are orthogonal, and its steps those of its equation."""

import pytest
import torch

from aecore.muon import Muon, orthogonal
from aecore.training import generator_for


def with_values(values, rows, columns):
    """A random (rows, columns) matrix with these singular values."""
    draw = torch.randn(rows, columns, generator=generator_for(0))
    u, _, vt = torch.linalg.svd(draw, full_matrices=False)
    return u @ torch.diag(values) @ vt


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(8, 20), (8, 8)])
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e5])
def test_singular_values_come_near_one(dtype, shape, scale):
    """From a hundredth of the largest to the largest: all within 1 +- 0.65, or what bfloat16 makes of that."""
    one = scale * with_values(torch.logspace(-2, 0, 8), *shape).to(dtype)
    (made,) = orthogonal(one[None])
    got = torch.linalg.svdvals(made.float())
    assert made.dtype == dtype
    low, high = (0.34, 1.66) if dtype == torch.float32 else (0.2, 1.9)
    assert low < got.min() and got.max() < high


def test_matrices_in_a_stack_do_not_see_each_other():
    draw = generator_for(4)
    stack = torch.randn(3, 8, 20, generator=draw) * torch.tensor([1e-6, 1.0, 1e4])[:, None, None]
    for one, made in zip(stack, orthogonal(stack), strict=True):
        torch.testing.assert_close(made, orthogonal(one[None])[0])


def test_singular_vectors_stay():
    matrix = with_values(torch.linspace(0.3, 1, 8), 8, 20)
    u, _, vt = torch.linalg.svd(matrix, full_matrices=False)
    inner = u.mT @ orthogonal(matrix[None])[0] @ vt.mT
    torch.testing.assert_close(inner, torch.diag(inner.diagonal()), atol=1e-4, rtol=0)
    assert inner.diagonal().min() > 0


def test_a_zero_gradient_moves_nothing():
    weight = torch.nn.Parameter(torch.ones(3, 5))
    weight.grad = torch.zeros(3, 5)
    Muon([weight], lr=0.1).step()
    assert torch.equal(weight, torch.ones(3, 5))


@pytest.mark.parametrize("shape", [(300, 400), (400, 300)])
def test_the_shorter_side_is_made_orthogonal_in_blocks(shape):
    weight = torch.nn.Parameter(torch.zeros(shape))
    weight.grad = torch.randn(shape, generator=generator_for(0))
    Muon([weight], lr=1.0, momentum=0.0).step()
    side = shape.index(300)
    scale = max(1, shape[0] / shape[1]) ** 0.5
    for block, moved in zip(weight.grad.split(128, side), weight.detach().split(128, side), strict=True):
        block, moved = (one.mT if side else one for one in (block, moved))
        torch.testing.assert_close(moved, -scale * orthogonal(block[None])[0])


def test_two_steps_are_those_of_the_equation():
    first, second = (torch.randn(6, 3, generator=generator_for(i)) for i in (1, 2))
    weight = torch.nn.Parameter(torch.randn(6, 3, generator=generator_for(3)))
    expected = weight.detach().clone()
    muon, m = Muon([weight], lr=0.1, momentum=0.9, weight_decay=0.5), torch.zeros(6, 3)
    for gradient in (first, second):
        weight.grad = gradient
        muon.step()
        m = 0.9 * m + 0.1 * gradient
        expected = (1 - 0.1 * 0.5) * expected - 0.1 * 2**0.5 * orthogonal((0.1 * gradient + 0.9 * m).mT[None])[0].mT
    torch.testing.assert_close(weight.detach(), expected, atol=1e-4, rtol=1e-4)
