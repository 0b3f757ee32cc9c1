"""RunConfig: everything that determines a run, in one flat, frozen, validated dataclass."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_type_hints

from aecore.errors import AecoreError
from aecore.families import MODELS
from aecore.memory import check_memory

if TYPE_CHECKING:
    from aecore.datasets import Dataset

Loss = Literal["bce", "mse"]
Activation = Literal["relu", "silu", "tanh"]
Optimiser = Literal["adam", "adamw", "muon", "quick-muon"]  # quick-muon: at less than half the price, a little coarser
Schedule = Literal["constant", "cosine", "quadratic"]
Output = Literal["sigmoid", "linear"]
Precision = Literal["float32", "bfloat16", "auto"]
Start = Literal["glorot", "centred"]
Codes = Literal["feed-forward", "optimised"]

_T = TypeVar("_T", int, float)
WIDEST, DEEPEST = 65_536, 32  # units of a hidden layer, and hidden layers
LARGEST = 1e30  # of a setting that is any real number: float32 ends at 3.4e38


def _within(default: _T, least: float, most: float) -> _T:
    """A field with that default; a config takes what lies from `least` to `most`."""
    return field(default=default, metadata={"range": (least, most)})


@dataclass(frozen=True)
class RunConfig:
    """What is trained, on what, and how. Equal configs give equal weights on one machine.

    Losses are summed over the pixels of an image and averaged over the images of a batch.
    Raises `AecoreError` for a value that cannot be trained.
    """

    family: str
    dataset: str = "fashion_mnist"
    latent_dim: int = _within(20, 1, 512)  # the pages show a slider for each, and a matrix of their covariances
    hidden: tuple[int, ...] | None = None  # encoder widths, mirrored in the decoder; None: the family's own
    activation: Activation = "relu"
    output: Output = "sigmoid"  # what the decoder ends in; linear: for pixels that are any real number
    loss: Loss = "bce"  # bce: Bernoulli negative log-likelihood, nats; mse: squared error
    codes: Codes = "feed-forward"  # where the decoder's codes come from: the encoder, or a search image by image
    ridge: float = _within(
        1e-4, 0, LARGEST
    )  # optimised codes are searched with ridge / 2 |z|^2 in the loss; training adds |W|^2
    beta: float = _within(1.0, 0, LARGEST)  # weight of the KL term
    noise: float = _within(0.1, 0, 1e6)  # variance of what the denoising AE adds to each pixel
    dropout: float = _within(0.1, 0, 1)  # share of the units that the dropout AE switches off
    optimiser: Optimiser = "adam"
    lr: float = _within(1e-3, 0, LARGEST)
    bias_lr: float = _within(3e-3, 0, LARGEST)  # muon and quick-muon only: AdamW's rate for the biases
    weight_decay: float = _within(0.0, 0, LARGEST)
    schedule: Schedule = "constant"  # cosine, quadratic: to 0, after a linear warm-up over the first tenth
    batch_size: int = _within(512, 1, 2**20)
    epochs: int = _within(100, 0, 100_000)
    precision: Precision = "float32"  # bfloat16: matrix products while training; auto: where the hardware has it
    start: Start = "glorot"  # weights; centred: and biases that take the mean image to 0 and 0 to the mean image
    shift: int = _within(0, 0, 127)  # each training image is moved by up to so many pixels, anew every epoch
    mirror: bool = False  # each training image is mirrored left to right every other time, anew every epoch
    fresh: bool = False  # where the images are views of larger pictures: new views every epoch
    train_images: int = _within(0, 0, 10**9)  # the first n training images; 0: all of them
    seed: int = _within(0, 0, 2**32 - 1)  # what numpy and scikit-learn take

    def __post_init__(self) -> None:
        if not isinstance(self.family, str) or self.family not in MODELS:
            raise AecoreError(f"There is no model family '{self.family}'; choose one of {', '.join(MODELS)}.")
        family = MODELS[self.family]
        if self.hidden is None:
            object.__setattr__(self, "hidden", family.hidden)
        object.__setattr__(self, "hidden", tuple(self.hidden or ()))
        _check_types(self)
        _check_ranges(self)
        for name in family.unused - {"hidden"}:
            if getattr(self, name) != _DEFAULTS[name]:
                raise AecoreError(f"The family '{self.family}' has no use for '{name}'; leave it out.")
        if "hidden" in family.unused and self.hidden:
            raise AecoreError(f"The family '{self.family}' has no hidden layers; leave 'hidden' out.")
        if self.output == "linear" and self.loss == "bce":
            raise AecoreError("A linear 'output' is no probability; set 'loss' to mse with it.")

    @property
    def run_id(self) -> str:
        """`family-dataset-z20-<8 hex digits>`: the digits are a hash of every field that is not its default.

        Leaving defaults out of the hash keeps old ids valid when a field is added.
        """
        digest = hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()[:8]
        return f"{self.family}-{self.dataset}-z{self.latent_dim}-{digest}"

    @property
    def widths(self) -> tuple[int, ...]:
        """The encoder's hidden layer widths (`hidden`, never None)."""
        return self.hidden or ()

    def to_dict(self) -> dict[str, Any]:
        """The family and the fields that differ from their defaults, ready for JSON."""
        own = dataclasses.asdict(self)
        if self.hidden == MODELS[self.family].hidden:
            own["hidden"] = None
        changed = {name: value for name, value in own.items() if value != _DEFAULTS.get(name)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in changed.items()}

    def to_json(self) -> str:
        """The config as one JSON object; `from_json` reads it back."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> RunConfig:
        """The config that `to_dict` described; an unknown field raises `AecoreError`."""
        if not isinstance(values, dict):
            raise AecoreError("A run's config is not a JSON object; train the run again.")
        known = {each.name for each in fields(cls)}
        for name in values:
            if name not in known:
                raise AecoreError(f"A run's config has no field '{name}'; this run may come from a newer aecore.")
        if "family" not in values:
            raise AecoreError("A run's config names no 'family'; add one.")
        hidden = values.get("hidden")
        if not isinstance(hidden, list | tuple | None):
            raise AecoreError(f"'hidden' must be a list of widths, not {hidden!r}.")
        return cls(**{**values, "hidden": tuple(hidden) if hidden is not None else None})

    @classmethod
    def from_json(cls, text: str) -> RunConfig:
        """The config in the JSON object `text`; raises `AecoreError` when it is not one."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise AecoreError(f"A run's config is not JSON ({error}); train the run again.") from error
        return cls.from_dict(values)


