"""Compare: every model on the same test images, its errors, and how long a code PCA needs to keep up."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Literal, NamedTuple

import charts
import numpy as np
import runs
import streamlit as st
from components import tiles
from numpy.typing import NDArray

from aecore import datasets, evaluation, grids, spectrum
from aecore.datasets import Dataset
from aecore.errors import AecoreError
from aecore.store import Run

Indices = NDArray[np.intp]

KEEP: Literal["session"] = "session"  # what is chosen is still chosen on return from another page
ALL = "All"
ORDERS = "First", "Random", "Largest error", "Largest advantage"
MEASURES = {"sse": "SSE", "bce": "BCE"}
EXPLAIN = {
    "sse": "Under each tile: SSE, the squared error summed over its pixels. At the row's end: its mean over all "
    "{n:,} test images. Lowest in bold.",
    "bce": "Under each tile: BCE in nats, summed over its pixels. Under the real images: the floor, the entropy of "
    "their grey pixels, which no model can go below. At the row's end: the mean over all {n:,} test images.",
}


class Name(NamedTuple):
    """A run's name among the chosen ones: "AE", "100 epochs"."""

    short: str
    detail: str

    @property
    def words(self) -> str:
        """In one line: "AE (100 epochs)"."""
        return f"{self.short} ({self.detail})" if self.detail else self.short


class Metric(NamedTuple):
    """A column of the table: a number of `evaluation`, what it is, and how it is printed."""

    name: str
    title: str
    unit: str
    explanation: str
    decimals: int
    best: int = 0  # -1: the lowest is best, 1: the highest, 0: no winner


METRICS = (
    Metric("sse", "SSE", "sum over pixels", "Squared error summed over pixels, mean over images.", 2, -1),
    Metric("mse", "MSE", "mean over pixels", "Squared error, mean over pixels and images.", 5, -1),
    Metric("psnr", "PSNR", "dB", "Peak signal-to-noise ratio of the mean MSE; the peak is 1.", 2, 1),
    Metric("bce", "BCE", "nats an image", "Bernoulli negative log-likelihood at the code, summed over pixels.", 2, -1),
    Metric("bce_floor", "BCE floor", "nats an image", "The entropy of the grey pixels: no model can go below.", 2),
    Metric(
        "recon_at_mean",
        "recon at mean",
        "nats an image",
        "Reconstruction term at the mean code; SSE where the loss is mse.",
        2,
    ),
    Metric(
        "recon",
        "recon sampled",
        "nats an image",
        "Reconstruction term at a sampled code; SSE where the loss is mse.",
        2,
    ),
    Metric("kl", "KL", "nats an image", "KL divergence from the standard normal prior, summed over dimensions.", 2),
    Metric("neg_elbo", "−ELBO", "nats an image", "recon sampled + KL, unweighted: the bound.", 2),
    Metric("active_units", "active units", "of {latent_dim}", "Dimensions whose mean varies by more than 0.01.", 0),
)


def page() -> None:
    """The whole page."""
    st.title("Compare")
    finished = runs.finished()
    if not finished:
        st.info("There are no runs to compare yet. Train one on the Train page.")
        return
    dataset_name = _choose_dataset(finished)
    candidates = [run for run in finished if run.config.dataset == dataset_name]
    chosen = _choose_runs(candidates)
    if not chosen:
        st.info("Choose at least one model.")
        return
    dataset = datasets.load(dataset_name)
    measure, indices = _choose_images(dataset, chosen)
    _tiles(dataset, chosen, indices, measure)
    st.header("All test images")
    st.html(_table(chosen))
    st.header("How long a code PCA needs")
    _pca(dataset_name, chosen)


# --- what is chosen ---


def _choose_dataset(finished: Sequence[Run]) -> str:
    """The runs' dataset; asked only where there is a choice."""
    names = list(dict.fromkeys(run.config.dataset for run in finished))
    if len(names) == 1:
        return names[0]
    return st.selectbox(
        "Dataset",
        names,
        format_func=lambda name: datasets.DATASETS[name].title,
        key="compare dataset",
        persist_state=KEEP,
    )


