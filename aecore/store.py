"""Runs on disk: where they live, how they are read, and how a file appears whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from platformdirs import user_data_path
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from aecore import optimised, stacks
from aecore.config import Codes, RunConfig, make_config, recipe_of
from aecore.errors import AecoreError
from aecore.families import MODELS
from aecore.files import write_array, write_whole
from aecore.stacks import Array, Stack

RECORD, WEIGHTS, HISTORY, CODES = "run.json", "weights.safetensors", "history.jsonl", "codes.safetensors"
MEASURES = "measures.json"
RECONSTRUCTIONS, SAMPLES, TRAVERSALS, POINTS = "reconstructions", "samples", "traversals", "points"
_SUFFIX = {RECONSTRUCTIONS: ".png", SAMPLES: "-samples.png", TRAVERSALS: "-traversal.png", POINTS: "-points.npy"}


def home() -> Path:
    """The folder of a user's own runs: `$AECORE_HOME`, or the platform's user data folder."""
    named = os.environ.get("AECORE_HOME")
    return Path(named).expanduser() if named else user_data_path("aecore", appauthor=False)


def shipped() -> Path:
    """The folder of the runs that come with the project; it may be absent."""
    return Path(__file__).resolve().parent.parent / "checkpoints"


class RunFolder:
    """What a finished run and one in the making have in common: a config, a history, grids."""

    def __init__(self, path: Path, config: RunConfig) -> None:
        self.path, self.config = path, config

    @property
    def run_id(self) -> str:
        """The run's name, which is also its folder's."""
        return self.config.run_id

    @property
    def title(self) -> str:
        """What a person reads, such as "AE · 20-d · Fashion-MNIST · 100 epochs", and a recipe if not the chapter's."""
        config, family, recipe = self.config, MODELS[self.config.family], recipe_of(self.config)
        parts = [family.short, f"{config.latent_dim}-d", _dataset_title(config.dataset)]
        if config.train_images:
            parts.append(f"{config.train_images:,} images")
        if "epochs" not in family.unused:
            parts.append(f"{config.epochs} epochs" if config.epochs != 1 else "1 epoch")
        if recipe not in ("chapter", None):
            parts.append(f"{recipe} recipe")
        elif recipe is None and config.optimiser != "adam":
            parts.append(config.optimiser.capitalize())
        return " · ".join(parts)

    def history(self) -> list[dict[str, Any]]:
        """One dict an epoch: `epoch`, `seconds`, `train` and `test`, each with its terms averaged over the images.

        A last line that was cut off is left out.
        """
        return list(_read_lines(self.path / HISTORY))

    def kinds(self) -> tuple[str, ...]:
        """What is stored of epochs; samples only where there is a prior."""
        return tuple(kind for kind in _SUFFIX if self.epochs(kind))

    def epochs(self, kind: str = RECONSTRUCTIONS) -> list[int]:
        """The epochs of which that kind is stored, in order."""
        suffix = _SUFFIX[kind]
        names = (path.name for path in (self.path / "epochs").glob(f"????{suffix}"))
        return sorted(int(name[:4]) for name in names if name[:4].isdecimal())

    def grid(self, epoch: int, kind: str = RECONSTRUCTIONS) -> Path:
        """The picture of an epoch, an 8-bit grey PNG: a 10 x 10 grid, or a row for `TRAVERSALS`; `POINTS` are .npy."""
        return self.path / "epochs" / f"{epoch:04d}{_SUFFIX[kind]}"

    def points(self, epoch: int) -> Array | None:
        """Where the epoch's codes of the first test images lie on their plane, (n, 2) float16; None where not stored.

        The epochs' axes are turned so that points glide from one to the next (`glide.turned`).
        """
        try:
            return np.load(self.grid(epoch, POINTS), allow_pickle=False)  # type: ignore[no-any-return]
        except (OSError, ValueError, EOFError):
            return None


