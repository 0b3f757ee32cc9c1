"""The live components: plain HTML, CSS and JavaScript files, and the functions that mount them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import runs
import scrubber
import streamlit as st
from links import Place

from aecore.errors import AecoreError
from aecore.store import RunFolder
from components.bundle import component

_store = component("store")
_explorer = component("explorer")
_atlas = component("atlas")
_epochs = component("epochs")


Blob = Callable[[], tuple[str, bytes]]


@st.fragment  # the page's receipts rerun this alone
def store(*blobs: Blob) -> None:
    """Send (key, payload) pairs to the page, where components find a payload under its key; shows nothing.

    Each is made in its turn, so that the first is on its way before the last is ready. Each travels once a session,
    until the page says that it has it, and stays there for the life of the tab: call this on every rerun, after the
    page's own content.
    """
    held: dict[str, int] = st.session_state.setdefault("blobs_held", {})
    for blob in blobs:
        try:
            key, payload = blob()
        except AecoreError as error:  # a fragment's errors do not reach the page that mounts it
            st.error(str(error))
            continue
        if held.get(key) != hash(payload):  # a run that was trained anew keeps its name
            receipt = partial(held.__setitem__, key, hash(payload))
            _store(key=f"store-{key}", data=key.encode() + b"\n" + payload, on_taken_change=receipt)


def explorer(space: Mapping[str, Any], opening: Mapping[str, Any], moved: Callable[[Place], None]) -> None:
    """The live explorer of a run's latent space (`space.describe`); it waits for the run's weights, codes and images.

    It opens `opening` (`space.opening`) once, and then again only when its `number` is another. `moved` hears
    where a movement came to rest.
    """

    def tell() -> None:
        moved(Place(**st.session_state["explorer"]["place"]))

    _explorer(key="explorer", data={**space, "opening": opening}, on_place_change=tell)


def atlas(
    *,
    run: str,
    dataset: str,
    method: str,
    classes: Sequence[str],
    plane: Mapping[str, Any] | None,
    neighbours: int,
) -> dict[str, str] | None:
    """The map of a run's test codes by a projection; it waits for the run's codes and weights and the images.

    A drag decodes points of `plane` (`mean` and `axes`, as `aecore.projection.Plane`), or where that is None the
    blend of the `neighbours` nearest codes. Returns, once, what the person opens, as query parameters of
    Explore: the `start` of a test image, and `z` where it is another code than that image's.
    """
    data = {
        "run": run, "dataset": dataset, "method": method, "classes": classes, "plane": plane, "neighbours": neighbours,
    }  # fmt: skip
    target: dict[str, str] | None = _atlas(key="atlas", data=data, on_open_change=lambda: None).open
    return target


def epochs(chosen: Sequence[RunFolder], key: str = "epochs") -> None:
    """The epoch scrubber: one slider moves the stored grids and the curves of all chosen runs together.

    `chosen` holds finished runs and jobs in any mixture, in the order of the theme's chart colours. Call it at
    every tick while one of them trains: its slider stays at the newest epoch unless the person has moved it.
    The grids travel apart: call `grids` for the same runs afterwards.
    """
    titles = runs.short_labels(chosen)
    shown = [{**scrubber.describe(run), "title": titles[run.run_id]} for run in chosen]
    _epochs(key=key, data={"key": key, "runs": shown, "chunk": scrubber.CHUNK})


def grids(chosen: Sequence[RunFolder]) -> None:
    """Send the runs' stored grids to the page, ten epochs a blob, for `epochs`.

    Those of finished runs never change: call it for them outside a fragment that ticks, for jobs inside.
    """
    store(*(
        partial(_grids, run, kind, number, held)
        for run in chosen
        for kind in run.kinds()
        for number, held in scrubber.chunks(run.epochs(kind)).items()
    ))  # fmt: skip


def _grids(run: RunFolder, kind: str, number: int, epochs: tuple[int, ...]) -> tuple[str, bytes]:
    return f"grids/{run.run_id}/{kind}/{number}-{epochs[-1]}", runs.grid_chunk(run, kind, epochs)


_tiles = component("tiles")


def tiles(data: Mapping[str, Any], key: str) -> dict[str, str] | None:
    """Rows of images under one another; the `run` and `start` of the tile that was just clicked, or None."""
    clicked: dict[str, str] | None = _tiles(key=key, data=data, on_open_change=lambda: None).open
    return clicked
