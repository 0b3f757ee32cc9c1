"""Explore: one slider for each latent dimension, and the picture that they decode to."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any

import components
import exporting
import groups
import links
import nearby
import runs
import space
import streamlit as st
from attempts import or_sentence
from links import Place
from plain import plain, said

from aecore import neighbours
from aecore.errors import AecoreError
from aecore.evaluation import useless
from aecore.families import MODELS
from aecore.places import decode_code
from aecore.store import Run

FEW = 5  # more runs than this are a list to choose from rather than a row of buttons
MODEL = "explore_model"  # the widget; Streamlit forgets it when the page is left
PLACE = "explore_place"  # where the person is, kept over page switches
TURN = "explore_turn"  # the place in another run that the component turned to
OPENING = "explore_opening"  # what the component was told to open: (number, place, problem)


def page() -> None:
    """The whole page."""
    finished = runs.finished()
    if not finished:
        st.title("Explore")
        st.info("There is no run to explore yet. Train one on the Train page.")
        return
    if turn := st.session_state.pop(TURN, None):
        _open(*links.resolve(asdict(turn), finished))
        st.session_state[MODEL] = st.session_state[PLACE].run
    if st.session_state.get(MODEL) not in [run.run_id for run in finished]:
        _arrive(finished)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title("Explore", width="content")
        run = _choose_model(finished)
        st.caption(MODELS[run.config.family].summary, width="stretch")
    if run.run_id != st.session_state[PLACE].run:
        same_start, _ = links.resolve(asdict(links.across(st.session_state[PLACE], run.run_id)), finished)
        _open(same_start)
    number, place, problem = st.session_state[OPENING]
    if problem:
        st.info(said(problem))
    if sentence := useless(run.config, run.evaluation):
        st.info(said(sentence))
    _explorer(run, place, number)
    components.store_last(partial(runs.weights, run), partial(runs.codes, run), partial(runs.images, run))


def _arrive(finished: list[Run]) -> None:
    """Open what the address says; without a word there, the place where the person was last."""
    link: dict[str, str | None] = {name: st.query_params[name] for name in links.PARAMETERS if name in st.query_params}
    last: Place | None = st.session_state.get(PLACE)
    if last:
        link = {"run": last.run, **link} if link else asdict(last)
    try:
        _open(*links.resolve(link, finished))
    except AecoreError as error:  # that run's data are not here; the first run's may be
        _open(links.resolve({}, finished)[0], str(error))
    st.session_state[MODEL] = st.session_state[PLACE].run


def _open(place: Place, problem: str | None = None) -> None:
    number = st.session_state[OPENING][0] + 1 if OPENING in st.session_state else 0
    st.session_state[PLACE], st.session_state[OPENING] = place, (number, place, problem)


def _choose_model(finished: list[Run]) -> Run:
    labels = runs.short_labels(finished)
    look: dict[str, Any] = {"key": MODEL, "label_visibility": "collapsed"}
    if len(finished) > FEW:
        run_id = st.selectbox("Model", list(labels), format_func=labels.__getitem__, width=420, **look)
    else:
        buttons = {run_id: plain(label) for run_id, label in labels.items()}
        run_id = st.segmented_control("Model", list(labels), format_func=buttons.__getitem__, required=True, **look)
    return next(run for run in finished if run.run_id == run_id)


@st.fragment  # a commit reruns this alone
@or_sentence
def _explorer(run: Run, place: Place, number: int) -> None:
    panel = st.session_state[PLACE].panel
    models = _beside(run) if panel in ("models", "interpolate") else []
    asked = components.question().get("beside", ()) if panel == "interpolate" else [one.run_id for one in models]
    others = [one for one in models if one.run_id in asked and one.run_id != run.run_id]
    answers: dict[str, Any] = {}
    if models:
        titles = runs.short_labels(models)
        answers["models"] = [(one.run_id, titles[one.run_id], one.version) for one in models]
    if panel == "interpolate":
        answers["clouds"] = [(one.run_id, runs.space(one)["cloud"]) for one in others]
    if panel == "directions":
        answers["groups"] = groups.kept(run.dataset)
    if panel == "neighbours":
        answers["training"] = _training(run)
    turn = components.explorer(runs.space(run), space.opening(run, place, number), answers, _moved)
    if turn:
        st.session_state[TURN] = turn
        st.rerun()
    with st.container(gap=None):
        components.store(*(partial(runs.weights, other) for other in others))
    exporting.popover(run, st.session_state[PLACE])


def _beside(run: Run) -> list[Run]:
    """The runs on the same images."""
    return [one for one in runs.finished() if one.config.dataset == run.config.dataset and one.belongs()]


def _training(run: Run) -> dict[str, Any] | None:
    """The nearest training images to the code that the component asked about; no `codes` while those are made."""
    question = components.question()
    z = decode_code(question.get("z", ""))
    if question.get("run") != run.run_id or z is None or len(z) != run.config.latent_dim:
        return None
    # the page hears nothing of an answer that is the same as the last one
    known = {"run": run.run_id, "z": question["z"], "again": question.get("again")}
    try:
        codes = runs.training_codes(run)
        known |= {"count": len(neighbours.trained_on(run, run.dataset))}
        known |= {"pictures": runs.nearest_pictures(run, question["z"])}
        return known | ({"codes": nearby.nearest_codes(run, codes.result(), z)} if codes.done() else {})
    except AecoreError as error:
        return known | {"problem": str(error)}


def _moved(place: Place) -> None:
    """The person came to rest at a code; the component's own words are never sent back to it."""
    if place.run == st.session_state[PLACE].run:
        st.session_state[PLACE] = place


page()
