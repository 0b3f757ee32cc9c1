"""A run in the making. Killed at any moment it can be resumed; published, it becomes a finished run at once."""

from __future__ import annotations

import hashlib
import json
import math
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypedDict, cast, get_args

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors

from aecore import locks, roots, store
from aecore.config import RunConfig
from aecore.datasets import Dataset
from aecore.errors import AecoreError
from aecore.files import changed, json_text, move_folder, remove_folder, tensor_bytes, write_array, write_whole
from aecore.record import RECORD, is_number
from aecore.roots import RUNS, TRAINING
from aecore.run import EPOCHS, HISTORY, POINTS, Run, RunFolder, parse_history
from aecore.store import CONFIG

# What anyone may ask of the process that holds a draft: to end after its epoch, to hold still, not to wait in line.
Request = Literal["stop", "pause", "now"]
State = Literal["queued", "running", "stopped", "failed"]
PLACE = "place"  # the file of one that waits in the queue
_STATUS, _SNAPSHOT, _DATA = "status.json", "snapshot.safetensors", "data.json"
_TRANSIENT = (CONFIG, _STATUS, PLACE, _SNAPSHOT, _DATA, *get_args(Request))  # what a finished run does not need
_ROWS, _CHECK = "history", "crc32"  # tensors of a snapshot beside those that training needs
_HALF = -65504.0, 65504.0  # the numbers that float16 holds


class Snapshot(NamedTuple):
    """What training goes on from: tensors by name, and the history up to there."""

    tensors: dict[str, NDArray[Any]]
    history: list[dict[str, Any]]


class Status(TypedDict, total=False):
    """What the training process said last: how training stands, when, and what it knows."""

    state: State
    time: float
    epoch: int
    epochs: int
    seconds_left: float
    message: str


