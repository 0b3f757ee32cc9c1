"""The search on the Train page: studies on disk, their trials, and a search of one's own in the background."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

import components
import streamlit as st
from attempts import attempt, show_problem

from aecore import axes, datasets, jobs, store, studies, turns
from aecore.axes import Axis
from aecore.config import RunConfig, train_command
from aecore.errors import AecoreError
from aecore.families import MODELS
from aecore.studies import Plan, Study, Trial

KEEP: Literal["session"] = "session"
TICK = 2.0  # seconds between looks at a study that is searched
MORE = 20  # trials
PLACE = "search problem"  # of what `attempt` could not do
FIRST = ("lr", "batch_size", "latent_dim")  # searched over at first, the first two that a family has
RANK = {"complete": 0, "pruned": 1, "running": 2, "failed": 3, "interrupted": 4}


def section(config: RunConfig | None, train: Callable[[RunConfig], None]) -> None:
    """The whole section, folded away; nothing of it is made before it is opened.

    A new search goes around `config`; `train` starts a run of the best one.
    """
    box = st.expander("Search for better settings", key="search", on_change="rerun")
    if not box.open:
        return
    with box:
        new, found = st.columns([1, 3], gap="large")
        with new:
            _new_search(config)
        with found:
            _studies(train)


# --- a new search ---


def _new_search(config: RunConfig | None) -> None:
    st.subheader("New search")
    if config is None:
        st.caption("The settings above cannot be trained.")
        return
    st.caption("Around the model and settings above. The last training images decide, never the test images.")
    known = axes.fields(config.family)
    chosen = st.multiselect(
        "Search over", known, default=[name for name in (*FIRST, *known) if name in known][: min(2, len(known))],
        key=f"{config.family} over", persist_state=KEEP, wrap=True,
    )  # fmt: skip
    texts = [
        f"{name}={st.text_input(name, axes.suggestion(name, config), key=f'{config.family} over {name}')}"
        for name in chosen
    ]
    trials = st.number_input(
        "Trials", 1, studies.MOST_TRIALS, value=MORE, step=1, key="search trials", persist_state=KEEP
    )
    name = st.text_input("Name of the study", _free_name(config), key=f"study {config.family} {len(studies.names())}")
    if st.button("Start search", width="stretch", disabled=not chosen):  # no callback: see `train._start_button`
        attempt(_start, name, config, texts, trials, place=PLACE)
        st.rerun()
    show_problem(PLACE)


def _free_name(config: RunConfig) -> str:
    taken, number = studies.names(), 1
    while f"{config.family}-{number}" in taken:
        number += 1
    return f"{config.family}-{number}"


def _start(name: str, config: RunConfig, texts: list[str], trials: int) -> None:
    studies.start(name, studies.plan(config, axes.parse_all(texts, config)), trials)
    st.session_state["study"] = name


# --- the studies there are ---


def _studies(train: Callable[[RunConfig], None]) -> None:
    names = studies.names()
    if not names:
        st.info("There are no studies yet. Start a search, and watch its trials here.")
        return
    if st.session_state.get("study") not in names:
        st.session_state["study"] = names[0]
    name = st.selectbox("Study", names, key="study", persist_state=KEEP)
    active = _active(name)
    # Polling costs a rerun a tick: only while a process of this machine searches.
    st.fragment(_live, run_every=TICK if active else None)(name, active, train)


def _active(name: str) -> bool:
    try:
        return bool(Study(name).workers())
    except AecoreError:
        return False  # `_live` says why


def _live(name: str, active: bool, train: Callable[[RunConfig], None]) -> None:
    """What moves: how far the search is, and its trials."""
    if name not in studies.names() or _active(name) != active:
        st.rerun()  # the whole page: a search has started or ended, or a study is gone
    show_problem(PLACE)
    try:
        study = Study(name)
        trials = sorted(study.trials(), key=_place)
    except AecoreError as error:
        st.error(str(error))
        _discard_button(name)
        return
    words, buttons = st.columns([3, 2], vertical_alignment="center")
    words.markdown(_summary(study, trials, active))
    with buttons.container(horizontal=True, horizontal_alignment="right"):
        _buttons(study, trials, active)
    if study.message and not active:
        st.error(study.message)
    if trials:
        chosen = components.parallel(
            [_axis(axis) for axis in study.plan.axes], study.plan.score, [_row(study, trial) for trial in trials],
            key=f"parallel {name}",
        )  # fmt: skip
        _train_button(study.plan, next(trial for trial in trials if trial.number == chosen), train)


def _place(trial: Trial) -> tuple[int, float, int]:
    """The best first; then those that ended early, at work, or in vain."""
    return RANK[trial.state], trial.score if trial.score is not None else float("inf"), trial.number


def _summary(study: Study, trials: Sequence[Trial], active: bool) -> str:
    best = studies.best(trials)
    base = study.plan.base
    parts = [f"{MODELS[base.family].short} on {datasets.title(base.dataset)}"]
    if best is not None and best.score is not None:
        parts.append(f"best {best.score:.2f} ({study.plan.score}, {study.plan.validation:,} validation images)")
    if active:
        parts.append(_at(study, trials))
    return " · ".join(parts)


def _at(study: Study, trials: Sequence[Trial]) -> str:
    if study.stopping:
        return "stopping"
    waits = all(trial.state != "running" for trial in trials) and turns.busy()
    return "waits for the runs above" if waits else "searching"


def _buttons(study: Study, trials: Sequence[Trial], active: bool) -> None:
    if active:
        _button(
            "Stopping…" if study.stopping else "Stop search", studies.stop, study.name, disabled=study.stopping,
            help="Stops after this epoch; the search can go on.",
        )  # fmt: skip
        return
    ended = sum(trial.state != "interrupted" for trial in trials)
    _button(f"{MORE} more trials", studies.start, study.name, None, ended + MORE)
    _discard_button(study.name)


def _discard_button(name: str) -> None:
    with st.popover("Delete"):
        st.markdown(f"Forget the study {name}? Where its trials are kept on this machine alone, they are lost.")
        _button("Delete the study", studies.discard, name)


def _button(label: str, act: Callable[..., Any], *arguments: Any, **looks: Any) -> None:
    """A button that acts; the whole page then tells what has become of it."""
    if st.button(label, on_click=partial(attempt, act, *arguments, place=PLACE), **looks):
        st.rerun()


def _axis(axis: Axis) -> dict[str, Any]:
    choices = [axes.spell(choice) for choice in axis.choices] or None
    numbers = {"low": axis.low, "high": axis.high, "log": axis.log, "whole": axis.whole}
    return {"name": axis.field, "choices": choices, **numbers}


def _row(study: Study, trial: Trial) -> dict[str, Any]:
    values = [
        axes.spell(trial.values[axis.field]) if axis.choices else trial.values[axis.field] for axis in study.plan.axes
    ]
    return {
        "number": trial.number, "state": trial.state, "values": values, "score": trial.score, "epoch": trial.epoch,
        "seconds": trial.seconds, "sentence": trial.sentence,
    }  # fmt: skip


def _train_button(plan: Plan, trial: Trial, train: Callable[[RunConfig], None]) -> None:
    """A trial's config on all the images that the base has: its run, or ways to make one."""
    try:
        config = plan.config(trial.values)
    except AecoreError:
        return  # the trial failed for that, and says so
    if store.find(config) is not None:
        label = f"Open the run of trial {trial.number} in Explore"
        st.page_link("views/explore.py", label=label, query_params={"run": config.run_id})
    elif any(job.run_id == config.run_id for job in jobs.jobs()):
        st.caption(f"Trial {trial.number} is begun as a run, above.")
    else:
        _button(f"Train trial {trial.number} as a run", train, config)
        st.code(train_command(config), language=None, wrap_lines=True)  # its colours would be too faint
