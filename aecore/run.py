"""A run's folder: config, history, pictures; of a finished run also weights, codes, maps and scores, each checked."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors

from aecore import datasets, locks, optimised, roots, stacks
from aecore.config import Codes, RunConfig, recipe_of
from aecore.datasets import Dataset
from aecore.errors import AecoreError
from aecore.families import MODELS
from aecore.files import array_bytes, json_text, parse_array, tensor_bytes, write_whole
from aecore.record import RECORD, is_number, read_record
from aecore.stacks import Array, Stack

WEIGHTS, HISTORY, CODES, MEASURES = "weights.safetensors", "history.jsonl", "codes.safetensors", "measures.json"
EPOCHS, MAPS = "epochs", "maps"  # folders of a run
RECONSTRUCTIONS, SAMPLES, TRAVERSALS, POINTS = "reconstructions", "samples", "traversals", "points"
_SUFFIX = {RECONSTRUCTIONS: ".png", SAMPLES: "-samples.png", TRAVERSALS: "-traversal.png", POINTS: "-points.npy"}


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
        parts = [family.short, f"{config.latent_dim}-d", datasets.title(config.dataset)]
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

        Lines that are no such dict, as one that was cut off, are left out.
        """
        try:
            return parse_history((self.path / HISTORY).read_bytes())
        except OSError:
            return []

    def kinds(self) -> tuple[str, ...]:
        """What is stored of epochs; samples only where there is a prior."""
        return tuple(kind for kind in _SUFFIX if self.epochs(kind))

    def epochs(self, kind: str = RECONSTRUCTIONS) -> list[int]:
        """The epochs of which that kind is stored, in order."""
        suffix = _SUFFIX[kind]
        numbers = (path.name.removesuffix(suffix) for path in (self.path / EPOCHS).glob(f"*{suffix}"))
        return sorted(int(number) for number in numbers if re.fullmatch(r"\d{4,9}", number, re.ASCII))

    def grid(self, epoch: int, kind: str = RECONSTRUCTIONS) -> Path:
        """The file of an epoch: an 8-bit grey PNG of a 10 x 10 grid, or a row for `TRAVERSALS`; `POINTS` are .npy."""
        return self.path / EPOCHS / f"{epoch:04d}{_SUFFIX[kind]}"

    def sheet(self, epoch: int, kind: str = RECONSTRUCTIONS) -> NDArray[np.uint8]:
        """The picture of an epoch, (height, width) uint8; raises `AecoreError` where it is missing or damaged."""
        path = self.grid(epoch, kind)
        try:
            data = self.read(path)
            with Image.open(BytesIO(data)) as image:
                image.verify()  # Pillow decodes image data that do not match their checksum
            with Image.open(BytesIO(data)) as image:
                return np.array(image.convert("L"))
        except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
            raise AecoreError(f"The grid {path} is missing or damaged; train the run again.") from error

    def points(self, epoch: int) -> Array | None:
        """Where the epoch's codes of the first test images lie on their plane, (n, 2) float16; None where not stored.

        The epochs' axes are turned so that points glide from one to the next (`glide.turned`).
        """
        try:
            points = parse_array(self.read(self.grid(epoch, POINTS)))
        except (OSError, ValueError, AecoreError):
            return None
        return points if is_map(points) else None

    def read(self, path: Path) -> bytes:
        """The content of a file in the run's folder; of a finished run it is checked. Raises `OSError`."""
        return path.read_bytes()


