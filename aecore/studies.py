"""Studies on disk: what a search goes over, and what its trials found. Optuna keeps them; it loads on first use.

A study is a folder `studies/<name>` of a user's own runs, which says where Optuna's storage is. By default that is
a journal in the same folder. Any number of processes and machines that name one storage and one study share it.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from aecore import axes, datasets, jobs, locks
from aecore.axes import Axis, Value
from aecore.config import RunConfig
from aecore.errors import AecoreError
from aecore.families import MODELS
from aecore.files import changed, json_text, write_whole
from aecore.store import home

if TYPE_CHECKING:
    import optuna

State = Literal["complete", "pruned", "failed", "interrupted", "running"]
PLAN, WORKER, SENTENCE = "plan", "worker", "sentence"  # what a study and its trials are marked with

_PLACE, _JOURNAL, _LOG, _STOP = "study.json", "journal.log", "log.txt", "stop"
MOST_TRIALS = 100_000  # of a study: Optuna reads all of them before each
VALIDATION = 10_000  # images at most, and a sixth of a dataset's training images


@dataclass(frozen=True)
class Plan:
    """What a study searches, fixed when it begins: configs around `base`, along `axes`.

    Scores are means over the last `validation` training images; trials train on those before them.
    """

    base: RunConfig
    axes: tuple[Axis, ...]
    validation: int
    data: Mapping[str, str]  # the checksums of the dataset's files

    def config(self, values: dict[str, Value]) -> RunConfig:
        """The config of a trial; raises `AecoreError` where its values do not go together."""
        taken = {axis.field: axis.value(values[axis.field]) for axis in self.axes}
        return RunConfig.from_dict({**self.base.to_dict(), **taken})

    @property
    def score(self) -> str:
        """What scores are, with their unit; all are summed over the pixels, and less is better."""
        squared = self.base.loss == "mse" or "loss" in MODELS[self.base.family].unused
        recon = "SSE" if squared else "BCE, nats"
        return f"−ELBO ({recon} + KL)" if "beta" not in MODELS[self.base.family].unused else recon

    def to_json(self) -> str:
        """As the storage keeps it; `from_json` reads it back."""
        facts = {
            "base": self.base.to_dict(),
            "over": [axis.text for axis in self.axes],
            "validation": self.validation,
            "data": dict(self.data),
        }
        return json_text(facts)

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """The plan that `to_json` wrote."""
        facts = json.loads(text)
        base = RunConfig.from_dict(facts["base"])
        return cls(base, axes.parse_all(facts["over"], base), facts["validation"], facts["data"])


@dataclass(frozen=True)
class Trial:
    """One trial: its `values` by field, its `score` or its last epoch's, and the `sentence` of one that failed."""

    number: int
    state: State
    values: dict[str, Value]
    score: float | None
    epoch: int
    seconds: float | None
    sentence: str