def make_config(family: str, recipe: str = "chapter", **changes: Any) -> RunConfig:
    """The `RunConfig` of a named recipe of `family`, with `changes` on top.

    Raises `AecoreError` for an unknown family, recipe or field, or a bad value.
    """
    if family not in MODELS:
        raise AecoreError(f"There is no model family '{family}'; choose one of {', '.join(MODELS)}.")
    recipes = MODELS[family].recipes
    if recipe not in recipes:
        raise AecoreError(f"'{family}' has no recipe '{recipe}'; choose one of {', '.join(recipes)}.")
    return RunConfig.from_dict({"family": family, **recipes[recipe], **changes})


def recipe_of(config: RunConfig) -> str | None:
    """The recipe that `config` follows, whatever its data, code length, epochs and seed; None for no recipe."""
    own = {name: getattr(config, name) for name in ("dataset", "latent_dim", "epochs", "train_images", "seed")}
    recipes = MODELS[config.family].recipes
    return next((name for name in recipes if make_config(config.family, name, **own) == config), None)


def check_span(config: RunConfig, span: tuple[float, float]) -> None:
    """`AecoreError` where the config takes pixels in `span` for probabilities and they are none."""
    if span != (0, 1) and "loss" not in MODELS[config.family].unused and (config.loss, config.output) != _ANY_PIXELS:
        raise AecoreError(
            f"The pixels of '{config.dataset}' are no probabilities; set 'loss' to mse and 'output' to linear."
        )


