"""run.json: what the record of a finished run must hold, whatever stands in the file."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from aecore.config import RunConfig
from aecore.errors import AecoreError

RECORD = "run.json"
FORMAT = 1  # of the records that this version writes; it reads all up to it

_LARGEST = 1e300  # what is beyond is no number that was measured; a comparison with nan is false
_CHECKSUM = re.compile(r"[0-9a-f]{64}")


class Record(NamedTuple):
    """What run.json says: its fields, and the config among them."""

    fields: dict[str, Any]
    config: RunConfig


def read_record(folder: Path) -> Record:
    """Return the record of the run in `folder`, which bears the run's name.

    Raises `AecoreError`, with why, where the folder is no run.
    """
    try:
        state = (folder / RECORD).stat()
        if not stat.S_ISREG(state.st_mode):  # a pipe would be waited for
            raise AecoreError(f"{RECORD} is no file")
        return _read(folder, (state.st_mtime_ns, state.st_size, state.st_ino))
    except FileNotFoundError as error:
        raise AecoreError(f"it holds no {RECORD}") from error
    except OSError as error:
        raise AecoreError(f"{RECORD} cannot be read: {error.strerror}") from error


@lru_cache(maxsize=4096)
def _read(folder: Path, state: tuple[int, int, int]) -> Record:
    """Read the file, once for each of its `state`s: pages list all runs at every rerun."""
    try:
        fields = json.loads((folder / RECORD).read_bytes())
    except (ValueError, RecursionError) as error:
        raise AecoreError(f"{RECORD} is no JSON") from error
    if not isinstance(fields, dict):
        raise AecoreError(f"{RECORD} is no JSON object")
    _check_format(fields.get("format", FORMAT))
    for name, holds in _REQUIRED.items():
        if name not in fields:
            raise AecoreError(f"{RECORD} lacks '{name}'")
        if not holds(fields[name]):
            raise AecoreError(f"'{name}' in {RECORD} is damaged")
    for name, holds in _OPTIONAL.items():
        if name in fields and not holds(fields[name]):
            raise AecoreError(f"'{name}' in {RECORD} is damaged")
    config = _config(fields["config"])
    if config.run_id != folder.name:
        raise AecoreError(f"its name is not that of the run in it, {config.run_id}")
    return Record({**fields, "evaluation": _finite(fields["evaluation"], config)}, config)


def _check_format(number: object) -> None:
    if not _is_count(number) or number == 0:
        raise AecoreError(f"'format' in {RECORD} is damaged")
    if int(str(number)) > FORMAT:
        raise AecoreError(f"a newer aecore wrote it: format {number}, and this version reads up to {FORMAT}")


def _config(values: dict[str, Any]) -> RunConfig:
    try:
        return RunConfig.from_dict(values)
    except AecoreError as error:
        raise AecoreError(f"'config' in {RECORD} cannot be used: {str(error).rstrip('.')}") from error


def _finite(table: Mapping[str, Any], config: RunConfig) -> dict[str, Any]:
    """The numbers that are finite: an early version wrote the PSNR of an exact model as Infinity."""
    kept = {name: value for name, value in table.items() if not isinstance(value, float) or is_number(value)}
    if "sse" not in kept:
        raise AecoreError(f"'evaluation' in {RECORD} has no SSE")
    if len(kept.get("kl_per_dimension", [0] * config.latent_dim)) != config.latent_dim:
        raise AecoreError(f"'kl_per_dimension' in {RECORD} is not of {config.latent_dim} dimensions")
    return kept


def is_number(value: object) -> bool:
    """Whether it is a finite int or float, as JSON has them."""
    return _is_loose_number(value) and value is not None and -_LARGEST < value < _LARGEST  # type: ignore[operator]


def _is_amount(value: object) -> bool:
    return is_number(value) and value >= 0  # type: ignore[operator]


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST


def _is_table(value: object) -> bool:
    """Whether it is a table of scores: numbers and names, and one list of finite numbers."""
    return isinstance(value, dict) and all(_KINDS.get(name, _is_entry)(entry) for name, entry in value.items())


def _is_entry(value: object) -> bool:
    return value is None or isinstance(value, str | int | float)


def _is_loose_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _is_numbers(value: object) -> bool:
    return isinstance(value, list) and all(map(is_number, value))


def _is_words(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(word, str) for word in value.values())


def _is_checksums(value: object) -> bool:
    return _is_words(value) and all(map(_CHECKSUM.fullmatch, value.values()))  # type: ignore[attr-defined]


def _is_shape(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_count(side) and side for side in value)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


Check = Callable[[object], bool]
_NUMBERS = (
    "mse", "psnr", "bce", "bce_floor", "recon", "recon_at_mean", "kl", "neg_elbo", "noise",
)  # fmt: skip
_KINDS: Mapping[str, Check] = {
    "sse": _is_amount,
    **dict.fromkeys(_NUMBERS, _is_loose_number),
    "images": _is_count,
    "active_units": _is_count,
    "kl_per_dimension": _is_numbers,
}
_REQUIRED: Mapping[str, Check] = {
    "config": lambda value: isinstance(value, dict),
    "evaluation": _is_table,
    "files": _is_checksums,
    "epochs": _is_count,
    "seconds": _is_amount,
    "image_shape": _is_shape,
    "data": _is_words,
}
_OPTIONAL: Mapping[str, Check] = {"run_id": _is_text, "precision": _is_text, "created": _is_text, "versions": _is_words}
