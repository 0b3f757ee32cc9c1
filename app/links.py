"""Explore's link: which run, which start, which code; and what a wrong or old link opens instead."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from aecore.datasets import Dataset
from aecore.places import decode_code
from aecore.store import SAMPLES, Run

PARAMETERS = ("run", "start", "z", "panel", "view")
DEFAULT_START = "test-0"
SEEDS = 2**32  # of samples


@dataclass(frozen=True)
class Place:
    """Where Explore is: a run, a start such as "test-12", "mean-3", "sample-7" or "zero", and the text of a code.

    The picture of the start "own-3" is in one browser alone, so that its code is always given. `z` is None at any
    other start's own code, `panel` at the first one; `view` is what that panel wrote of itself.
    """

    run: str
    start: str
    z: str | None = None
    panel: str | None = None
    view: str | None = None

    @property
    def image(self) -> tuple[str, int] | None:
        """The image of the dataset that this starts from, ("test" or "train", its number), if it does from one."""
        kind, _, number = self.start.partition("-")
        return (kind, int(number)) if kind in ("test", "train") else None


def across(place: Place, run_id: str) -> Place:
    """The same start in another run: its own code there; of the view, the sliders' axes alone come along."""
    axes = (place.view or "").partition(" ")[0]
    return replace(place, run=run_id, z=None, view=axes if axes == "principal" else None)


def resolve(link: Mapping[str, str | None], finished: Sequence[Run]) -> tuple[Place, str | None]:
    """The place that a link names, and one sentence where it cannot be opened as it says.

    A link without a run means the first of `finished`, one without a start the first test image.
    """
    name, start, z, panel, view = (link.get(parameter) or None for parameter in PARAMETERS)
    run = next((run for run in finished if run.run_id == name), finished[0])
    dataset = run.dataset
    if name not in (None, run.run_id):
        start = start if start and _starts(start, run, dataset) else DEFAULT_START
        return Place(
            run.run_id, start, panel=panel
        ), f"The link's run “{name}” is not on this computer; this is {run.title}."
    if start and not _starts(start, run, dataset):
        problem = f"The link's start “{start}” does not exist for {dataset.title}; this starts from test image 0."
        return Place(run.run_id, DEFAULT_START, panel=panel), problem
    place = Place(run.run_id, start or DEFAULT_START, panel=panel, view=view)
    wrong = z and _problem(z, run.config.latent_dim)
    return (place, f"{wrong}; this is the start's own code.") if wrong else (replace(place, z=z), None)


def _starts(start: str, run: Run, dataset: Dataset) -> bool:
    match = re.fullmatch(r"(test|train|mean|sample|own)-(\d{1,10})", start)
    if not match:
        return start == "zero"
    number = int(match[2])
    if match[1] == "mean":
        return number in dataset.test_labels  # a class without a test image has no mean
    if match[1] in ("test", "train"):
        return number < len(dataset.test_labels if match[1] == "test" else dataset.train_labels)
    if match[1] == "sample" and SAMPLES not in run.kinds() and len(dataset.test_labels) < 2:
        return False  # there is no Gaussian of one code
    return number < SEEDS


def _problem(z: str, latent_dim: int) -> str | None:
    code = decode_code(z)
    if code is None:
        return "The link's code is damaged"
    if len(code) != latent_dim:
        return f"The link's code has {len(code)} numbers where this model's have {latent_dim}"
    return None