class Study:
    """A study that this machine has begun or joined. Raises `AecoreError` where its storage cannot be read."""

    def __init__(self, name: str) -> None:
        self.name, self.path = name, home() / "studies" / name
        try:
            self.place: str = json.loads((self.path / _PLACE).read_text("utf-8"))["storage"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise AecoreError(
                f"There is no study '{name}' here; `aecore sweep ae --study {name}` begins one."
            ) from error

    @cached_property
    def optuna(self) -> optuna.Study:
        """Optuna's own study."""
        return open_storage(self.name, self.place)

    @cached_property
    def plan(self) -> Plan:
        """What it searches."""
        return plan_of(self.optuna)

    def trials(self) -> list[Trial]:
        """Every trial that got as far as to have values, in order."""
        names = {axis.field for axis in self.plan.axes}
        with readable(self.name, self.place, Exception):
            found = [_trial(trial, self.name) for trial in self.optuna.get_trials(deepcopy=False)]
        return [trial for trial in found if trial.values.keys() == names]

    def workers(self) -> list[str]:
        """The locks that this machine's processes on the study hold."""
        return [slot for slot in locks.known(slot_name(self.name, "")) if locks.held(slot)]

    @property
    def stopping(self) -> bool:
        """Whether this machine's processes were asked to stop."""
        return (self.path / _STOP).exists()

    @property
    def message(self) -> str:
        """The sentence with which a process in the background ended, or nothing."""
        try:
            lines = (self.path / _LOG).read_text("utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return next((line.removeprefix("aecore: ") for line in reversed(lines) if line.startswith("aecore: ")), "")


def plan(base: RunConfig, over: tuple[Axis, ...], validation: int | None = None) -> Plan:
    """What a search is to do, checked against the data; `validation` images decide, by default as many as `VALIDATION`.

    Raises `AecoreError` where the training images do not suffice.
    """
    dataset = datasets.load(base.dataset)
    total = len(dataset.train_images)
    if total < 2:
        raise AecoreError(
            f"A search needs at least two training images, one to validate on, and '{base.dataset}' has one."
        )
    held_out = min(VALIDATION, max(1, total // 6)) if validation is None else validation
    if not 0 < held_out < total:
        raise AecoreError(f"'validation' must lie between 1 and {total - 1:,}, not {held_out:,}.")
    made = Plan(base, over, held_out, dict(dataset.checksums))
    most = max([base.train_images, *(_most(axis) for axis in over if axis.field == "train_images")])
    if most > total - held_out:
        raise AecoreError(
            f"'train_images' must be at most {total - held_out:,}, not {most:,}; the last {held_out:,} validate."
        )
    return made


def best(trials: Sequence[Trial]) -> Trial | None:
    """The complete trial with the lowest score, the first of equals; None before there is one."""
    complete = [trial for trial in trials if trial.state == "complete" and trial.score is not None]
    return min(complete, key=lambda trial: cast(float, trial.score), default=None)


def names() -> list[str]:
    """The studies that this machine has begun or joined, newest first."""
    found = ((changed(path), path.parent.name) for path in (home() / "studies").glob(f"[!.]*/{_PLACE}"))
    return [name for when, name in sorted(found, key=lambda pair: -pair[0]) if when]


def join(name: str, plan: Plan | None = None, storage: str | None = None) -> Study:
    """The study `name`, begun with `plan` where there is none yet.

    `storage` is a file for Optuna's journal or the URL of a database; left out, it is the one that was named before.
    Raises `AecoreError` where the study has another plan or another storage, or there is neither study nor plan.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise AecoreError(f"A study's name is made of letters, digits, '.', '_' and '-', not '{name}'.")
    path = home() / "studies" / name / _PLACE
    known = Study(name).place if path.exists() else None
    wanted = storage if storage is None or "://" in storage else str(Path(storage).expanduser().resolve())
    if known is not None and wanted not in (None, known):
        raise AecoreError(f"The study '{name}' is kept in {known}, not in {wanted}; give this one another name.")
    place = known or wanted or str(path.with_name(_JOURNAL))
    begun = open_storage(name, place, begin=plan)
    kept = plan_of(begun)
    if plan not in (None, kept):
        raise AecoreError(_difference(name, kept, plan))
    if known is None:
        write_whole(path, json_text({"storage": place}).encode())
    return Study(name)


def start(name: str, plan: Plan | None, trials: int) -> None:
    """Search in a process of its own, until the study has `trials` trials; raises as `join`."""
    study = join(name, plan)
    request_stop(name, False)
    with ExitStack() as stack:
        lock, slot = take_slot(study, stack)
        command = ["sweep", "--study", name, "--trials", str(trials), "--queue"]
        write_whole(study.path / _LOG, b"")
        jobs.spawn(command, study.path / _LOG, slot, lock)


def stop(name: str) -> None:
    """Ask this machine's processes on a study to stop after their epoch; the search can go on later."""
    request_stop(name, True)


def request_stop(name: str, wanted: bool) -> None:
    """Ask for a stop, or take that back."""
    mark = home() / "studies" / name / _STOP
    if wanted:
        mark.touch()
    else:
        mark.unlink(missing_ok=True)


def discard(name: str) -> None:
    """Forget a study, and delete it where it was kept here; raises `AecoreError` while a process is at work on it."""
    if Study(name).workers():
        raise AecoreError(f"A process searches in the study '{name}'; stop it first.")
    shutil.rmtree(home() / "studies" / name, ignore_errors=True)


def take_slot(study: Study, stack: ExitStack) -> tuple[int, str]:
    """Take the first free place among this machine's processes on a study, for as long as `stack` is open.

    The lock's descriptor and its name. Whoever has it knows that trials marked with it are nobody else's.
    """
    slots = (slot_name(study.name, str(number)) for number in count(1))
    while True:
        free = next(slot for slot in slots if locks.inherited(slot) or not locks.held(slot))
        with suppress(AecoreError):  # another process was faster, and has it now
            return stack.enter_context(locks.hold(free)), free


def open_storage(name: str, place: str, begin: Plan | None = None) -> optuna.Study:
    """Optuna's study `name` in the storage at `place`, begun with a plan where it is absent and one is given."""
    package = _optuna()
    with readable(name, place, Exception):  # whatever a database or a damaged journal raises
        there = begin is not None or "://" in place or Path(place).exists()
        storage = _storage(place) if there else None
        if begin is None and (storage is None or name not in package.get_all_study_names(storage)):
            raise AecoreError(f"There is no study '{name}' in {place}; name a family and what to search over.")
        study: optuna.Study = package.create_study(
            study_name=name, storage=storage, direction="minimize", load_if_exists=True
        )
        if begin is not None and not study.user_attrs and not study.get_trials(deepcopy=False):
            study.set_user_attr(PLAN, begin.to_json())
    return study


@contextmanager
def readable(name: str, place: str, *kinds: type[Exception]) -> Iterator[None]:
    """Raise `AecoreError` where the block fails with an exception of these kinds: the study's storage is damaged."""
    try:
        yield
    except AecoreError:
        raise
    except kinds as error:
        raise AecoreError(
            f"The study '{name}' cannot be read from {place} ({_line(error)}); give a new search another name."
        ) from error


def plan_of(study: optuna.Study) -> Plan:
    """The plan that a study was begun with."""
    if PLAN not in study.user_attrs:
        raise AecoreError(f"The study '{study.study_name}' was not begun by `aecore sweep`; choose another name.")
    try:
        return Plan.from_json(study.user_attrs[PLAN])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AecoreError(
            f"What the study '{study.study_name}' searches is damaged in its storage; give a new search another name."
        ) from error


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise AecoreError("A search needs the package optuna; `pip install optuna` adds it.") from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def _storage(place: str) -> Any:
    from optuna.storages import JournalStorage, get_storage
    from optuna.storages.journal import JournalFileBackend

    if "://" in place:
        return get_storage(place)
    Path(place).parent.mkdir(parents=True, exist_ok=True)
    return JournalStorage(JournalFileBackend(place))


def _most(axis: Axis) -> int:
    return int(max(axis.choices or (axis.high,)))


def _difference(name: str, kept: Plan, asked: Plan) -> str:
    """Which of the four things it is that a study has otherwise."""
    rule = "give the same, or another name to `--study`."
    if kept.axes != asked.axes:
        return f"The study '{name}' searches over {' '.join(axis.text for axis in kept.axes)}; {rule}"
    if kept.validation != asked.validation:
        return f"The study '{name}' scores on the last {kept.validation:,} training images; {rule}"
    if kept.data != asked.data:
        return f"The study '{name}' was begun on other images than this machine's '{kept.base.dataset}'; copy its data."
    differing = [
        f"{field.name} {getattr(kept.base, field.name)}"
        for field in fields(RunConfig)
        if getattr(kept.base, field.name) != getattr(asked.base, field.name)
    ]
    return f"The study '{name}' has {', '.join(differing)}; {rule}"


def slot_name(study: str, number: str) -> str:
    """The name of the lock of one of this machine's processes on a study, in this home; without a number, its start."""
    place = hashlib.sha256(os.fsencode(home().resolve())).hexdigest()[:8]
    return f"study-{study}.{socket.gethostname()}.{place}.{number}"


def _trial(trial: optuna.trial.FrozenTrial, name: str) -> Trial:
    last = max(trial.intermediate_values, default=0)
    ended, began = trial.datetime_complete, trial.datetime_start
    return Trial(
        number=trial.number,
        state=_state(trial, name),
        values=trial.params,
        score=_finite(trial.value if trial.values else trial.intermediate_values.get(last)),
        epoch=last,
        seconds=(ended - began).total_seconds() if ended and began else None,
        sentence=str(trial.user_attrs.get(SENTENCE, "")),
    )


def _state(trial: optuna.trial.FrozenTrial, study: str) -> State:
    """As the storage has it, corrected by the lock: a killed process cannot say that it died."""
    if trial.state.name == "FAIL":
        return "failed" if SENTENCE in trial.user_attrs else "interrupted"
    if trial.state.is_finished():
        return "complete" if trial.state.name == "COMPLETE" else "pruned"
    return "interrupted" if nobodys(trial, study) else "running"


def nobodys(trial: optuna.trial.FrozenTrial, study: str) -> bool:
    """Whether a trial that the storage takes for running belongs to a process of this home that was killed.

    Other machines' and other homes' locks cannot be looked at; their trials are left to them.
    """
    worker = str(trial.user_attrs.get(WORKER, ""))
    return worker.startswith(slot_name(study, "")) and not locks.held(worker)


def _finite(score: float | None) -> float | None:
    return score if score is not None and math.isfinite(score) else None


def _line(error: Exception) -> str:
    return str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
