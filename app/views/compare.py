"""Compare: every model on the same test images, its errors, and how long a code PCA needs to keep up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import charts
import numpy as np
import rows
import runs
import scores
import streamlit as st
from components import tiles
from numpy.typing import NDArray
from plain import plain, said
from rows import Indices, Name, View

from aecore import certificate, datasets, spectrum
from aecore.config import Codes, recipe_of
from aecore.datasets import Dataset
from aecore.errors import AecoreError
from aecore.store import Run

KEEP: Literal["session"] = "session"  # what is chosen is still chosen on return from another page
ALL = "All"
ORDERS = "First", "Random", "Largest error", "Largest advantage"
MEASURES = {"sse": "SSE", "bce": "BCE"}
CODES: dict[str, Codes | None] = {"As trained": None, "Encoder's": "feed-forward", "Optimised": "optimised"}
NOISIEST, STEP = 0.5, 0.05  # variances
EXPLAIN = {
    "sse": "Under each tile: SSE, the squared error summed over its pixels. At the row's end: its mean over {many} "
    "test images. Lowest in bold.",
    "bce": "Under each tile: BCE in nats, summed over its pixels. Under the real images: the floor, the entropy of "
    "their grey pixels, which no model can go below. At the row's end: the mean over {many} test images.",
}
NOISY = " Every model sees the noisy image and is scored against the clean one."
NOT_KEPT = " Where that is a dash, `aecore evaluate RUN --codes {codes} --keep` computes it."


def page() -> None:
    """The whole page."""
    st.title("Compare")
    finished = runs.finished()
    if not finished:
        st.info("There are no runs to compare yet. Train one on the Train page.")
        return
    dataset_name = _choose_dataset(finished)
    chosen = _choose_runs([run for run in finished if run.config.dataset == dataset_name], dataset_name)
    if not chosen:
        st.info("Choose at least one model.")
        return
    chosen = _sound(chosen)
    if not chosen:
        return
    try:
        dataset = datasets.load(dataset_name)
    except AecoreError as error:
        st.info(said(f"The runs' numbers are here, the images are not. {error}"))
        _numbers(chosen, dataset_name)
    else:
        _tiles(dataset, chosen, _choose_view(dataset, chosen))
        _numbers(chosen, dataset_name)
        _pca(dataset, chosen)
    _certificate()


# --- what is chosen ---


def _choose_dataset(finished: Sequence[Run]) -> str:
    """The runs' dataset; asked only where there is a choice."""
    names = list(dict.fromkeys(run.config.dataset for run in finished))
    if len(names) == 1:
        return names[0]
    chosen = st.segmented_control(
        "Dataset",
        names,
        default=names[0],
        required=True,
        format_func=lambda name: plain(datasets.title(name)),
        key="compare dataset",
        persist_state=KEEP,
    )
    return chosen if chosen in names else names[0]


def _choose_runs(candidates: Sequence[Run], dataset: str) -> list[Run]:
    labels = runs.labels(candidates)
    ids = st.multiselect(
        "Models",
        list(labels),
        default=by_default(candidates),
        format_func=lambda run_id: labels[run_id],
        key=f"compare models {dataset}",
        persist_state=KEEP,
    )
    return [run for run in candidates if run.run_id in ids]


def by_default(candidates: Sequence[Run]) -> list[str]:
    """One run of each family, shipped ones and the chapter's first, trained on all images."""
    chosen: dict[str, str] = {}
    for run in sorted(candidates, key=lambda run: (not run.shipped, recipe_of(run.config) != "chapter")):
        if not run.config.train_images:
            chosen.setdefault(run.config.family, run.run_id)
    return [run.run_id for run in candidates if run.run_id in chosen.values()]


def _sound(chosen: Sequence[Run]) -> list[Run]:
    """The runs whose files can be read and that belong to the images; a sentence for each other one."""
    sound = []
    for run in chosen:
        try:
            _ = run.stacks, run.codes
            run.check_images()
            sound.append(run)
        except AecoreError as error:
            st.warning(said(error))
    return sound


