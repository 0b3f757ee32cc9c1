"""View: what of a run is to be exported."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from aecore import latents
from aecore.datasets.base import Bytes
from aecore.errors import AecoreError
from aecore.places import code_at
from aecore.stacks import Array
from aecore.store import SAMPLES, Run

Way = Literal["lerp", "slerp"]


@dataclass(frozen=True)
class View:
    """A run, a code in it, and where a walk from that code goes: along one dimension, or to another code.

    `code` and `to` are spelled as `places.code_at` reads them. Raises `AecoreError` for a walk that cannot be.
    """

    run: Run
    code: str = "test-0"
    dimension: int | None = None
    to: str | None = None
    way: Way = "lerp"
    scale: int = 8  # screen pixels for each pixel of a picture
    images: bool = False  # whether a table holds the pictures too

    def __post_init__(self) -> None:
        d = self.run.config.latent_dim
        if self.dimension is not None and self.to is not None:
            raise AecoreError("A walk goes along a dimension or to another code, not both; leave one of them out.")
        if self.dimension is not None and not 0 <= self.dimension < d:
            raise AecoreError(f"There is no dimension {self.dimension}; this run's are 0 to {d - 1}.")
        if not 1 <= self.scale <= 64:
            raise AecoreError(f"The scale must be 1 to 64 screen pixels a pixel, not {self.scale}.")

    @cached_property
    def z(self) -> Array:
        """The code, (d,)."""
        return code_at(self.run, self.code)

    @property
    def walks(self) -> bool:
        """Whether a walk was asked for."""
        return self.dimension is not None or self.to is not None

    def walk(self, steps: int) -> Array:
        """Codes on the way, (steps, d): to the other code, or through a dimension's range, by default the first's."""
        t = np.linspace(0, 1, steps)
        if self.to is not None:
            between = latents.slerp if self.way == "slerp" else latents.lerp
            return between(self.z, code_at(self.run, self.to), t)
        dimension = self.dimension
        if dimension is None:
            dimension = int(latents.order(latents.importance(self.run))[0])
        low, high = latents.ranges(self.run.codes, SAMPLES in self.run.kinds())[dimension]
        return latents.traversal(self.z, dimension, low + t * (high - low))

    def decoded(self, z: Array) -> Bytes:
        """The pictures of codes, as they are shown: (n, d) -> (n, h, w) uint8."""
        dataset = self.run.dataset
        return dataset.grey(self.run.decode(z)).reshape(-1, *dataset.test_images.shape[1:])
