"""The loss terms against torch.distributions."""

import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from aecore.likelihoods import bernoulli_nll, kl_standard_normal, squared_error


def test_bernoulli_nll_is_the_distribution_s():
    logits, x = torch.randn(7, 31), torch.bernoulli(torch.rand(7, 31))
    expected = -Bernoulli(logits=logits).log_prob(x).sum(1)
    torch.testing.assert_close(bernoulli_nll(logits, x), expected)


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
