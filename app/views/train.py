"""Train: start runs, follow them while they learn, and scrub the epochs of any runs together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args, get_type_hints

import components
import exporting
import joblist
import runs
import streamlit as st
import sweeps
from attempts import attempt, or_sentence, show_problem
from plain import plain, said

from aecore import datasets, jobs, store
from aecore.config import RunConfig, check_data, make_config
from aecore.errors import AecoreError
from aecore.evaluation import useless
from aecore.families import MODELS
from aecore.jobs import Job
from aecore.store import Run, RunFolder

KEEP: Literal["session"] = "session"
FEW = 2  # runs on the board at first
TICK = 1.0  # seconds between looks at a run in training
WATCH = "watch"  # the session's key of the runs on the board

# How a field of RunConfig is called here; a field without a row is called by its name.
LABELS = {
    "dataset": "Dataset",
    "latent_dim": "Code length (latent_dim)",
    "epochs": "Epochs",
    "seed": "Seed",
    "loss": "Loss",
    "beta": "Weight of the KL term (beta)",
    "hidden": "Hidden layer widths",
    "activation": "Activation",
    "optimiser": "Optimiser",
    "lr": "Learning rate (lr)",
    "bias_lr": "Learning rate of the biases (bias_lr)",
    "weight_decay": "Weight decay",
    "schedule": "Schedule",
    "output": "Decoder's output",
    "codes": "Codes",
    "ridge": "Ridge of optimised codes",
    "noise": "Noise added to each pixel (variance)",
    "dropout": "Share of units switched off (dropout)",
    "precision": "Precision of matrix products",
    "shift": "Random shifts of up to (pixels)",
    "mirror": "Random mirror images",
    "fresh": "New views every epoch (faces)",
    "batch_size": "Batch size",
    "train_images": "Training images (0: all)",
}
OPTIONS = {
    "bce": "BCE, nats, summed over pixels",
    "mse": "Squared error, summed over pixels",
    "sigmoid": "Sigmoid, for pixels in [0, 1]",
    "linear": "Linear, for any pixels",
    "feed-forward": "The encoder's",
    "optimised": "Optimised, image by image",
}
FIRST = (
    "dataset",
    "latent_dim",
    "beta",
    "noise",
    "dropout",
    "epochs",
    "seed",
)  # always in sight; the other fields are folded away


def page() -> None:
    """The whole page."""
    st.title("Train")
    for text in st.session_state.pop("news", []):
        st.toast(plain(text))
    form, board = st.columns([1, 3], gap="large")
    with form:
        config = _new_run()
    with board:
        _board()
    sweeps.section(config, _start)


# --- a new run ---


def _new_run() -> RunConfig | None:
    """The form; what it says, or None where that cannot be trained."""
    st.header("New run")
    family = st.selectbox(
        "Model", list(MODELS), format_func=lambda name: MODELS[name].title, key="family", persist_state=KEEP
    )
    st.caption(MODELS[family].summary)
    recipes = list(MODELS[family].recipes)
    recipe = st.pills(
        "Recipe", recipes, default=_opening_recipe(family), format_func=str.capitalize, required=True, wrap=True,
        key=f"{family} recipe", persist_state=KEEP,
    )  # fmt: skip
    try:
        config = _configure(family, recipe)
        check_data(config, datasets.load(config.dataset))
    except AecoreError as error:
        st.error(said(error))
        return None
    _start_button(config)
    return config


def _opening_recipe(family: str) -> str:
    """The recipe that a first visit shows: the one whose model becomes good while one watches, where there is one."""
    recipes = MODELS[family].recipes
    return "fast" if "fast" in recipes else next(iter(recipes))


def _configure(family: str, recipe: str) -> RunConfig:
    """The recipe with what is changed in the fields; raises `AecoreError` where that cannot be trained."""
    recipe_config = make_config(family, recipe)
    names = [name for name in get_type_hints(RunConfig) if name != "family" and name not in MODELS[family].unused]
    changes = {name: _field(name, recipe_config, recipe) for name in FIRST if name in names}
    with st.expander("More settings"):
        changes |= {name: _field(name, recipe_config, recipe) for name in names if name not in FIRST}
    return make_config(family, recipe, **changes)


def _field(name: str, config: RunConfig, recipe: str) -> Any:
    """The widget of one field of `config`, by its type; returns what it says."""
    label, value = LABELS.get(name, name), getattr(config, name)
    key = f"{config.family} {recipe} {name}"
    hint = get_type_hints(RunConfig)[name]
    if name == "dataset":
        titles = {name: row.title for name, row in datasets.table().items()}
        return st.selectbox(
            label, list(titles), list(titles).index(value), format_func=titles.__getitem__, key=key, persist_state=KEEP
        )
    if name == "hidden":
        return _widths(st.text_input(label, ", ".join(map(str, value)), key=key, persist_state=KEEP))
    if hint is bool:
        return st.checkbox(label, value, key=key, persist_state=KEEP)
    if hint is int:
        return st.number_input(label, value=value, step=1, min_value=0, key=key, persist_state=KEEP)
    if hint is float:
        return st.number_input(label, value=value, min_value=0.0, format="%g", key=key, persist_state=KEEP)
    choices = list(get_args(hint))
    return st.selectbox(
        label, choices, choices.index(value), format_func=lambda choice: OPTIONS.get(choice, choice), key=key,
        persist_state=KEEP,
    )  # fmt: skip


def _widths(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(width) for width in text.split(",") if width.strip())
    except ValueError as error:
        raise AecoreError(f"Hidden layer widths must be whole numbers such as 256, 128, not '{text}'.") from error


def _start_button(config: RunConfig) -> None:
    """Start, or where there is nothing to start the run that is there already."""
    try:
        finished = store.find(config)
    except AecoreError as error:  # a run of other images has its name
        st.error(said(error))
        return
    job = next((job for job in jobs.jobs() if job.run_id == config.run_id), None)
    idle = finished is None and job is None
    # Not a callback: that would know the settings of the last look at the page, not what is still being typed.
    if st.button("Start", type="primary", width="stretch", disabled=not idle, key="start"):
        attempt(_start, config)
        st.rerun()
    if finished is not None:
        st.caption("This run is trained already.")
        st.page_link("views/explore.py", label="Open it in Explore", query_params={"run": config.run_id})
    elif job is not None:
        there = "This run waits in the queue." if job.state == "queued" else "This run is in training."
        st.caption(there if job.active else "This run was begun; resume it beside.")
    show_problem()


def _start(config: RunConfig) -> None:
    jobs.start(config)
    watched = st.session_state.get(WATCH, [])
    kept = [] if watched == _by_default(runs.finished()) else watched  # beside what a person chose, not what was there
    st.session_state[WATCH] = [config.run_id, *kept]


# --- the board ---


def _board() -> None:
    """Runs in training, and the epochs of the runs that are watched."""
    unfinished, finished = jobs.jobs(), runs.finished()
    watched = _choose_runs(unfinished, finished)
    active = _active(unfinished)
    # Polling costs a rerun a tick: only while something is in training.
    st.fragment(_live, run_every=TICK if active else None)(watched, active)
    _export([run for run in finished if run.run_id in watched and len(run.epochs()) > 1])
    _send_grids([run for run in finished if run.run_id in watched])
    if own := [run for run in finished if run.run_id in watched and not run.shipped]:
        _delete_buttons(own)
    for sentence in store.damaged():
        st.warning(said(sentence))


def _choose_runs(unfinished: Sequence[Job], finished: Sequence[Run]) -> list[str]:
    everything: list[RunFolder] = [*unfinished, *finished]
    if not everything:
        st.info("There are no runs yet. Start one, and watch it learn here.")
        return []
    labels = runs.labels(everything)
    by_default = list(_active(unfinished)) or _by_default(finished)
    kept = [run_id for run_id in st.session_state.get(WATCH, by_default) if run_id in labels]
    st.session_state[WATCH] = kept
    return st.multiselect(
        "Runs", list(labels), format_func=labels.__getitem__, key=WATCH, persist_state=KEEP,
        placeholder="Choose runs to watch", wrap=True,
    )  # fmt: skip


def _by_default(finished: Sequence[Run]) -> list[str]:
    """The first shipped runs that have epochs to scrub, by the chapter's recipes; more would be small pictures."""
    chapter = [run for run in finished if run.shipped and run.config == make_config(run.config.family)]
    return [run.run_id for run in chapter if len(run.epochs()) > 1][:FEW]


