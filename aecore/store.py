"""The runs on disk: found by name or config, listed, shipped and deleted; and what stands among them and is none."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

from aecore import locks, roots
from aecore.config import RunConfig, make_config
from aecore.errors import AecoreError
from aecore.families import MODELS
from aecore.files import GONE, PART, move_folder, remove_folder, remove_leftovers, write_whole
from aecore.record import read_record
from aecore.roots import ASIDE, RUNS, TRAINING, home
from aecore.run import (
    CODES,
    EPOCHS,
    HISTORY,
    MAPS,
    POINTS,
    RECONSTRUCTIONS,
    SAMPLES,
    TRAVERSALS,
    WEIGHTS,
    Run,
    RunFolder,
    own_maps,
    own_measures,
)  # fmt: skip

__all__ = [
    "CODES", "CONFIG", "HISTORY", "POINTS", "RECONSTRUCTIONS", "SAMPLES", "TRAVERSALS", "WEIGHTS", "Run", "RunFolder",
    "asset", "brief", "clean", "damaged", "damaged_folder", "delete", "delete_damaged", "find", "folders", "home",
    "is_name", "load", "make_room", "read_draft_config", "runs", "ship", "ship_asset",
]  # fmt: skip

CONFIG = "config.json"  # of an unfinished run
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,199}")  # of a run's folder
_WRITTEN = (  # folders of the home in which files are written
    *(f"{place}/*{part}" for place in (RUNS, TRAINING) for part in ("", f"/{EPOCHS}", f"/{MAPS}")),
    f"{MAPS}/*", "measures", "studies/*", RUNS, ASIDE,
)  # fmt: skip


def ship(run: Run) -> Run:
    """Copy a finished run, with its maps, among those that come with the project."""
    place = roots.shipped() / run.run_id
    part = place.with_name(f".{run.run_id}{PART}")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(run.path, part, ignore=shutil.ignore_patterns("log.txt"))
    part.rename(place)
    return Run(place)


def delete(run: Run) -> None:
    """Delete a run of the user's own, with its maps and measures; raises `AecoreError` for one that is shipped."""
    if run.shipped:
        raise AecoreError(f"'{run.run_id}' came with the project; only runs that were trained here can be deleted.")
    if not run.path.exists():
        raise AecoreError(f"The run '{run.run_id}' was deleted already.")
    _remove(run.path)
    shutil.rmtree(own_maps(run), ignore_errors=True)
    own_measures(run).unlink(missing_ok=True)


def damaged_folder(name: str) -> Path | None:
    """The folder of that name among the user's own that is no run, or None: `delete_damaged` removes it."""
    return next((folder for folder, _ in _damaged(_own_folders()) if folder.name == name), None)


def delete_damaged(folder: Path) -> None:
    """Delete a folder that `damaged_folder` found."""
    _remove(folder)