def _choose_runs(candidates: Sequence[Run]) -> list[Run]:
    labels = runs.labels(candidates)
    shipped = [run.run_id for run in candidates if run.shipped]
    ids = st.multiselect(
        "Models",
        list(labels),
        default=shipped or list(labels)[:3],
        format_func=lambda run_id: labels[run_id],
        key="compare models",
        persist_state=KEEP,
    )
    return [run for run in candidates if run.run_id in ids]


def _choose_images(dataset: Dataset, chosen: Sequence[Run]) -> tuple[str, Indices]:
    """The measure of error, and the test images to show."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        measure = st.segmented_control(
            "Error", list(MEASURES), default="sse", format_func=lambda name: MEASURES[name], required=True,
            key="compare error", persist_state=KEEP,
        )  # fmt: skip
        count = st.number_input("Images", 1, 100, 10, key="compare images", persist_state=KEEP, width=130)
        wanted = st.selectbox("Class", [ALL, *dataset.classes], key="compare class", persist_state=KEEP, width=160)
        pool = np.arange(len(dataset.test_labels))
        if wanted != ALL:
            pool = np.flatnonzero(dataset.test_labels == dataset.classes.index(wanted))
        pool = _in_order(pool, {run.run_id: run.errors[measure] for run in chosen}, chosen)
    return measure, pool[:count]


def _in_order(pool: Indices, errors: Mapping[str, NDArray[np.float32]], chosen: Sequence[Run]) -> Indices:
    """The images of `pool` in the order that is asked for; `errors` of all test images by run."""
    words = {run.run_id: name.words for run, name in zip(chosen, names(chosen), strict=True)}

    def errors_of(label: str, index: int) -> NDArray[np.float32]:
        run_id = st.selectbox(
            label,
            list(words),
            index,
            format_func=words.__getitem__,
            key=f"compare {label}",
            persist_state=KEEP,
            width=225,
        )
        return errors[run_id]

    match st.selectbox("Order", ORDERS, key="compare order", persist_state=KEEP, width=180):
        case "Random":
            seed = st.number_input("Seed", 0, None, 0, key="compare seed", persist_state=KEEP, width=130)
            return np.random.default_rng(seed).permutation(pool)
        case "Largest error":
            return by_error(pool, errors_of("of", 0))
        case "Largest advantage":
            ahead, behind = errors_of("of", 0), errors_of("over", len(chosen) - 1)
            return by_error(pool, behind - ahead)
        case _:
            return pool


def names(chosen: Sequence[Run]) -> list[Name]:
    """The runs' names, without what all of them share."""
    return [Name(*label.partition(" · ")[::2]) for label in runs.short_labels(chosen).values()]


def by_error(pool: Indices, errors: NDArray[np.float32]) -> Indices:
    """The images of `pool`, largest error first; equal ones stay in order."""
    return pool[np.argsort(-errors[pool], kind="stable")]


# --- the tiles ---


def _tiles(dataset: Dataset, chosen: Sequence[Run], indices: Indices, measure: str) -> None:
    clicked = tiles(tile_rows(dataset, chosen, indices, measure), key="tiles")
    st.caption(EXPLAIN[measure].format(n=len(dataset.test_images)))
    if clicked:
        st.switch_page("views/explore.py", query_params={name: value for name, value in clicked.items() if value})