class Run(RunFolder):
    """A finished run. Files are read on first use and checked against `run.json`.

    Raises `AecoreError`, which says why, where the folder is no run.
    """

    def __init__(self, path: Path) -> None:
        self.record, config = read_record(path)
        super().__init__(path, config)

    @property
    def title(self) -> str:
        """As of any run; and that it belongs to other images than those that bear its dataset's name now."""
        return super().title + ("" if self.belongs() else " · other images")

    @property
    def version(self) -> str:
        """What tells this run from another that was trained under the same name: 8 hex digits."""
        files = [self.record["files"].get(name, "") for name in (WEIGHTS, CODES, HISTORY)]
        return hashlib.sha256("".join(files).encode()).hexdigest()[:8]

    @property
    def dataset(self) -> Dataset:
        """The images that it was trained and tested on; raises `AecoreError` where they are absent or others now."""
        dataset = datasets.load(self.config.dataset)
        if not self._is_of(dataset):
            raise AecoreError(
                f"The run '{self.run_id}' belongs to other images than those of '{dataset.name}' now; bring the old "
                f"images back, or delete the run (`aecore delete {self.run_id}`) and train it again."
            )
        return dataset

    def belongs(self) -> bool:
        """Whether its images are those that bear its dataset's name now, or there are none of that name."""
        try:
            return self._is_of(datasets.load(self.config.dataset))
        except AecoreError:
            return True

    def check_images(self) -> None:
        """Raise `AecoreError` unless it `belongs`."""
        if not self.belongs():
            _ = self.dataset  # raises

    def _is_of(self, dataset: Dataset) -> bool:
        data: dict[str, str] = self.record["data"]
        return data == dict(dataset.checksums)

    @property
    def evaluation(self) -> dict[str, Any]:
        """The table of test numbers that `evaluation.evaluate` made when the run was finished."""
        return self.record["evaluation"]  # type: ignore[no-any-return]

    @property
    def shipped(self) -> bool:
        """Whether the run came with the project."""
        return self.path.parent == roots.shipped()

    def history(self) -> list[dict[str, Any]]:
        """As of any run; raises `AecoreError` where the file is damaged."""
        return parse_history(self._checked(HISTORY))

    def read(self, path: Path) -> bytes:
        """The content of a file of the run, checked where the record lists it: raises `AecoreError`, or `OSError`."""
        name = path.relative_to(self.path).as_posix() if path.is_relative_to(self.path) else ""
        return self._checked(name) if name in self._listed else path.read_bytes()

    def weights(self) -> bytes:
        """The weights file as it is: a safetensors file of dense stacks."""
        return self._checked(WEIGHTS)

    @cached_property
    def stacks(self) -> dict[str, Stack]:
        """The run's dense stacks by name: `encoder`, `decoder`, and what else the family stores.

        Raises `AecoreError` where they do not fit the config and the images.
        """
        found = stacks.parse(self.weights())
        pixels, d = math.prod(self.record["image_shape"]), self.config.latent_dim
        ends = {"encoder": (pixels, d), "decoder": (d, pixels), "logvar": (pixels, d)}
        if not {"encoder", "decoder"} <= found.keys() or any(
            stack.widths[:: len(stack.widths) - 1] != ends.get(name) for name, stack in found.items()
        ):
            raise AecoreError(f"{self.path / WEIGHTS} does not fit the run's config; {self._remedy}.")
        return found

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
            found: dict[str, Array] = load_tensors(self._checked(CODES))
        except SafetensorError as error:
            raise AecoreError(f"{self.path / CODES} is damaged ({error}); {self._remedy}.") from error
        shape = (self.evaluation.get("images"), self.config.latent_dim)
        if {len(values) for values in found.values()} != {shape[0]} or found.get("codes", np.zeros(0)).shape != shape:
            raise AecoreError(f"{self.path / CODES} does not fit the run's config; {self._remedy}.")
        return found

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
        """The 2-D maps of the test codes that have been computed and are sound, (n, 2) by method."""
        found = ((path, self._map(path)) for path in self._map_files())
        return {path.stem: points for path, points in found if points is not None}

    @property
    def damage(self) -> list[str]:
        """One sentence for each file that the run can do without and that is damaged."""
        maps = [path for path in self._map_files() if self._map(path) is None]
        told = [f"{path} is damaged and left out; `aecore map {self.run_id}` makes it anew." for path in maps]
        measured = next((path for path in self._measures_files() if path.exists()), None)
        if measured is not None and self._table(measured) is None:
            told.append(f"{measured} is damaged and left out; `aecore evaluate ... --keep` makes it anew.")
        return told

    @property
    def measures(self) -> dict[str, Any]:
        """What `measures.measure` found of this run, where `save_measures` has kept it; otherwise empty.

        Under the name of another kind of codes than the run's: its errors with those.
        """
        found = (self._table(path) for path in self._measures_files())
        return next((table for table in found if table is not None), {})

    def codes_bytes(self) -> bytes:
        """The file of codes and errors as it is: safetensors of `codes`, `sse` and, where there is one, `bce`."""
        _ = self._codes
        return self._checked(CODES)

    def map_bytes(self, method: str) -> bytes:
        """A 2-D map as a safetensors file, for the page: `points` (n, 2); raises `AecoreError` where there is none."""
        points = self.maps.get(method)
        if points is None:
            raise AecoreError(f"The run '{self.run_id}' has no map '{method}'; `aecore map {self.run_id}` makes it.")
        return tensor_bytes({"points": points})

    def save_map(self, method: str, points: Array) -> None:
        """Keep a 2-D map (n, 2) with the run; beside the user's runs where it is shipped or cannot be written to.

        Raises `AecoreError` for numbers that are not finite, and where the run was deleted meanwhile.
        """
        if not is_map(points):
            raise AecoreError(f"The map '{method}' of '{self.run_id}' is not finite, so it is not kept.")
        elsewhere = own_maps(self) / f"{method}.npy"
        if self.shipped:
            write_whole(elsewhere, array_bytes(points))
        else:
            with self._recording():
                self._keep(f"{MAPS}/{method}.npy", array_bytes(points), elsewhere)

    def save_measures(self, table: Mapping[str, Any]) -> None:
        """Keep a table of measures with the run, beside what is kept already.

        Beside the user's runs where the run's folder cannot be written. Raises `AecoreError` where the run was deleted
        meanwhile.
        """
        with self._recording():
            kept = {**self.measures, **table}
            self._keep(MEASURES, json_text(kept, indent=1).encode(), own_measures(self))

    def _keep(self, name: str, data: bytes, elsewhere: Path) -> None:
        """Write a file of the run into its folder, and list it in the record; `elsewhere` where that cannot be."""
        self._require_folder()
        path = self.path / name
        try:
            if path.parent != self.path:
                path.parent.mkdir(exist_ok=True)  # a run's own folder must not come back once it is deleted
            listed = not self.shipped or name in self._listed
            if name in self._listed:
                self._list(name, None)  # no moment, and no kill, leaves a new file beside an old checksum
            write_whole(path, data, make_folder=False)
            if listed:
                self._list(name, data)
            elsewhere.unlink(missing_ok=True)
        except OSError:
            self._require_folder()
            write_whole(elsewhere, data)

    def _list(self, name: str, data: bytes | None) -> None:
        """Enter a file's checksum in the record, or take it out."""
        fields = json.loads((self.path / RECORD).read_bytes())
        fields["files"].pop(name, None)
        if data is not None:
            fields["files"][name] = hashlib.sha256(data).hexdigest()
        write_whole(self.path / RECORD, json.dumps(fields, indent=1).encode(), make_folder=False)

    @contextmanager
    def _recording(self) -> Iterator[None]:
        """While the block runs, no other process changes the record."""
        with locks.hold(f"{self.run_id}.record"):
            yield

    @property
    def _listed(self) -> dict[str, str]:
        """The checksums in the record as they are now, for other processes keep maps and measures too."""
        return self._listed_there() or self.record["files"]

    def _listed_there(self) -> dict[str, str] | None:
        """The checksums in the folder's record; None where it holds no run any more, or another of the same name."""
        with suppress(AecoreError):
            there: dict[str, str] = read_record(self.path).fields["files"]
            if there.get(WEIGHTS) == self.record["files"].get(WEIGHTS):
                return there
        return None

    def _require_folder(self) -> None:
        """Raise `AecoreError` unless the folder still holds this run."""
        if self._listed_there() is None:
            raise AecoreError(f"The run '{self.run_id}' was deleted meanwhile, so that nothing is kept of it.")

    def _map_files(self) -> list[Path]:
        return sorted((self.path / MAPS).glob("*.npy")) + sorted(own_maps(self).glob("*.npy"))

    def _map(self, path: Path) -> Array | None:
        """The map in a file, or None where it is none of this run's."""
        try:
            points = parse_array(self.read(path))
        except (OSError, ValueError, AecoreError):
            return None
        return points if is_map(points) and len(points) == self.evaluation.get("images", len(points)) else None

    def _measures_files(self) -> tuple[Path, Path]:
        """Where measures may be; what could not be kept with the run holds all that was kept there before, and more."""
        return own_measures(self), self.path / MEASURES

    def _table(self, path: Path) -> dict[str, Any] | None:
        """The table of measures in a file, or None where there is none."""
        try:
            table = json.loads(self.read(path))
        except (OSError, ValueError, RecursionError, AecoreError):
            return None
        return table if _is_measures(table) else None

    @property
    def _remedy(self) -> str:
        if self.shipped:
            return "install the project again to restore it"
        return f"delete the run (`aecore delete {self.run_id}`) and train it again"

    def _checked(self, name: str) -> bytes:
        try:
            data = (self.path / name).read_bytes()
        except OSError as error:
            raise AecoreError(f"{self.path / name} cannot be read ({error.strerror}); {self._remedy}.") from error
        if hashlib.sha256(data).hexdigest() != self._listed.get(name):
            raise AecoreError(f"{self.path / name} does not match its checksum; {self._remedy}.")
        return data


