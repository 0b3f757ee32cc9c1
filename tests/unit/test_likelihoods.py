"""The loss terms against torch.distributions."""

import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence
from torch.nn.functional import binary_cross_entropy_with_logits

from aecore.likelihoods import bernoulli_nll, kl_standard_normal, squared_error


def test_bernoulli_nll_is_the_distribution_s():
    logits, x = torch.randn(7, 31), torch.bernoulli(torch.rand(7, 31))
    expected = -Bernoulli(logits=logits).log_prob(x).sum(1)
    torch.testing.assert_close(bernoulli_nll(logits, x), expected)


@pytest.mark.parametrize("pixels", [784, 7, 1])
def test_bernoulli_nll_is_torch_s_and_its_gradient_bit_for_bit(pixels):
    draw = torch.Generator().manual_seed(0)
    x = torch.rand(6, pixels, generator=draw)
    logits = (8 * torch.randn(6, pixels, generator=draw)).requires_grad_()
    theirs = binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
    ours = bernoulli_nll(logits, x)
    torch.testing.assert_close(ours, theirs)
    assert torch.equal(*(torch.autograd.grad(nll.mean(), logits)[0] for nll in (ours, theirs)))


def test_bernoulli_nll_of_grey_pixels_is_least_at_the_pixels_themselves():
    x = torch.rand(5, 40).clamp(0.01, 0.99)
    entropy = Bernoulli(x).entropy().sum(1)
    torch.testing.assert_close(bernoulli_nll(torch.logit(x), x), entropy)
    assert (bernoulli_nll(torch.logit(x) + 0.1, x) > entropy).all()


def test_bernoulli_nll_stays_finite_at_extreme_logits():
    assert bernoulli_nll(torch.tensor([[1e4, -1e4]]), torch.tensor([[0.0, 1.0]])).tolist() == [2e4]


def test_kl_is_the_distributions():
    mean, logvar = torch.randn(9, 4), torch.randn(9, 4)
    expected = kl_divergence(Normal(mean, (0.5 * logvar).exp()), Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(kl_standard_normal(mean, logvar), expected)
    assert kl_standard_normal(torch.zeros(1, 4), torch.zeros(1, 4)).item() == 0


def test_squared_error_is_a_gaussian_s_negative_log_likelihood_but_for_its_constant():
    x_hat, x = torch.rand(6, 11), torch.rand(6, 11)
    gaussian = Normal(x_hat, 0.5**0.5)
    constant = 0.5 * torch.log(torch.tensor(torch.pi)) * 11
    torch.testing.assert_close(squared_error(x_hat, x), -gaussian.log_prob(x).sum(1) - constant)
