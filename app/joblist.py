"""The unfinished runs on the Train page: how far each is, its place in the queue, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st
from attempts import attempt
from plain import plain, said

from aecore import jobs
from aecore.jobs import Job

LAST_WORDS = "Training ended without a word; resume it, or delete it."


def show(unfinished: Sequence[Job], labels: Mapping[str, str]) -> None:
    """A card for each: what trains, what waits in its order, then what has ended. `labels`: what each is called."""
    waiting = jobs.queue()
    for job in sorted(unfinished, key=lambda job: _order(job, waiting)):
        _card(job, labels[job.run_id], waiting)


def _order(job: Job, waiting: Sequence[str]) -> tuple[bool, int]:
    return not job.active, waiting.index(job.run_id) + 1 if job.run_id in waiting else 0


def _card(job: Job, label: str, waiting: Sequence[str]) -> None:
    with st.container(border=True):
        words, buttons = st.columns([3, 2], vertical_alignment="center")
        words.markdown(f"**{plain(label)}**")
        with buttons.container(horizontal=True, horizontal_alignment="right"):
            _buttons(job, waiting)
        if job.state == "queued":
            st.caption(_progress(job, waiting))
        else:
            st.progress(min(1.0, job.epoch / max(1, job.epochs_wanted)), _progress(job, waiting))
        if job.state in ("crashed", "failed"):
            st.error(said(job.message or LAST_WORDS))


def _buttons(job: Job, waiting: Sequence[str]) -> None:
    """What can be done with a run in its state."""
    if job.state == "queued":
        _button("Start now", job, jobs.start_now, "Trains at once, beside the run whose turn it is.")
        if waiting[:1] != [job.run_id]:
            _button("Go first", job, jobs.go_first, "Trains next.")
    elif job.state == "running" and not job.stopping:
        _button("Pause", job, jobs.pause, "Holds still after this step; keeps its memory and its turn.")
    elif job.state != "starting" and not job.stopping:
        _button("Resume", job, jobs.resume, "Goes on where it stood; waits where another run trains.")
    if job.active:
        text = "Leave" if job.state == "queued" else "Stop"
        _button("Stopping…" if job.stopping else text, job, jobs.stop, "The run can be resumed.", job.stopping)
    else:
        _delete_button(job)


def _button(label: str, job: Job, act: Callable[[str], Any], hint: str, disabled: bool = False) -> None:
    st.button(
        label,
        key=f"{act.__name__} {job.run_id}",
        disabled=disabled,
        help=hint,
        on_click=attempt,
        args=(act, job.run_id),
    )


def _delete_button(job: Job) -> None:
    with st.popover("Delete"):
        epochs = "1 epoch" if job.epoch == 1 else f"{job.epoch} epochs"
        st.markdown(f"Delete this unfinished run? Its {epochs} of training are lost.")
        st.button("Delete the run", key=f"discard {job.run_id}", on_click=attempt, args=(jobs.discard, job.run_id))


def _progress(job: Job, waiting: Sequence[str]) -> str:
    """ "Epoch 3 of 100 · 1 min 20 s left"."""
    at = f"Epoch {job.epoch} of {job.epochs_wanted}"
    if job.run_id in waiting:
        return f"Number {waiting.index(job.run_id) + 1} in the queue · {at.lower()}"
    if job.state != "running":
        return f"{at} · {plain(job.state)}"
    return f"{at} · {_duration(job.seconds_left)} left" if job.seconds_left is not None else at


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
