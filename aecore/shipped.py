"""SHIPPED: the runs that come with the project. `aecore ship` trains those that are absent."""

from __future__ import annotations

from aecore.config import RunConfig, make_config

_FASHION = (
    *(make_config(family) for family in ("ae", "vae", "pca", "logistic-pca", "denoising-ae", "adversarial-ae")),
    make_config("ae", "best"),
    make_config("vae", "best"),
    make_config("logistic-pca", "optimised"),
    make_config("ae", "small"),
    make_config("dropout-ae", "small"),
)

_MNIST = (
    make_config("ae", "deep", dataset="mnist", latent_dim=30),
    make_config("pca", dataset="mnist", latent_dim=30),
    make_config("logistic-pca", dataset="mnist", latent_dim=30),
    make_config("logistic-pca", "optimised", dataset="mnist", latent_dim=30),
    make_config("vae", "example", dataset="mnist"),
)

_FACES = tuple(
    config
    for dataset in ("olivetti", "olivetti_sharp")
    for config in (make_config("ae", "faces", dataset=dataset), make_config("pca", dataset=dataset, latent_dim=30))
)

SHIPPED: tuple[RunConfig, ...] = (*_FASHION, *_MNIST, *_FACES)