def parse_history(data: bytes) -> list[dict[str, Any]]:
    """The rows of a history file; lines that are no rows are left out."""
    rows = []
    for line in data.splitlines():
        with suppress(ValueError, RecursionError):
            row = json.loads(line)
            if _is_row(row):
                rows.append(row)
    return rows


def is_map(points: NDArray[Any]) -> bool:
    """Whether an array can be a map: (n, 2) finite floats."""
    return points.ndim == 2 and points.shape[1] == 2 and points.dtype.kind == "f" and bool(np.isfinite(points).all())


def _is_row(row: object) -> bool:
    if not isinstance(row, dict) or not isinstance(row.get("epoch"), int) or not is_number(row.get("seconds")):
        return False
    terms = [row.get(part) for part in ("train", "test")]
    return all(isinstance(term, dict) and all(map(is_number, term.values())) for term in terms)


def _is_measures(table: object) -> bool:
    """Whether it is a table of finite numbers or nulls, and under the name of a kind of codes another such table."""
    if not isinstance(table, dict):
        return False
    kinds = get_args(Codes)
    return all(_is_numbers(value) if name in kinds else _is_measure(value) for name, value in table.items())


def _is_numbers(table: object) -> bool:
    return isinstance(table, dict) and all(map(_is_measure, table.values()))


def _is_measure(value: object) -> bool:
    return value is None or is_number(value)


def own_maps(run: Run) -> Path:
    """The folder in the home of maps that cannot be kept with their run; another run of its name has another."""
    return roots.home() / MAPS / f"{run.run_id}.{run.version}"


def own_measures(run: Run) -> Path:
    """The file in the home of measures that cannot be kept with their run."""
    return roots.home() / "measures" / f"{run.run_id}.{run.version}.json"
