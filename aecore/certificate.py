"""The certificate: numbers of the finished runs beside published ones, each with its tolerance and source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

from aecore import store
from aecore.config import RunConfig, make_config
from aecore.errors import AecoreError

State = Literal["met", "missed", "absent"]
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
    runs = [run for run in map(store.find, claim.configs) if run is not None]
    if len(runs) < len(claim.configs):
        return None
    try:
        return claim.compute(*({**run.evaluation, **run.measures} for run in runs))
    except KeyError:  # the run is there, the number was never measured
        return None


def _markdown_row(line: Line) -> str:
    ours = "not on this machine" if line.ours is None else f"{line.ours:.3f}"
    if line.state == "missed":
        ours = f"**{ours}, missed**"
    if line.floor is not None:
        ours += f" (floor {line.floor:.2f})"
    return f"| {line.title} | {ours} | {line.reference:g} | {line.tolerance} | {line.source} |"


def _pca(dataset: str, latent_dim: int) -> RunConfig:
    return make_config("pca", dataset=dataset, latent_dim=latent_dim)


_AE, _VAE = make_config("ae"), make_config("vae")
_EXAMPLE_VAE = make_config("vae", dataset="mnist", hidden=(400,), batch_size=128, epochs=10)
_PAPER = "Hinton & Salakhutdinov 2006, figure 2"
_EXAMPLE = "PyTorch's VAE example, 784-400-20, 10 epochs"
_EXACT = "the eigenvalues of the training images' covariance"
_KERAS = "the chapter's recipe run in Keras, 100 epochs"

# A new line is one row here. Its run is found by its config; while that is absent, the line says so.
ROWS: tuple[Row, ...] = (
    Row(
        "PCA-30, MNIST: SSE (certifies the definition)",
        score(_pca("mnist", 30), "sse"),
        13.866,
        within(0.01),
        f"{_PAPER}: 13.87",
    ),
    Row("PCA-20, Fashion-MNIST: SSE", score(_pca("fashion_mnist", 20), "sse"), 14.664, within(0.01), _EXACT),
    Row("AE-20, Fashion-MNIST: SSE", score(_AE, "sse"), 7.84, within(0.25), _KERAS),
    Row("AE-20, Fashion-MNIST: BCE, nats", score(_AE, "bce"), 214.35, within(1.0), _KERAS),
    Row("VAE-20, Fashion-MNIST: BCE at the mean, nats", score(_VAE, "recon_at_mean"), 222.29, within(1.0), _KERAS),
    Row("VAE-20, Fashion-MNIST: KL, nats", score(_VAE, "kl"), 16.28, within(1.0), _KERAS),
    Row("VAE-20, MNIST: -ELBO, nats", score(_EXAMPLE_VAE, "neg_elbo"), 105.6, within(1.0), _EXAMPLE),
    Row(
        "PCA-30, faces of other people: SSE",
        score(_pca("olivetti", 30), "sse"),
        135,
        within(0.5),
        f"{_PAPER}; blur chosen to match",
    ),
)