class Run(RunFolder):
    """A finished run. Files are read on first use and checked against `run.json`."""

    def __init__(self, path: Path) -> None:
        self.record: dict[str, Any] = _read_record(path)
        super().__init__(path, RunConfig.from_dict(self.record["config"]))

    @property
    def evaluation(self) -> dict[str, Any]:
        """The table of test numbers that `evaluation.evaluate` made when the run was finished."""
        return self.record["evaluation"]  # type: ignore[no-any-return]

    @property
    def shipped(self) -> bool:
        """Whether the run came with the project."""
        return self.path.parent == shipped()

    def weights(self) -> bytes:
        """The weights file as it is: a safetensors file of dense stacks."""
        return self._checked(WEIGHTS)

    @cached_property
    def stacks(self) -> dict[str, Stack]:
        """The run's dense stacks by name: `encoder`, `decoder`, and what else the family stores."""
        return stacks.parse(self.weights())

    def encode(self, x: Array) -> Array:
        """Codes of images: (n, pixels) float32 in [0, 1] -> (n, latent_dim); a VAE's are the means."""
        return self.stacks["encoder"](x)

    def decode(self, z: Array) -> Array:
        """Images of codes: (n, latent_dim) float32 -> (n, pixels); PCA's are not clipped to [0, 1]."""
        return self.stacks["decoder"](z)

    def optimise(self, x: Array) -> Array:
        """The codes that fit images best, searched one by one from `encode(x)`: (n, pixels) -> (n, latent_dim)."""
        return optimised.optimised_codes(self.stacks, self.config, x)

    def reconstruct(self, x: Array) -> Array:
        """`decode(encode(x))`: (n, pixels) -> (n, pixels)."""
        return self.decode(self.encode(x))

    @cached_property
    def _codes(self) -> dict[str, Array]:
        try:
            return load_tensors(self._checked(CODES))
        except SafetensorError as error:
            raise AecoreError(f"{self.path / CODES} is damaged ({error}); train the run again.") from error

    @property
    def codes(self) -> Array:
        """The codes of the test images, in the dataset's order: (n, latent_dim) float32."""
        return self._codes["codes"]

    @property
    def errors(self) -> dict[str, Array]:
        """Errors of each test image, (n,): `sse` (summed over pixels), and `bce` (nats) where pixels are in [0, 1]."""
        return {name: values for name, values in self._codes.items() if name != "codes"}

    def score(self, name: str, codes: Codes) -> float | None:
        """A mean over all test images with those codes, or None where it is not kept.

        Of the codes that the run was not trained with, `aecore evaluate RUN --codes ... --keep` keeps it.
        """
        kept = self.evaluation if codes == self.config.codes else self.measures.get(codes, {})
        return kept.get(name)

    @property
    def maps(self) -> dict[str, Array]:
        """The 2-D maps of the test codes that have been computed, (n, 2) by method."""
        found = sorted((self.path / "maps").glob("*.npy")) + sorted((_own_maps(self)).glob("*.npy"))
        return {path.stem: np.load(path, allow_pickle=False) for path in found}

    @property
    def measures(self) -> dict[str, Any]:
        """What `measures.measure` found of this run, where `save_measures` has kept it; otherwise empty.

        Under the name of another kind of codes than the run's: its errors with those.
        """
        for path in (self.path / MEASURES, _own_measures(self)):
            with suppress(OSError, ValueError):
                return json.loads(path.read_text("utf-8"))  # type: ignore[no-any-return]
        return {}

    def codes_bytes(self) -> bytes:
        """The file of codes and errors as it is: safetensors of `codes`, `sse` and, where there is one, `bce`."""
        return self._checked(CODES)

    def map_bytes(self, method: str) -> bytes:
        """A 2-D map as a safetensors file, for the page: `points` (n, 2)."""
        return save_tensors({"points": self.maps[method]})

    def save_map(self, method: str, points: Array) -> None:
        """Keep a 2-D map (n, 2) with the run; beside the user's runs where it is shipped or cannot be written to."""
        name = f"{method}.npy"
        try:
            write_array((_own_maps(self) if self.shipped else self.path / "maps") / name, points)
        except OSError:
            write_array(_own_maps(self) / name, points)

    def save_measures(self, table: Mapping[str, Any]) -> None:
        """Keep a table of measures with the run; beside the user's runs where the run's folder cannot be written."""
        data = json.dumps(dict(table), indent=1).encode()
        try:
            write_whole(self.path / MEASURES, data)
        except OSError:
            write_whole(_own_measures(self), data)

    def _checked(self, name: str) -> bytes:
        try:
            data = (self.path / name).read_bytes()
        except OSError as error:
            raise AecoreError(f"{self.path / name} cannot be read ({error.strerror}); train the run again.") from error
        if hashlib.sha256(data).hexdigest() != self.record["files"].get(name):
            raise AecoreError(
                f"{self.path / name} does not match its checksum; remove the folder and train the run again."
            )
        return data