def _choose_view(dataset: Dataset, chosen: Sequence[Run]) -> View:
    """The test images to show, and how."""
    measures = [name for name in MEASURES if all(name in run.errors for run in chosen)]
    measure = measures[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(measures) > 1:  # pixels outside [0, 1] have no BCE
            measure = st.segmented_control(
                "Error", measures, default=measure, format_func=MEASURES.__getitem__, required=True,
                key="compare error", persist_state=KEEP,
            )  # fmt: skip
        codes = st.segmented_control(
            "Codes", list(CODES), default="As trained", required=True, key="compare codes", persist_state=KEEP,
            help="Encoder's: one pass. Optimised: the best code of each image, searched from the encoder's.",
        )  # fmt: skip
        noise = st.slider(
            "Noise (variance)", 0.0, NOISIEST, 0.0, STEP, key="compare noise", persist_state=KEEP, width=200,
            help="Gaussian noise on each pixel of what the models see.",
        )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        count = st.number_input("Images", 1, 100, 10, key="compare images", persist_state=KEEP, width=130)
        pool = _in_order(_choose_class(dataset), {run.run_id: run.errors[measure] for run in chosen}, chosen)
    return View(pool[:count], measure, CODES[codes], noise)


def _choose_class(dataset: Dataset) -> Indices:
    """The test images of one class, or all."""
    there = [dataset.classes[label] for label in np.unique(dataset.test_labels)]
    wanted = st.selectbox("Class", [ALL, *there], key=f"compare class {dataset.name}", persist_state=KEEP, width=160)
    if wanted == ALL:
        return np.arange(len(dataset.test_labels))
    return np.flatnonzero(dataset.test_labels == dataset.classes.index(wanted))


def _in_order(pool: Indices, errors: Mapping[str, NDArray[np.float32]], chosen: Sequence[Run]) -> Indices:
    """The images of `pool` in the order that is asked for; `errors` of all test images, without noise, by run."""
    words = {run.run_id: name.words for run, name in zip(chosen, names(chosen), strict=True)}

    def errors_of(label: str, index: int) -> NDArray[np.float32]:
        run_id = st.selectbox(
            label,
            list(words),
            index,
            format_func=words.__getitem__,
            key=f"compare {label} {chosen[0].config.dataset}",
            persist_state=KEEP,
            width=225,
        )
        return errors[run_id]

    match st.selectbox("Order", ORDERS, key="compare order", persist_state=KEEP, width=180):
        case "Random":
            seed = st.number_input("Seed", 0, None, 0, key="compare seed", persist_state=KEEP, width=130)
            return np.random.default_rng(seed).permutation(pool)
        case "Largest error":
            return rows.by_error(pool, errors_of("of", 0))
        case "Largest advantage":
            pca = next((at for at, run in enumerate(chosen) if run.config.family == "pca"), len(chosen) - 1)
            ahead, behind = errors_of("of", 0), errors_of("over", pca)
            return rows.by_error(pool, behind - ahead)
        case _:
            return pool


def names(chosen: Sequence[Run]) -> list[Name]:
    """The runs' names, without what all of them share."""
    return [Name(*label.partition(" · ")[::2]) for label in runs.short_labels(chosen).values()]


# --- what is shown ---


def _tiles(dataset: Dataset, chosen: Sequence[Run], view: View) -> None:
    with st.spinner("Searching codes…", show_time=True):
        data = rows.tile_rows(dataset, chosen, names(chosen), view, runs.encode)
    clicked = tiles(data, key="tiles")
    many = "these" if view.noise else f"all {len(dataset.test_images):,}"
    text = EXPLAIN[view.measure].format(many=many) + (NOISY if view.noise else "")
    if any(row["mean"] == "–" for row in data["rows"]):
        text += NOT_KEPT.format(codes=view.codes)
    st.caption(text)
    if clicked:
        st.switch_page("views/explore.py", query_params={name: value for name, value in clicked.items() if value})


def _numbers(chosen: Sequence[Run], dataset: str) -> None:
    st.header("All test images")
    scored = scores.scored(chosen, names(chosen))
    columns = scores.filled(scored)
    shown = st.multiselect(
        "Columns",
        columns,
        default=[name for name in scores.FIRST if name in columns],
        format_func=lambda name: scores.METRICS[name].title,
        key=f"compare columns {dataset}",
        persist_state=KEEP,
    )
    st.html(scores.table(scored, shown))


def _certificate() -> None:
    st.header("Beside published numbers")
    st.html(scores.certificate(certificate.lines()))


# --- PCA at every code length ---


def _pca(dataset: Dataset, chosen: Sequence[Run]) -> None:
    st.header("How long a code PCA needs")
    try:
        with st.spinner("Solving PCA for every code length…"):
            curve = runs.pca_curve(dataset)
    except AecoreError as error:
        st.info(said(error))
        return
    nonlinear = [run for run in chosen if run.config.family != "pca"]  # PCA itself is the yardstick
    matches = [
        charts.Match(name.words, run.evaluation["sse"], spectrum.equal_length(curve, run.evaluation["sse"]))
        for run, name in zip(nonlinear, names(nonlinear), strict=True)
    ]
    words, chart = st.columns([2, 3], gap="large")
    with words:
        for run, match in zip(nonlinear, matches, strict=True):
            st.metric(
                f"The {run.config.latent_dim}-number {plain(match.label)} equals PCA with", _numbers_of(match, curve)
            )
        st.caption(
            "PCA is the best linear code of each length. It is fitted on the training images; "
            "SSE is on the test images, summed over pixels."
        )
    with chart:
        st.plotly_chart(charts.pca_curve(curve, matches), config={"displayModeBar": False}, key="pca_curve")


def _numbers_of(match: charts.Match, curve: NDArray[np.float64]) -> str:
    """How many numbers PCA needs; where all that there are leave more than the model does, that."""
    if match.components is None:
        return f"no number: its {len(curve) - 1} leave SSE {curve[-1]:.2f}"
    return f"{match.components} number" if match.components == 1 else f"{match.components} numbers"


page()
