"""Map: a run's test codes in two dimensions, to look at and to walk over."""

from __future__ import annotations

from functools import partial
from typing import Literal

import components
import exporting
import runs
import streamlit as st

from aecore import datasets
from aecore.errors import AecoreError
from aecore.projection import METHODS, NEIGHBOURS
from aecore.store import Run

KEEP: Literal["session"] = "session"  # what is chosen is still chosen on return from another page
FEW = 5  # more runs than this are a list to choose from rather than a row of buttons


def page() -> None:
    """The whole page."""
    finished = runs.finished()
    if not finished:
        st.title("Map")
        st.info("There is no run to map yet. Train one on the Train page.")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.title("Map", width="content")
        run = _choose_run(finished)
        method = _choose_method(run)
        exporting.popover(run)
    if method is None:
        st.info(f"This run's maps are not computed yet: `aecore map {run.run_id}` makes them in about half a minute.")
        return
    st.caption(_explain(run, method))
    _atlas(run, method)


def _choose_run(finished: list[Run]) -> Run:
    labels = runs.short_labels(finished)
    if len(finished) > FEW:
        run_id = st.selectbox(
            "Run", list(labels), format_func=labels.__getitem__, key="map run", persist_state=KEEP,
            label_visibility="collapsed", width=320,
        )  # fmt: skip
    else:
        run_id = st.segmented_control(
            "Run", list(labels), default=next(iter(labels)), required=True, format_func=labels.__getitem__,
            key="map run", persist_state=KEEP, label_visibility="collapsed",
        )  # fmt: skip
    return next(run for run in finished if run.run_id == run_id)


def _choose_method(run: Run) -> str | None:
    """One of the maps that were computed; None where there is none."""
    computed = [name for name in METHODS if name in run.maps]
    if not computed:
        return None
    return st.segmented_control(
        "Projection", computed, default=computed[0], required=True, format_func=lambda name: METHODS[name].title,
        key="map projection", persist_state=KEEP, label_visibility="collapsed",
    )  # fmt: skip


def _explain(run: Run, method: str) -> str:
    """What a drag decodes, in one line."""
    if METHODS[method].inverse == "blend":
        return (
            f"{METHODS[method].title} has no inverse: a drag decodes the weighted mean of the {NEIGHBOURS} nearest "
            "test codes, ringed on the map. On a dot it is that image's own code."
        )
    _, share = runs.plane(run)
    return (
        "A drag decodes the point of the plane under the pointer, exactly: z = mean + u·V. "
        f"The plane holds {share:.0%} of the variance of the test codes."
    )


def _atlas(run: Run, method: str) -> None:
    dataset = datasets.load(run.config.dataset)
    plane = runs.plane(run)[0]._asdict() if METHODS[method].inverse == "plane" else None
    target = components.atlas(
        run=run.run_id,
        dataset=dataset.name,
        span=dataset.span,
        method=method,
        classes=dataset.classes,
        plane=plane and {name: array.tolist() for name, array in plane.items()},
        neighbours=NEIGHBOURS,
    )
    components.store_last(partial(runs.codes, run), partial(runs.weights, run), partial(runs.images, dataset.name))
    if target:
        st.switch_page("views/explore.py", query_params={"run": run.run_id, **target})


try:
    page()
except AecoreError as error:
    st.error(str(error))