class Draft(RunFolder):
    """The folder `training/<run_id>` of a run that is not finished. One process at a time writes it."""

    def __init__(self, config: RunConfig) -> None:
        super().__init__(roots.home() / TRAINING / config.run_id, config)

    @classmethod
    def named(cls, run_id: str) -> Draft:
        """The draft of that name; raises `AecoreError` where there is none or its config cannot be read."""
        path = roots.home() / TRAINING / Path(run_id).name
        if not store.is_name(run_id) or not path.is_dir():
            raise AecoreError(f"There is no unfinished run '{store.brief(run_id)}'; it may be finished or discarded.")
        try:
            return cls(store.read_draft_config(path))
        except AecoreError as error:
            raise AecoreError(f"{path} is no unfinished run: {error}; `aecore delete {run_id}` removes it.") from error

    @property
    def last_epoch(self) -> int:
        """The last epoch in the history; 0 before the first."""
        history = self.history()
        return int(history[-1]["epoch"]) if history else 0

    def begin(self) -> None:
        """Make the folder, with its config in it."""
        write_whole(self.path / CONFIG, self.config.to_json().encode())

    def check_data(self, dataset: Dataset) -> None:
        """Note which images the run is begun on; raises `AecoreError` where it was begun on others."""
        path, data = self.path / _DATA, dict(dataset.checksums)
        begun = _read_json(path)
        if begun is None:
            write_whole(path, json.dumps(data).encode())
        elif begun != data:
            raise AecoreError(
                f"'{self.run_id}' was begun on other images than those of '{dataset.name}' now; bring the old images "
                f"back, or delete the unfinished run (`aecore delete {self.run_id}`) and start it again."
            )

    def discard(self) -> None:
        """Delete the draft; raises `AecoreError` while a process trains it."""
        with self.locked():
            if self.path.exists():
                remove_folder(self.path)

    @contextmanager
    def locked(self) -> Iterator[int]:
        """Hold the draft for this process, as `locks.hold` does."""
        with locks.hold(self.run_id) as descriptor:
            yield descriptor

    @property
    def alive(self) -> bool:
        """Whether a process holds the draft."""
        return locks.held(self.run_id)

    def status(self) -> Status:
        """What the training process said last, or an empty dict; entries that cannot be are left out."""
        said = _read_json(self.path / _STATUS) or {}
        return cast(Status, {name: said[name] for name, holds in _SAID.items() if name in said and holds(said[name])})

    def set_status(self, state: State, **facts: Any) -> None:
        """Say how training stands; readers see it whole."""
        write_whole(self.path / _STATUS, json_text({"state": state, "time": time.time(), **facts}).encode())

    def requested(self, what: Request) -> bool:
        """Whether someone asked that of the draft's process."""
        return (self.path / what).exists()

    def request(self, what: Request, wanted: bool = True) -> None:
        """Ask that of the draft's process, or take it back."""
        if wanted:
            (self.path / what).touch()
        else:
            (self.path / what).unlink(missing_ok=True)

    def forget_requests(self) -> None:
        """Take back whatever was asked: it was asked of a process that has ended."""
        for what in get_args(Request):
            self.request(what, False)

    @property
    def place(self) -> float | None:
        """Where it stands in the queue: the smallest place is the first; None where it does not wait."""
        return read_place(self.path / PLACE)

    def set_place(self, place: float | None) -> None:
        """Stand at that place of the queue, or leave it."""
        if place is None:
            (self.path / PLACE).unlink(missing_ok=True)
        else:
            write_whole(self.path / PLACE, repr(place).encode())

    def snapshot(self) -> Snapshot | None:
        """What to resume from, or None before the first epoch; raises `AecoreError` where it is damaged."""
        try:
            tensors = load_tensors((self.path / _SNAPSHOT).read_bytes())
            if _CHECK in tensors and int(tensors.pop(_CHECK)[0]) != _checksum(tensors):
                raise ValueError("it does not match its checksum")
            rows = parse_history(zlib.decompress(tensors.pop(_ROWS).tobytes())) if _ROWS in tensors else self.history()
            epoch = int(tensors["epoch"])
        except FileNotFoundError:
            return None
        except (SafetensorError, ValueError, KeyError, TypeError, IndexError, zlib.error) as error:
            raise AecoreError(
                f"The snapshot of '{self.run_id}' is damaged ({error}); delete the unfinished run "
                f"(`aecore delete {self.run_id}`) and start it again."
            ) from error
        return Snapshot(tensors, [row for row in rows if row["epoch"] <= epoch])

    def save_snapshot(self, snapshot: Snapshot) -> None:
        """Keep what to resume from, with a checksum: a wrong byte would go on in every later weight."""
        rows = np.frombuffer(zlib.compress(_lines(snapshot.history)), np.uint8)
        tensors = {**snapshot.tensors, _ROWS: rows}
        write_whole(self.path / _SNAPSHOT, tensor_bytes({**tensors, _CHECK: np.array([_checksum(tensors)], np.int64)}))

    def save_grid(self, epoch: int, kind: str, png: bytes) -> None:
        """Keep the picture of an epoch."""
        write_whole(self.grid(epoch, kind), png)

    def save_points(self, epoch: int, points: NDArray[Any]) -> None:
        """Keep where an epoch's codes lie, (n, 2)."""
        write_array(self.grid(epoch, POINTS), np.clip(points, *_HALF).astype(np.float16))

    def append(self, row: Mapping[str, Any]) -> None:
        """Add an epoch's line to the history."""
        with (self.path / HISTORY).open("a", encoding="utf-8") as file:
            file.write(json_text(row) + "\n")

    def write_history(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Replace the history: an epoch that was cut off before its snapshot is trained again."""
        write_whole(self.path / HISTORY, _lines(rows))

    def publish(self, files: Mapping[str, bytes], record: Mapping[str, Any]) -> Run:
        """Complete the folder and move it among the finished runs in one step; what is no run there is moved aside.

        Raises `AecoreError` where a finished run of that name is there.
        """
        for name, data in files.items():
            write_whole(self.path / name, data)
        listed = [HISTORY, *files, *sorted(f"{EPOCHS}/{path.name}" for path in (self.path / EPOCHS).glob("[!.]*"))]
        hashes = {name: hashlib.sha256((self.path / name).read_bytes()).hexdigest() for name in listed}
        write_whole(self.path / RECORD, json_text({**record, "files": hashes}, indent=1).encode())
        place = roots.home() / RUNS / self.run_id
        place.parent.mkdir(parents=True, exist_ok=True)
        store.make_room(place)
        move_folder(self.path, place)
        remove_transient(place)  # not before: a failed move leaves what can be resumed
        return Run(place)


def remove_transient(folder: Path) -> None:
    """Remove from a finished run's folder what only training needs; what cannot be removed stays."""
    for name in _TRANSIENT:
        with suppress(OSError):
            (folder / name).unlink()


def drafts() -> list[Draft]:
    """Every unfinished run that can be read, newest first; what cannot be read is named by `store.damaged`."""
    return [draft for path in _newest_first(CONFIG) if (draft := _readable(path.parent))]


def waiting() -> list[tuple[float, Draft]]:
    """The place and the draft of each unfinished run that has a place in the queue, the first in it first."""
    placed = ((place, path.parent) for path in _newest_first(PLACE) if (place := read_place(path)) is not None)
    return [(place, draft) for place, folder in sorted(placed) if (draft := _readable(folder))]


def read_place(path: Path) -> float | None:
    """The place in the queue that a file names, or None."""
    try:
        place = float(path.read_bytes())
    except (OSError, ValueError):
        return None
    return place if math.isfinite(place) else None


def clean() -> None:
    """Finish what killed processes left in the home: deletions, files half written, what only training needed."""
    store.clean()
    for run in store.runs():
        if not run.shipped and not locks.held(run.run_id):
            remove_transient(run.path)


def _newest_first(name: str) -> list[Path]:
    """The files of that name in the drafts' folders, of which some may vanish meanwhile."""
    found = ((changed(path), path) for path in (roots.home() / TRAINING).glob(f"[!.]*/{name}"))
    return [path for when, path in sorted(found, key=lambda pair: -pair[0]) if when]


def _readable(folder: Path) -> Draft | None:
    try:
        return Draft(store.read_draft_config(folder))
    except AecoreError:
        return None


def _read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file, or None."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _lines(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows as lines of JSON."""
    return "".join(json_text(row) + "\n" for row in rows).encode()


def _checksum(tensors: Mapping[str, NDArray[Any]]) -> int:
    """The CRC-32 of tensors and their names."""
    value = 0
    for name in sorted(tensors):
        value = zlib.crc32(tensors[name].tobytes(), zlib.crc32(name.encode(), value))
    return value


_SAID: Mapping[str, Callable[[Any], bool]] = {
    "state": lambda value: value in get_args(State),
    "time": is_number,
    "epoch": lambda value: isinstance(value, int),
    "epochs": lambda value: isinstance(value, int),
    "seconds_left": is_number,
    "message": lambda value: isinstance(value, str),
}
