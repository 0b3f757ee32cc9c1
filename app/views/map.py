"""Map: a run's test codes in two dimensions, to look at and to walk over."""

from __future__ import annotations

from functools import partial
from typing import Any

import components
import exporting
import groups
import runs
import streamlit as st
from plain import plain, said

from aecore import inverse, jobs, projection
from aecore.datasets import Dataset
from aecore.errors import AecoreError
from aecore.projection import METHODS, NEIGHBOURS, Method
from aecore.store import Run

FEW = 5  # more runs than this are a list to choose from rather than a row of buttons
RUN, METHOD = "map run", "map projection"  # the widgets; Streamlit forgets them when the page is left
PLACE = "map place"  # the run and the method that were shown last, kept over page switches
ASKED = "map asked"  # the run and the method that a person asked for, until they are there
PROBLEM = "map problem"  # one sentence about what was just asked for
NOT_KEPT = "map group"  # one sentence about a group that could not be kept
TICK = 1.0  # seconds between looks at whether a map is there


def page() -> None:
    """The whole page."""
    finished = runs.finished()
    if not finished:
        st.title("Map")
        st.info("There is no run to map yet. Train one on the Train page.")
        return
    if st.session_state.get(RUN) not in [run.run_id for run in finished]:
        _arrive(finished)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.title("Map", width="content")
        run = _choose_run(finished)
        method = _choose_method(run)
        _offer(run)
        exporting.popover(run)
    if problem := st.session_state.pop(PROBLEM, None):
        st.info(said(problem))
    for sentence in run.damage:
        st.warning(said(sentence))
    if method is None:
        st.info(said(f"This run's maps are not computed yet; the button or `aecore map {run.run_id}` makes them."))
        return
    st.caption(" ".join([inverse.explain(method, runs.inverse_error(run, method)), *_too_few(run).values()]))
    _atlas(run, method)


def _arrive(finished: list[Run]) -> None:
    """Open what the address names; without a word there, what was shown last, or the first run."""
    last_run, last_method = st.session_state.get(PLACE, (finished[0].run_id, None))
    run_id, method = st.query_params.get("run", last_run), st.query_params.get("map", last_method)
    run = next((run for run in finished if run.run_id == run_id), finished[0])
    if run_id != run.run_id:
        st.session_state[PROBLEM] = f"The link's run “{run_id}” is not on this computer; this is {run.title}."
    elif method is not None and method not in run.maps:
        st.session_state[PROBLEM] = f"The link's map “{method}” is not computed for this run."
    st.session_state[RUN], st.session_state[METHOD] = run.run_id, method


def _choose_run(finished: list[Run]) -> Run:
    labels = runs.short_labels(finished)
    look: dict[str, Any] = {"key": RUN, "label_visibility": "collapsed"}
    if len(finished) > FEW:
        run_id = st.selectbox("Run", list(labels), format_func=labels.__getitem__, width=320, **look)
    else:
        buttons = {run_id: plain(label) for run_id, label in labels.items()}
        run_id = st.segmented_control("Run", list(labels), format_func=buttons.__getitem__, required=True, **look)
    return next(run for run in finished if run.run_id == run_id)


def _choose_method(run: Run) -> str | None:
    """One of the maps that were computed; None where there is none. A map that was asked for is shown once it is."""
    computed = [name for name in METHODS if name in run.maps]
    if not computed:
        return None
    asked_run, asked = st.session_state.get(ASKED, (None, None))
    if asked_run == run.run_id and asked in computed:
        del st.session_state[ASKED]
        st.session_state[METHOD] = asked
    if st.session_state.get(METHOD) not in computed:
        st.session_state[METHOD] = computed[0]
    method = st.segmented_control(
        "Projection", computed, required=True, format_func=lambda name: METHODS[name].title, key=METHOD,
        label_visibility="collapsed",
    )  # fmt: skip
    st.session_state[PLACE] = (run.run_id, method)
    return method


def _offer(run: Run) -> None:
    """A button for each map that is computed only when it is asked for, and for all where there is none."""
    missing = [row for row in METHODS.values() if row.package and row.name not in {*run.maps, *_too_few(run)}]
    if jobs.making_maps(run.run_id):
        _wait(run)
        return
    asked_run, method = st.session_state.get(ASKED, (None, None))
    if asked_run == run.run_id:  # the process has ended
        del st.session_state[ASKED]
        if not run.maps or (method and method not in run.maps):
            option = f" --method {method}" if method else ""
            st.session_state[PROBLEM] = f"The map was not computed; `aecore map {run.run_id}{option}` says why."
    if not run.maps:
        _button(run, "Compute the maps", None)
        return
    for row in missing:
        _button(run, f"Compute {row.title} (about {_seconds(run)} s)", row)


def _too_few(run: Run) -> dict[str, str]:
    """The maps that the run cannot have, and why."""
    return projection.left_out(run.codes, [name for name in METHODS if name not in run.maps])


def _button(run: Run, words: str, row: Method | None) -> None:
    if not st.button(words, key=f"compute {row and row.name}"):
        return
    try:
        if row:
            row.require()
        jobs.start_maps(run.run_id, row and row.name)
    except AecoreError as error:
        st.session_state[PROBLEM] = str(error)
        return
    st.session_state[ASKED] = (run.run_id, row and row.name)
    st.rerun()


def _seconds(run: Run) -> int:
    """What UMAP takes on one core: half a minute to compile itself, and then some for every thousand codes."""
    return 30 + 5 * round(len(run.codes) / 5000)


@st.fragment(run_every=TICK)
def _wait(run: Run) -> None:
    """Until the process that computes the run's maps has ended."""
    _, method = st.session_state.get(ASKED, (None, None))
    st.caption(f"Computing {METHODS[method].title if method else 'maps'}…")
    if not jobs.making_maps(run.run_id):
        st.rerun()


def _atlas(run: Run, method: str) -> None:
    dataset = run.dataset
    target = components.atlas(
        run=run.run_id,
        version=run.version,
        images=dataset.key,
        span=dataset.span,
        method=method,
        classes=dataset.classes,
        plane=runs.plane(run) if METHODS[method].inverse == "plane" else None,
        neighbours=NEIGHBOURS,
        order=[dimension["index"] for dimension in runs.space(run)["dimensions"]],
        groups=groups.kept(dataset),
        problem=st.session_state.pop(NOT_KEPT, None),
        kept=partial(_keep, dataset),
        dropped=lambda name: groups.drop(name, dataset),
    )
    components.store_last(
        partial(runs.points, run, method),
        partial(runs.codes, run),
        partial(runs.weights, run),
        partial(runs.images, run),
    )
    if target:
        st.switch_page("views/explore.py", query_params={"run": run.run_id, **target})


def _keep(dataset: Dataset, name: str, indices: list[int]) -> None:
    try:
        groups.keep(name, dataset, indices)
    except AecoreError as error:
        st.session_state[NOT_KEPT] = str(error)


page()