def tile_rows(dataset: Dataset, chosen: Sequence[Run], indices: Indices, measure: str) -> dict[str, Any]:
    """What the component draws: the images, and for each row its sprite, its errors and its mean."""
    x = evaluation.pixels(dataset.test_images[indices])
    errors = np.array([run.errors[measure][indices] for run in chosen])
    lowest = errors == errors.min(0) if len(chosen) > 1 else np.zeros_like(errors, bool)
    real: dict[str, Any] = {"run": "", "title": "Real", "detail": "", "mean": "", "link": "./?start="}
    real |= {"errors": [""] * len(x), "best": [False] * len(x), "sprite": _sprite(x)}
    if measure == "bce":
        floor = evaluation.bce_floor(x)
        real |= {"detail": "BCE floor", "errors": _numbers(floor), "mean": f"{chosen[0].evaluation['bce_floor']:.2f}"}
    rows = [real]
    for run, name, of_run, best in zip(chosen, names(chosen), errors, lowest, strict=True):
        rows.append({
            "run": run.run_id,
            "title": name.short,
            "detail": name.detail,
            "mean": f"{run.evaluation[measure]:.2f}",
            "link": f"./?run={run.run_id}&start=",
            "errors": _numbers(of_run),
            "best": best.tolist(),
            "sprite": _sprite(run.reconstruct(x)),
        })  # fmt: skip
    images = [
        {"index": int(index), "start": f"test-{index}", "title": dataset.classes[dataset.test_labels[index]]}
        for index in indices
    ]
    return {"images": images, "rows": rows, "meanTitle": f"mean of {len(dataset.test_images):,}"}


def _numbers(errors: NDArray[np.float32]) -> list[str]:
    return [f"{error:.1f}" for error in errors]


def _sprite(images: NDArray[np.float32]) -> str:
    """Images side by side as one data URI."""
    return "data:image/png;base64," + base64.b64encode(grids.png(grids.tile(images, len(images)))).decode()


# --- the table ---


def _table(chosen: Sequence[Run]) -> str:
    """The evaluation of the whole test set, a row a run; columns that no run fills are left out."""
    metrics = [metric for metric in METRICS if any(metric.name in run.evaluation for run in chosen)]
    latent_dims = {run.config.latent_dim for run in chosen}
    head = "".join(
        f'<th scope="col"><abbr title="{escape(metric.explanation)}">{escape(metric.title)}</abbr>'
        f"<small>{_unit(metric, latent_dims)}</small></th>"
        for metric in metrics
    )
    body = "".join(
        f'<tr><th scope="row">{escape(name.short)}<small>{escape(name.detail)}</small></th>'
        + "".join(_cell(metric, run, chosen) for metric in metrics)
        + "</tr>"
        for run, name in zip(chosen, names(chosen), strict=True)
    )
    return (
        '<div class="numbers" tabindex="0" role="region" aria-label="Errors over all test images"><table>'
        f'<thead><tr><th scope="col">Model</th>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _unit(metric: Metric, latent_dims: set[int]) -> str:
    return metric.unit.format(latent_dim=max(latent_dims) if len(latent_dims) == 1 else "latent_dim")


def _cell(metric: Metric, run: Run, chosen: Sequence[Run]) -> str:
    value = run.evaluation.get(metric.name)
    if value is None:
        return "<td>–</td>"
    text = f"{value:.{metric.decimals}f}"
    values = [other.evaluation[metric.name] for other in chosen if metric.name in other.evaluation]
    best = metric.best and len(values) > 1 and value * metric.best >= max(other * metric.best for other in values)
    return f"<td><b>{text}</b></td>" if best else f"<td>{text}</td>"


# --- PCA at every code length ---


def _pca(dataset: str, chosen: Sequence[Run]) -> None:
    with st.spinner("Solving PCA for every code length…"):
        curve = runs.pca_curve(dataset)
    nonlinear = [run for run in chosen if run.config.family != "pca"]  # PCA itself is the yardstick
    matches = [
        charts.Match(name.words, run.evaluation["sse"], spectrum.equal_length(curve, run.evaluation["sse"]))
        for run, name in zip(nonlinear, names(nonlinear), strict=True)
    ]
    words, chart = st.columns([2, 3], gap="large")
    with words:
        for run, match in zip(nonlinear, matches, strict=True):
            st.metric(
                f"The {run.config.latent_dim}-number {match.label} equals PCA with", f"{match.components} numbers"
            )
        st.caption(
            "PCA is the best linear code of each length. It is fitted on the training images; "
            "SSE is on the test images, summed over pixels."
        )
    with chart:
        st.plotly_chart(charts.pca_curve(curve, matches), config={"displayModeBar": False}, key="pca_curve")


try:
    page()
except AecoreError as error:
    st.error(str(error))
