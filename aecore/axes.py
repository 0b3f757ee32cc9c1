"""Axes of a search: which values a field of `RunConfig` may take, as `aecore sweep --over` spells them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, get_args, get_type_hints

from aecore.config import RunConfig
from aecore.errors import AecoreError
from aecore.families import MODELS

Value = bool | int | float | str  # as a storage keeps it; widths are text such as "256-128"

_HINTS = get_type_hints(RunConfig)
_FIXED = ("family", "dataset")  # what scores could not be compared across
_RANGE = re.compile(r"(?P<low>.+?)\.\.(?P<high>.+?)(?P<log>:log)?")
_EXAMPLES = {
    int: "16..64, 16..64:log or 16,32,64",
    float: "0.001..0.1, 0.001..0.1:log or 0.01,0.02",
    bool: "true,false",
}
_WIDTHS = "256-128,512-256"


@dataclass(frozen=True)
class Axis:
    """The values that one field may take: `choices`, or where there are none all numbers from `low` to `high`."""

    field: str
    choices: tuple[Value, ...] = ()
    low: float = 0
    high: float = 0
    log: bool = False

    @property
    def whole(self) -> bool:
        """Whether its range is one of whole numbers."""
        return not self.choices and _HINTS[self.field] is int

    @property
    def text(self) -> str:
        """As `parse` reads it: "lr=0.001..0.1:log" or "hidden=256-128,512-256"."""
        if self.choices:
            return f"{self.field}={','.join(map(spell, self.choices))}"
        return f"{self.field}={spell(self.low)}..{spell(self.high)}{':log' if self.log else ''}"

    def value(self, kept: Value) -> Any:
        """What the field of a `RunConfig` takes for a value as it is kept."""
        return tuple(int(width) for width in str(kept).split("-") if width) if self.field == "hidden" else kept


def parse(text: str, base: RunConfig) -> Axis:
    """The axis that `text`, such as "lr=0.001..0.1:log", spells, for a search around `base`.

    Raises `AecoreError` for a field that `base`'s family has no use for, or a value that it cannot be trained with.
    """
    field, equals, values = text.partition("=")
    if not equals or not values:
        raise AecoreError(f"'{text}' is no axis; write FIELD=LOW..HIGH, FIELD=LOW..HIGH:log or FIELD=A,B,C.")
    _check_field(field, base)
    ranged = _RANGE.fullmatch(values)
    axis = _range(field, ranged) if ranged else _choices(field, values)
    for value in axis.choices or (axis.low, axis.high):
        replace(base, **{field: axis.value(value)})  # raises where it cannot be
    return axis


def parse_all(texts: list[str], base: RunConfig) -> tuple[Axis, ...]:
    """The axes that `texts` spell, in the order of `RunConfig`'s fields; each field once, and at least one."""
    axes = [parse(text, base) for text in texts]
    for axis in axes:
        if [other.field for other in axes].count(axis.field) > 1:
            raise AecoreError(f"'{axis.field}' is searched over twice; give all its values at once.")
    if not axes:
        raise AecoreError("There is nothing to search over; give at least one `--over FIELD=VALUES`.")
    return tuple(sorted(axes, key=lambda axis: list(_HINTS).index(axis.field)))


def fields(family: str) -> list[str]:
    """The fields of `RunConfig` that a search of `family` can go over."""
    return [name for name in _HINTS if name not in _FIXED and name not in MODELS[family].unused]


def suggestion(field: str, base: RunConfig) -> str:
    """Values of `field` around `base`'s own, for a person to begin with: "0.004..0.1:log"."""
    value = getattr(base, field)
    if field == "hidden":
        return ",".join("-".join(str(times * width) for width in value) for times in (1, 2))
    if field == "train_images":
        return "1000..10000:log"
    if _HINTS[field] is int:
        return f"{(value + 1) // 2}..{2 * value}" if value else "0,1,2"
    if _HINTS[field] is float:
        return f"{spell(value / 5)}..{spell(5 * value)}:log" if value else "0..0.1"
    return _example(field)


def spell(value: Value) -> str:
    """A value as a command line takes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def brief(value: Value) -> str:
    """A value as a person reads it, with four digits."""
    return f"{value:.4g}" if isinstance(value, float) else spell(value)


def _check_field(field: str, base: RunConfig) -> None:
    known = fields(base.family)
    if field in known:
        return
    if field in _FIXED:
        raise AecoreError(f"A search keeps to one {field}, since scores are compared; search over {', '.join(known)}.")
    raise AecoreError(
        f"The family '{base.family}' has no field '{field}' to search over; choose of {', '.join(known)}."
    )


def _range(field: str, ranged: re.Match[str]) -> Axis:
    if _HINTS[field] not in (int, float):
        raise AecoreError(f"'{field}' has no range; list its values: {field}={_example(field)}.")
    low, high, log = _number(field, ranged["low"]), _number(field, ranged["high"]), bool(ranged["log"])
    if low >= high:
        raise AecoreError(f"The range of '{field}' must rise: {spell(low)} is not below {spell(high)}.")
    if log and low <= 0:
        raise AecoreError(f"A range with ':log' must begin above 0, and that of '{field}' begins at {spell(low)}.")
    return Axis(field, low=low, high=high, log=log)


def _choices(field: str, values: str) -> Axis:
    read: Callable[[str, str], Value] = {int: _number, float: _number, bool: _switch}.get(_HINTS[field], _word)
    choices = tuple(read(field, word.strip()) for word in values.split(","))
    if len(set(choices)) < len(choices) or len(choices) < 2:
        raise AecoreError(f"'{field}' needs two values or more, each once, such as {field}={_example(field)}.")
    return Axis(field, choices)


def _number(field: str, text: str) -> int | float:
    try:
        value: int | float = _HINTS[field](text)
    except ValueError:
        value = math.nan
    if not -math.inf < value < math.inf:  # an int may be too large for `isfinite`
        raise AecoreError(f"'{text}' is no value of '{field}'; write {_example(field)}.")
    return value


def _switch(field: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise AecoreError(f"'{text}' is no value of '{field}'; write true,false.")
    return text == "true"


def _word(field: str, text: str) -> str:
    if field == "hidden" and not re.fullmatch(r"[1-9]\d*(-[1-9]\d*)*", text):
        raise AecoreError(f"'{text}' are no widths of layers; write them as in hidden={_WIDTHS}.")
    return text


def _example(field: str) -> str:
    if field == "hidden":
        return _WIDTHS
    return _EXAMPLES.get(_HINTS[field]) or ",".join(get_args(_HINTS[field]))
