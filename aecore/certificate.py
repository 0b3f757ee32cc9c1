"""The certificate: numbers of the finished runs beside published ones, each with its tolerance and source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

from aecore import store
from aecore.config import RunConfig, make_config
from aecore.errors import AecoreError

State = Literal["met", "missed", "absent"]
Table = Mapping[str, Any]  # a run's evaluation and measures
FLOORED = ("bce", "recon", "recon_at_mean", "neg_elbo", "iw_bound")  # these cannot go below the pixels' own entropy


class Limit(NamedTuple):
    """How far a number may lie from the reference: at most `above` over it and `below` under it."""

    above: float
    below: float
    text: str

    def holds(self, ours: float, reference: float) -> bool:
        """Whether `ours` is near enough."""
        return reference - self.below <= ours <= reference + self.above


def within(distance: float) -> Limit:
    """Near the reference, on either side."""
    return Limit(distance, distance, f"± {distance:g}")


AT_MOST = Limit(0, float("inf"), "at most")


class Ours(NamedTuple):
    """A number that runs yield, and the least value it can have, where that is not 0."""

    value: float
    floor: float | None = None


class Claim(NamedTuple):
    """The runs that a number needs, and how it comes from their tables of numbers."""

    configs: tuple[RunConfig, ...]
    compute: Callable[..., Ours]


def score(config: RunConfig, name: str) -> Claim:
    """A number of one run's tables."""
    return Claim((config,), lambda run: Ours(run[name], run.get("bce_floor") if name in FLOORED else None))


def ratio(config: RunConfig, other: RunConfig, name: str) -> Claim:
    """A number of one run as a multiple of another run's."""
    return Claim((config, other), lambda run, other: Ours(run[name] / other[name]))


def largest_ratio(config: RunConfig, other: RunConfig, prefix: str) -> Claim:
    """The largest of the ratios of the two runs' numbers whose names begin with `prefix`."""

    def compute(run: Table, other: Table) -> Ours:
        names = [name for name in run if name.startswith(prefix)]
        if not names:
            raise KeyError(prefix)
        return Ours(max(run[name] / other[name] for name in names))

    return Claim((config, other), compute)


def gap_ratio(config: RunConfig, other: RunConfig) -> Claim:
    """How far SSE on test images lies above that on training images, as a multiple of another run's distance."""

    def gap(run: Table) -> float:
        return float(run["sse"] - run["sse_train"])

    return Claim((config, other), lambda run, other: Ours(gap(run) / gap(other)))


@dataclass(frozen=True)
class Row:
    """What is claimed, and whose number it is measured against."""

    title: str
    claim: Claim
    reference: float
    limit: Limit
    source: str


@dataclass(frozen=True)
class Line:
    """A row with our number in it: None, and state "absent", where a run it needs is not there."""

    title: str
    ours: float | None
    floor: float | None
    reference: float
    tolerance: str
    source: str
    state: State
    runs: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


def lines() -> list[Line]:
    """Every row of `ROWS`, filled from the finished runs."""
    return [_line(row) for row in ROWS]


def markdown(table: Sequence[Line]) -> str:
    """The certificate as a Markdown table."""
    head = "| what | ours | reference | tolerance | source |\n|---|---|---|---|---|"
    return "\n".join([head, *(_markdown_row(line) for line in table)])


BEGIN, END = "<!-- certificate: `aecore certificate --into README.md` writes this table -->", "<!-- /certificate -->"