def _remove(path: Path) -> None:
    try:
        remove_folder(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    except OSError as error:
        raise AecoreError(
            f"{path} cannot be deleted ({error.strerror}); change its permissions and try again."
        ) from error


def make_room(place: Path) -> None:
    """Move whatever is no run from where a run is to be put, into `aside`, where `damaged` names it.

    Raises `AecoreError` where a finished run is there.
    """
    if not os.path.lexists(place):
        return
    if _problem(place) is None:
        raise AecoreError(f"The run '{place.name}' is finished already; open it, or delete it first.")
    aside = home() / ASIDE
    aside.mkdir(parents=True, exist_ok=True)
    taken = {path.name for path in aside.iterdir()}
    move_folder(place, aside / next(name for number in count(1) if (name := f"{place.name}-{number}") not in taken))


def clean() -> None:
    """Finish what killed processes left of the user's own: deletions that were begun, files half written."""
    for folder in _own_folders():
        for gone in folder.glob(f".*{GONE}"):
            shutil.rmtree(gone, ignore_errors=True)
    remove_leftovers(home(), (f"{folder}/.*{PART}" for folder in _WRITTEN))


def asset(name: str) -> bytes | None:
    """A file that comes with the project beside the runs, or None where it is absent."""
    try:
        return (roots.shipped() / name).read_bytes()
    except FileNotFoundError:
        return None


def ship_asset(name: str, data: bytes) -> Path:
    """Write a file that comes with the project beside the runs; `asset` reads it."""
    write_whole(roots.shipped() / name, data)
    return roots.shipped() / name


def folders() -> Sequence[Path]:
    """Where finished runs are looked for: shipped ones first, then the user's own."""
    return roots.shipped(), home() / RUNS


def load(run_id: str) -> Run:
    """The finished run of that name; raises `AecoreError` where there is none or it is damaged."""
    if not is_name(run_id):
        raise AecoreError(f"There is no run '{brief(run_id)}'; `aecore list` shows the runs there are.")
    problem = None
    for folder in folders():
        if (folder / run_id).is_dir():
            try:
                return Run(folder / run_id)
            except AecoreError as error:
                problem = problem or AecoreError(_no_run(folder / run_id, error))
    raise problem or AecoreError(f"There is no run '{run_id}'; `aecore list` shows the runs there are.")


def find(config: RunConfig) -> Run | None:
    """The finished run of a config, or None; a damaged one is none, and training it again moves it aside.

    Raises `AecoreError` where the run belongs to other images than those that bear the dataset's name now.
    """
    for folder in folders():
        with suppress(AecoreError):
            run = Run(folder / config.run_id)
            break
    else:
        return None
    run.check_images()
    return run


def runs() -> list[Run]:
    """Every readable finished run, shipped ones first, in the order of `MODELS`, the chapter's first of each family.

    Damaged ones: `damaged`.
    """
    found: dict[str, Run] = {}
    for folder in folders():
        for path in _folders_in(folder):
            with suppress(AecoreError):
                found.setdefault(path.name, Run(path))
    return sorted(found.values(), key=_place)


def damaged() -> list[str]:
    """One sentence for each folder that stands among the runs and is none, finished or unfinished."""
    return [_no_run(path, error) for path, error in _damaged((*folders(), home() / TRAINING, home() / ASIDE))]


def _damaged(places: Sequence[Path]) -> Iterator[tuple[Path, AecoreError]]:
    for place in places:
        for path in _folders_in(place, hidden=True):
            if not path.name.endswith(PART) and (error := _problem(path)):
                yield path, error


def _problem(path: Path) -> AecoreError | None:
    """Why a folder is neither a finished nor an unfinished run; None where it is one."""
    try:
        if path.name.startswith("."):
            raise AecoreError(
                "its deletion is not finished" if path.name.endswith(GONE) else "a hidden folder is no run"
            )
        if path.parent.name == ASIDE:
            raise AecoreError("it stood where a run was to be put")
        if path.parent.name == TRAINING:
            if not locks.held(path.name):  # whoever begins a run has its lock before its config is there
                read_draft_config(path)
        else:
            read_record(path)
    except AecoreError as error:
        return error
    return None


def read_draft_config(path: Path) -> RunConfig:
    """The config of the unfinished run in a folder, which bears the run's name; raises `AecoreError` with why not."""
    try:
        config = RunConfig.from_json((path / CONFIG).read_bytes().decode())
    except FileNotFoundError as error:
        raise AecoreError(f"it holds no {CONFIG}") from error
    except (OSError, ValueError) as error:
        raise AecoreError(f"{CONFIG} cannot be read") from error
    if config.run_id != path.name:
        raise AecoreError(f"its name is not that of the run in it, {config.run_id}")
    return config


def _no_run(path: Path, error: AecoreError) -> str:
    if path.parent == roots.shipped():
        remedy = "install the project again to restore it"
    elif re.fullmatch(r"[\w.][\w .-]*", path.name):
        remedy = f"look at it and remove it (`aecore delete '{path.name}'`)"
    else:
        remedy = "look at it and remove it"
    return f"{path} is no run: {str(error).rstrip('.')}; {remedy}."


def _folders_in(place: Path, hidden: bool = False) -> list[Path]:
    """The folders in a place, by name; none where there is no such place."""
    try:
        found = [Path(entry.path) for entry in os.scandir(place) if _is_folder(entry)]
    except OSError:
        return []
    return sorted(path for path in found if hidden or not path.name.startswith("."))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or into a folder that cannot be read
        return False


def _own_folders() -> tuple[Path, ...]:
    return home() / RUNS, home() / TRAINING, home() / ASIDE


def is_name(text: str) -> bool:
    """Whether a run can have that name."""
    return bool(_NAME.fullmatch(text))


def brief(text: str) -> str:
    """A text that may be of any length, for a sentence."""
    return text if len(text) <= 80 else f"{text[:60]}…"


def _place(run: Run) -> tuple[bool, int, bool, str]:
    family = run.config.family
    return not run.shipped, list(MODELS).index(family), run.config != make_config(family), run.run_id
