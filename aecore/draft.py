"""A run in the making. Killed at any moment it can be resumed; published, it becomes a finished run at once."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from aecore import locks, store
from aecore.config import RunConfig
from aecore.errors import AecoreError
from aecore.files import write_array, write_whole
from aecore.store import HISTORY, POINTS, RECORD, Run, RunFolder, home

# What anyone may ask of the process that holds a draft: to end after its epoch, to hold still, not to wait in line.
Request = Literal["stop", "pause", "now"]
_CONFIG, _STATUS, _PLACE, _SNAPSHOT = "config.json", "status.json", "place", "snapshot.safetensors"
_HALF = -65504.0, 65504.0  # the numbers that float16 holds


class Draft(RunFolder):
    """The folder `training/<run_id>` of a run that is not finished. One process at a time writes it."""

    def __init__(self, config: RunConfig) -> None:
        super().__init__(home() / "training" / config.run_id, config)

    @classmethod
    def named(cls, run_id: str) -> Draft:
        """The draft of that name; raises `AecoreError` where there is none."""
        path = home() / "training" / Path(run_id).name / _CONFIG
        try:
            return cls(RunConfig.from_json(path.read_text("utf-8")))
        except OSError as error:
            raise AecoreError(f"There is no unfinished run '{run_id}'; it may be finished or discarded.") from error

    @property
    def last_epoch(self) -> int:
        """The last epoch in the history; 0 before the first."""
        history = self.history()
        return int(history[-1]["epoch"]) if history else 0

    def begin(self) -> None:
        """Make the folder, with its config in it."""
        write_whole(self.path / _CONFIG, self.config.to_json().encode())

    def discard(self) -> None:
        """Delete the draft; raises `AecoreError` while a process trains it."""
        with self.locked():
            shutil.rmtree(self.path, ignore_errors=True)

    @contextmanager
    def locked(self) -> Iterator[int]:
        """Hold the draft for this process, as `locks.hold` does."""
        with locks.hold(self.run_id) as descriptor:
            yield descriptor

    @property
    def alive(self) -> bool:
        """Whether a process holds the draft."""
        return locks.held(self.run_id)

    def status(self) -> dict[str, Any]:
        """What the training process said last, or an empty dict."""
        try:
            return json.loads((self.path / _STATUS).read_text("utf-8"))  # type: ignore[no-any-return]
        except (OSError, ValueError):
            return {}

    def set_status(self, state: str, **facts: Any) -> None:
        """Say how training stands; readers see it whole."""
        write_whole(self.path / _STATUS, json.dumps({"state": state, "time": time.time(), **facts}).encode())

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
        try:
            return float((self.path / _PLACE).read_text("utf-8"))
        except (OSError, ValueError):
            return None

    def set_place(self, place: float | None) -> None:
        """Stand at that place of the queue, or leave it."""
        if place is None:
            (self.path / _PLACE).unlink(missing_ok=True)
        else:
            write_whole(self.path / _PLACE, repr(place).encode())

    def snapshot(self) -> dict[str, NDArray[Any]] | None:
        """The tensors to resume from, or None before the first epoch."""
        try:
            return load_tensors((self.path / _SNAPSHOT).read_bytes())
        except FileNotFoundError:
            return None
        except SafetensorError as error:
            raise AecoreError(
                f"The snapshot of '{self.run_id}' is damaged ({error}); discard the run and start it again."
            ) from error

    def save_snapshot(self, tensors: Mapping[str, NDArray[Any]]) -> None:
        """Keep the tensors to resume from."""
        write_whole(self.path / _SNAPSHOT, save_tensors(dict(tensors)))

    def save_grid(self, epoch: int, kind: str, png: bytes) -> None:
        """Keep the picture of an epoch."""
        write_whole(self.grid(epoch, kind), png)

    def save_points(self, epoch: int, points: NDArray[Any]) -> None:
        """Keep where an epoch's codes lie, (n, 2)."""
        write_array(self.grid(epoch, POINTS), np.clip(points, *_HALF).astype(np.float16))

    def append(self, row: Mapping[str, Any]) -> None:
        """Add an epoch's line to the history."""
        with (self.path / HISTORY).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def trim_history(self, epoch: int) -> None:
        """Drop what lies after `epoch`: an epoch that was cut off before its snapshot is trained again."""
        rows = [row for row in self.history() if row["epoch"] <= epoch]
        write_whole(self.path / HISTORY, "".join(json.dumps(row) + "\n" for row in rows).encode())

    def publish(self, files: Mapping[str, bytes], record: Mapping[str, Any]) -> Run:
        """Complete the folder and move it among the finished runs in one step."""
        for name, data in files.items():
            write_whole(self.path / name, data)
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
        hashes[HISTORY] = hashlib.sha256((self.path / HISTORY).read_bytes()).hexdigest()
        write_whole(self.path / RECORD, json.dumps({**record, "files": hashes}, indent=1).encode())
        place = home() / "runs" / self.run_id
        place.parent.mkdir(parents=True, exist_ok=True)
        self.path.rename(place)
        # not before: a failed move leaves what can be resumed
        for name in (_CONFIG, _STATUS, _PLACE, _SNAPSHOT, *get_args(Request)):
            (place / name).unlink(missing_ok=True)
        return store.Run(place)


def drafts() -> list[Draft]:
    """Every unfinished run that can be read, newest first."""
    found = sorted((home() / "training").glob(f"*/{_CONFIG}"), key=lambda path: -path.stat().st_mtime)
    readable = []
    for path in found:
        try:
            readable.append(Draft.named(path.parent.name))
        except AecoreError:
            continue  # written by another version: left alone
    return readable
