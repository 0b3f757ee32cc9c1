"""The Export popovers: a run's files, each made when it is clicked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import runs
import streamlit as st
from links import Place

from aecore import exports
from aecore.exports import FORMATS, View
from aecore.store import Run

OF_RUN = ("html", "onnx", "parquet", "projector")
FILMS = ("epochs-gif", "epochs-mp4")


def popover(run: Run, place: Place | None = None) -> None:
    """Downloads of the run, and of the code at `place` where one is given."""
    with st.popover("Export"):
        if place:
            code = {"code": place.z or place.start}
            st.caption("This code")
            _downloads(run, ("png", "json", "npz"), code)
            _downloads(run, ("gif",), {**code, **_walk(run)})
            st.caption("The whole run")
        _downloads(run, OF_RUN, {})


def of_epochs(chosen: Mapping[str, Run]) -> None:
    """Films of the epochs of finished runs, by what each is called."""
    with st.popover("Export the epochs"):
        name = st.selectbox("Run", list(chosen), key="export epochs of") if len(chosen) > 1 else next(iter(chosen))
        _downloads(chosen[name], FILMS, {})


def _walk(run: Run) -> dict[str, Any]:
    """Where the walk goes, chosen by the person: along a dimension, or to the mean of a class."""
    space = runs.space(run)
    along = {f"along z{one['index']}": {"dimension": one["index"]} for one in space["dimensions"]}
    means = enumerate(zip(space["classes"], space["means"], strict=True))
    to = {f"to the mean of {name}": {"to": f"mean-{label}"} for label, (name, mean) in means if mean}
    ways = {**along, **to}
    return ways[st.selectbox("Walk from it", list(ways), key=f"export walk {run.run_id}")]


def _downloads(run: Run, formats: Sequence[str], wishes: dict[str, Any]) -> None:
    for name in formats:
        row = FORMATS[name]
        st.download_button(
            row.title,
            partial(_made, name, View(run, **wishes)),
            file_name=run.run_id + (row.extension or f".{name}.zip"),
            key=f"export {name}",
            on_click="ignore",
            width="stretch",
        )


def _made(name: str, view: View) -> bytes:
    """The format's one file, or its files as a ZIP archive."""
    files = exports.make(name, view)
    return next(iter(files.values())) if FORMATS[name].extension else exports.zipped(files)