def check_data(config: RunConfig, dataset: Dataset) -> None:
    """`AecoreError` where the config asks of a dataset what it is not."""
    check_span(config, dataset.span)
    if config.fresh and dataset.fresh is None:
        raise AecoreError(f"The images of '{config.dataset}' are no views of larger pictures; leave 'fresh' out.")
    if config.train_images and config.train_images > (most := len(dataset.train_images)):
        raise AecoreError(
            f"'train_images' must be at most {most:,}, all that '{config.dataset}' has, not {config.train_images:,}."
        )
    if config.shift and config.shift >= (side := min(dataset.test_images.shape[1:])):
        raise AecoreError(f"'shift' must be at most {side - 1} for images of {side} pixels a side, not {config.shift}.")
    check_memory(config, dataset)


def train_command(config: RunConfig) -> str:
    """The command line that trains it, from the recipe it follows."""
    recipe = recipe_of(config) or "chapter"
    base = make_config(config.family, recipe)
    words = ["aecore train", config.family, *(["--recipe", recipe] if recipe != "chapter" else [])]
    for each in fields(RunConfig):
        value = getattr(config, each.name)
        if value != getattr(base, each.name):
            words += _option(each.name.replace("_", "-"), value)
    return " ".join(words)


def _option(name: str, value: object) -> list[str]:
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    return [f"--{name}", ",".join(map(str, value)) if isinstance(value, tuple) else str(value)]


_ANY_PIXELS = ("mse", "linear")  # a loss and an output for pixels that are any real number
_DEFAULTS = {each.name: each.default for each in fields(RunConfig)}
_CHOICES = {
    name: get_args(hint)
    for name, hint in get_type_hints(RunConfig).items()
    if hint in (Loss, Activation, Optimiser, Schedule, Output, Precision, Start, Codes)
}
_SWITCHES = [name for name, hint in get_type_hints(RunConfig).items() if hint is bool]
RANGES: Mapping[str, tuple[float, float]] = {
    each.name: each.metadata["range"] for each in fields(RunConfig) if "range" in each.metadata
}
_POSITIVE = ("lr", "bias_lr")
_DATASET = re.compile(r"[\w-]{1,64}")  # it stands in the name of a folder


def _check_types(config: RunConfig) -> None:
    for name, kind in (("family", str), ("dataset", str)):
        if not isinstance(getattr(config, name), kind):
            raise AecoreError(f"'{name}' must be a name, not {getattr(config, name)!r}.")
    for name, choices in _CHOICES.items():
        if getattr(config, name) not in choices:
            raise AecoreError(f"'{name}' must be one of {', '.join(choices)}, not {getattr(config, name)!r}.")
    for name in _SWITCHES:
        if not isinstance(getattr(config, name), bool):
            raise AecoreError(f"'{name}' must be true or false, not {getattr(config, name)!r}.")
    if not _DATASET.fullmatch(config.dataset):
        raise AecoreError(f"'dataset' must be a name of up to 64 letters, digits, '_' and '-', not '{config.dataset}'.")
    for width in config.widths:
        if not _is_int(width) or not 1 <= width <= WIDEST:
            raise AecoreError(f"'hidden' must be whole numbers of 1 to {WIDEST:,}, not {width!r}.")
    if len(config.widths) > DEEPEST:
        raise AecoreError(f"'hidden' must be at most {DEEPEST} widths, not {len(config.widths)}.")


def _check_ranges(config: RunConfig) -> None:
    for name, (least, most) in RANGES.items():
        value = getattr(config, name)
        if isinstance(_DEFAULTS[name], int):
            if not _is_int(value) or not least <= value <= most:
                raise AecoreError(f"'{name}' must be a whole number of {least:,} to {most:,}, not {value!r}.")
            continue
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not least <= value <= most or (value == 0 and name in _POSITIVE):
            bound = "above 0 and at most" if name in _POSITIVE else f"of {least:g} to"
            raise AecoreError(f"'{name}' must be a finite number {bound} {most:g}, not {value!r}.")
    if config.epochs == 0 and "epochs" not in MODELS[config.family].unused:
        raise AecoreError(f"'epochs' must be at least 1 for the family '{config.family}', which learns from them.")
        object.__setattr__(config, name, float(value))
    if config.dropout >= 1:
        raise AecoreError(f"'dropout' must be below 1, not {config.dropout:g}: some units have to stay on.")


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