def _active(unfinished: Sequence[Job]) -> frozenset[str]:
    return frozenset(job.run_id for job in unfinished if job.active)


@or_sentence
def _live(watched: Sequence[str], active: frozenset[str]) -> None:
    """What moves: the state of each job, and the scrubber over what has landed so far."""
    unfinished = {job.run_id: job for job in jobs.jobs()}
    if _active(list(unfinished.values())) != active:
        _tell(active - unfinished.keys())
        st.rerun()  # the whole page: a run has started or ended
    show_problem()
    finished = {run.run_id: run for run in runs.finished()}
    joblist.show(list(unfinished.values()), runs.labels([*unfinished.values(), *finished.values()]))
    chosen = [found for run_id in watched if (found := unfinished.get(run_id) or finished.get(run_id))]
    if chosen:
        components.epochs(chosen)
        _send_grids([run for run in chosen if run.run_id in unfinished])


def _export(chosen: Sequence[Run]) -> None:
    if chosen:
        labels = runs.labels(chosen)
        exporting.of_epochs({labels[run.run_id]: run for run in chosen})


def _send_grids(chosen: Sequence[RunFolder]) -> None:
    with st.container(gap=None):  # they show nothing, and so leave no gaps
        components.grids(chosen)


def _tell(ended: frozenset[str]) -> None:
    """A toast for each run that has been completed."""
    done = [run for run in runs.finished() if run.run_id in ended]
    st.session_state["news"] = [
        " ".join([f"{run.title} is trained: SSE {run.evaluation['sse']:.2f}.", useless(run.config, run.evaluation)])
        for run in done
    ]


def _delete_buttons(own: Sequence[Run]) -> None:
    """A way to delete what was trained here and is on the board."""
    with st.popover("Delete a run"):
        st.markdown("A deleted run is gone with all its epochs; its settings can be trained again.")
        for run in own:
            st.button(
                f"Delete {plain(run.title)}", key=f"delete {run.run_id}", on_click=attempt, args=(store.delete, run)
            )


page()