def inserted(text: str, table: Sequence[Line]) -> str:
    """The text with the table between `BEGIN` and `END`; raises `AecoreError` where it lacks them."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise AecoreError(f"There is no place for the certificate; add the lines `{BEGIN}` and `{END}`.")
    return f"{before}{BEGIN}\n{markdown(table)}\n{END}{after}"


def _line(row: Row) -> Line:
    ours = _ours(row.claim)
    state: State = "absent"
    if ours is not None:
        state = "met" if row.limit.holds(ours.value, row.reference) else "missed"
    value, floor = ours or (None, None)
    runs = tuple(config.run_id for config in row.claim.configs)
    return Line(row.title, value, floor, row.reference, row.limit.text, row.source, state, runs)


def _ours(claim: Claim) -> Ours | None:
    try:
        runs = [run for run in map(store.find, claim.configs) if run is not None]
        if len(runs) < len(claim.configs):
            return None
        value, floor = claim.compute(*({**run.evaluation, **run.measures} for run in runs))
        return Ours(float(value), None if floor is None else float(floor))
    except AecoreError:  # the run is damaged or one of other images
        return None
    except (KeyError, TypeError, ValueError, ZeroDivisionError):  # the number was never measured, or is none
        return None


def _markdown_row(line: Line) -> str:
    ours = "not on this machine" if line.ours is None else f"{line.ours:.3f}"
    if line.state == "missed":
        ours = f"**{ours}, missed**"
    if line.floor is not None:
        ours += f" (floor {line.floor:.2f})"
    return f"| {line.title} | {ours} | {line.reference:g} | {line.tolerance} | {line.source} |"


def _mnist(family: str, recipe: str = "chapter") -> RunConfig:
    return make_config(family, recipe, dataset="mnist", latent_dim=30)


_AE, _VAE, _PCA = make_config("ae"), make_config("vae"), make_config("pca")
_BEST_AE, _BEST_VAE = make_config("ae", "best"), make_config("vae", "best")
_DENOISING, _ADVERSARIAL = make_config("denoising-ae"), make_config("adversarial-ae")
_SMALL_AE, _SMALL_DROPOUT = make_config("ae", "small"), make_config("dropout-ae", "small")
_EXAMPLE_VAE = make_config("vae", "example", dataset="mnist")
_FACES_PCA = make_config("pca", dataset="olivetti", latent_dim=30)
_FACES_AE = make_config("ae", "faces")
_SHARP_PCA = make_config("pca", dataset="olivetti_sharp", latent_dim=30)
_SHARP_AE = make_config("ae", "faces", dataset="olivetti_sharp")

_PAPER = "Hinton & Salakhutdinov 2006, figure 2"
_EXACT = "eigenvalues of the training images' covariance"
_KERAS = "the chapter's recipe run in Keras, 100 epochs"
_EXAMPLE = "PyTorch's VAE example, 784-400-20, 10 epochs"
_GOAL = "this project's goal"

# A new line is one row here. Its run is found by its config; while that is absent, the line says so.
# fmt: off
ROWS: tuple[Row, ...] = (
    Row("MNIST, PCA-30: SSE (certifies its definition)", score(_mnist("pca"), "sse"), 13.866, within(0.01), _PAPER),
    Row("MNIST, logistic PCA-30: SSE", score(_mnist("logistic-pca"), "sse"), 8.01, AT_MOST, _PAPER),
    Row("... with optimised codes: SSE", score(_mnist("logistic-pca", "optimised"), "sse"), 2.9, AT_MOST, _GOAL),
    Row("MNIST, deep AE-30: SSE", score(_mnist("ae", "deep"), "sse"), 3.00, AT_MOST, _PAPER),
    Row("MNIST, VAE-20: -ELBO, nats", score(_EXAMPLE_VAE, "neg_elbo"), 105.6, within(1.0), _EXAMPLE),
    Row("Faces, PCA-30: SSE (blur chosen to match)", score(_FACES_PCA, "sse"), 135, within(0.5), _PAPER),
    Row("Faces of other people, deep AE-30 as a multiple of PCA-30: SSE",
        ratio(_FACES_AE, _FACES_PCA, "sse"), 0.75, AT_MOST, f"{_GOAL}; {_PAPER}, has 126 / 135 = 0.933"),
    Row("... without the blur", ratio(_SHARP_AE, _SHARP_PCA, "sse"), 0.75, AT_MOST, _GOAL),
    Row("Fashion-MNIST, PCA-20: SSE", score(_PCA, "sse"), 14.664, within(0.01), _EXACT),
    Row("Fashion-MNIST, AE-20: SSE", score(_AE, "sse"), 7.84, within(0.25), _KERAS),
    Row("Fashion-MNIST, AE-20: BCE, nats", score(_AE, "bce"), 214.35, within(1.0), _KERAS),
    Row("Fashion-MNIST, VAE-20: BCE at the mean, nats", score(_VAE, "recon_at_mean"), 222.29, within(1.0), _KERAS),
    Row("Fashion-MNIST, VAE-20: KL, nats", score(_VAE, "kl"), 16.28, within(1.0), _KERAS),
    Row("Fashion-MNIST, AE-20, best recipe: SSE", score(_BEST_AE, "sse"), 6.75, AT_MOST, _GOAL),
    Row("Fashion-MNIST, VAE-20, best recipe: -ELBO, nats", score(_BEST_VAE, "neg_elbo"), 242, AT_MOST, _GOAL),
    Row("Denoising AE as a multiple of AE: largest SSE, noise 0.1 to 0.5",
        largest_ratio(_DENOISING, _AE, "sse_noise_"), 1, AT_MOST, _GOAL),
    Row("Dropout AE as a multiple of AE, both on 2,000 images: test SSE less training SSE",
        gap_ratio(_SMALL_DROPOUT, _SMALL_AE), 1, AT_MOST, _GOAL),
    Row("Adversarial AE: largest mean of a code", score(_ADVERSARIAL, "code_mean"), 0.1, AT_MOST, _GOAL),
    Row("Adversarial AE: largest distance of a code's deviation from 1",
        score(_ADVERSARIAL, "code_deviation"), 0.2, AT_MOST, _GOAL),
    Row("Adversarial AE as a multiple of AE: classifier FID of images decoded from N(0, I)",
        ratio(_ADVERSARIAL, _AE, "classifier_fid_prior"), 1, AT_MOST, _GOAL),
)
# fmt: on