def _own_maps(run: Run) -> Path:
    return home() / "maps" / run.run_id


def _own_measures(run: Run) -> Path:
    return home() / "measures" / f"{run.run_id}.json"


def ship(run: Run) -> Run:
    """Copy a finished run, with its maps, among those that come with the project."""
    place = shipped() / run.run_id
    part = place.with_name(f".{run.run_id}.part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(run.path, part, ignore=shutil.ignore_patterns("log.txt"))
    part.rename(place)
    return Run(place)


def delete(run: Run) -> None:
    """Delete a run of the user's own, with its maps and measures; raises `AecoreError` for one that is shipped."""
    if run.shipped:
        raise AecoreError(f"'{run.run_id}' came with the project; only runs that were trained here can be deleted.")
    gone = run.path.with_name(f".{run.run_id}.gone")
    shutil.rmtree(gone, ignore_errors=True)
    run.path.rename(gone)  # in one step, so that nobody sees half a run
    shutil.rmtree(gone, ignore_errors=True)
    shutil.rmtree(_own_maps(run), ignore_errors=True)
    _own_measures(run).unlink(missing_ok=True)


def asset(name: str) -> bytes | None:
    """A file that comes with the project beside the runs, or None where it is absent."""
    try:
        return (shipped() / name).read_bytes()
    except FileNotFoundError:
        return None


def ship_asset(name: str, data: bytes) -> Path:
    """Write a file that comes with the project beside the runs; `asset` reads it."""
    write_whole(shipped() / name, data)
    return shipped() / name


def folders() -> Sequence[Path]:
    """Where finished runs are looked for: shipped ones first, then the user's own."""
    return shipped(), home() / "runs"


def load(run_id: str) -> Run:
    """The finished run of that name; raises `AecoreError` where there is none or it is damaged."""
    for folder in folders():
        if (folder / run_id / RECORD).exists() and Path(run_id).name == run_id:
            return Run(folder / run_id)
    raise AecoreError(f"There is no run '{run_id}'; `aecore list` shows the runs there are.")


def find(config: RunConfig) -> Run | None:
    """The finished run of a config, or None."""
    found = (Run(folder / config.run_id) for folder in folders() if (folder / config.run_id / RECORD).exists())
    return next(found, None)


def runs() -> list[Run]:
    """Every readable finished run, shipped ones first, in the order of `MODELS`, the chapter's first of each family.

    Damaged ones: `damaged`.
    """
    return _scan()[0]


def damaged() -> list[str]:
    """One sentence for each run folder that cannot be read."""
    return _scan()[1]


def _scan() -> tuple[list[Run], list[str]]:
    good: dict[str, Run] = {}
    bad: list[str] = []
    for folder in folders():
        for record in sorted(folder.glob(f"*/{RECORD}")):
            try:
                good.setdefault(record.parent.name, Run(record.parent))
            except AecoreError as error:
                bad.append(str(error))
    return sorted(good.values(), key=_place), bad


def _place(run: Run) -> tuple[bool, int, bool, str]:
    family = run.config.family
    return not run.shipped, list(MODELS).index(family), run.config != make_config(family), run.run_id


def _read_record(path: Path) -> dict[str, Any]:
    try:
        record = json.loads((path / RECORD).read_text("utf-8"))
        if not {"config", "evaluation", "files", "epochs"} <= record.keys():
            raise ValueError("fields are missing")
    except (OSError, ValueError, AttributeError) as error:
        raise AecoreError(
            f"{path / RECORD} is damaged ({error}); remove the folder and train the run again."
        ) from error
    return record  # type: ignore[no-any-return]


def _read_lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        data = path.read_bytes()
    except OSError:
        return
    for line in data[: data.rfind(b"\n") + 1].splitlines():
        yield json.loads(line)


def _dataset_title(name: str) -> str:
    from aecore.datasets import title

    return title(name)
