"""aecore: train, cache and measure autoencoders. Public names load on first use; `import aecore` imports no torch."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import aecore.latents  # noqa: F401 - no other module imports it, so that mypy would not see it below
    from aecore import datasets, evaluation, exports, figures, jobs, latents, neighbours, projection, store, studies
    from aecore.config import RunConfig, make_config
    from aecore.datasets import Dataset
    from aecore.errors import AecoreError
    from aecore.experiment import load_or_train
    from aecore.families import MODELS, Family
    from aecore.store import Run

__all__ = [
    "MODELS",
    "AecoreError",
    "Dataset",
    "Family",
    "Run",
    "RunConfig",
    "datasets",
    "evaluation",
    "exports",
    "figures",
    "jobs",
    "latents",
    "load_or_train",
    "make_config",
    "neighbours",
    "projection",
    "store",
    "studies",
]

_MODULES = (
    "datasets",
    "evaluation",
    "exports",
    "figures",
    "jobs",
    "latents",
    "neighbours",
    "projection",
    "store",
    "studies",
)

_HOME_OF = {
    "AecoreError": "aecore.errors",
    "Dataset": "aecore.datasets",
    "Family": "aecore.families",
    "MODELS": "aecore.families",
    "Run": "aecore.store",
    "RunConfig": "aecore.config",
    "load_or_train": "aecore.experiment",
    "make_config": "aecore.config",
}


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return import_module(f"aecore.{name}")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'aecore' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
