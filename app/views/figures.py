"""Figures: the chapter's figures, each with its runs, its command and a download."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby

import runs
import streamlit as st
from plain import plain, said

from aecore.errors import AecoreError
from aecore.figures import FIGURES, Figure

PAIR = 2  # figures with labels side by side: three could not be read


def page() -> None:
    """The whole page."""
    st.title("Figures")
    st.caption("The chapter's figures, made from the runs that come with the project.")
    for names in rows():
        for name, column in zip(names, st.columns(max(PAIR, len(names)), gap="medium"), strict=False):
            with column:
                _card(name)
        st.space("small")


def rows() -> Iterator[list[str]]:
    """The figures' names in the chapter's order; those that show the same grid at several epochs share a row."""
    for grid, names in groupby(
        FIGURES, key=lambda name: FIGURES[name].kind and (FIGURES[name].configs, FIGURES[name].kind)
    ):
        group = list(names)
        size = len(group) if grid else PAIR
        yield from (group[at : at + size] for at in range(0, len(group), size))


def _card(name: str) -> None:
    try:
        figure, png, problem = runs.figure(name)
    except AecoreError as error:
        st.header(f"Figure {name}")
        st.info(said(error))
        return
    st.image(
        png,
        caption=f"**Figure {name}. {plain(figure.title)}.** {plain(figure.caption)}",
        alt=f"{figure.title}. {figure.caption}",
        width="stretch",
        output_format="PNG",
    )
    if problem:
        st.info(said(f"This picture came with the run. {problem}"))
    st.code(f"python -m {figure.command}", language=None, wrap_lines=True)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Download PNG", png, f"figure-{name}.png", "image/png", key=f"download-{name}", on_click="ignore"
        )
        _runs(figure)


def _runs(figure: Figure) -> None:
    """A link to each run that the figure shows."""
    labels = runs.short_labels([run for run in runs.finished() if run.run_id in figure.runs])
    names = Counter(label.partition(" · ")[0] for label in labels.values())
    for run_id, label in labels.items():
        name, _, detail = label.partition(" · ")
        words = f"{name} ({detail})" if names[name] > 1 and detail else name
        st.page_link("views/explore.py", label=plain(words), query_params={"run": run_id})


page()
