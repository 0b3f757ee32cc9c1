"""The live components: plain HTML, CSS and JavaScript files, and the functions that mount them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import runs
import scrubber
import streamlit as st
from links import Place
from plain import said

from aecore.errors import AecoreError
from aecore.projection import Plane
from aecore.store import RunFolder
from components.bundle import component

_store = component("store")
_explorer = component("explorer")
_atlas = component("atlas")
_epochs = component("epochs")

Blob = Callable[[], tuple[str, bytes]]

_LAST = "blobs_last"  # session state: what `store_last` was told in this rerun


def store(*blobs: Blob) -> None:
    """Send (key, payload) pairs to the page, where components find a payload under its key; shows nothing.

    Each is made in its turn, so that the first is on its way before the last is ready, and stays for the life of
    the tab. Call this on every rerun, after the page's own content: Streamlit sends the hash of what it has sent
    before. The page sends no receipt, since a receipt would rerun a fragment while a person switches pages.
    """
    for blob in blobs:
        try:
            key, payload = blob()
        except AecoreError as error:
            st.error(said(error))
            continue
        _store(key=f"store-{key}", data=key.encode() + b"\n" + payload)


def store_last(*blobs: Blob) -> None:
    """`store`, once the whole page is drawn: what several pages show then travels once for all of them."""
    st.session_state[_LAST] = blobs


@contextmanager
def last() -> Iterator[None]:
    """Around the page, in the app's entry file: an element's hash holds the file that mounts it."""
    st.session_state[_LAST] = ()
    yield
    with st.container(gap=None):
        store(*st.session_state[_LAST])


def explorer(
    space: Mapping[str, Any],
    opening: Mapping[str, Any],
    answers: Mapping[str, Any],
    moved: Callable[[Place], None],
) -> Place | None:
    """The live explorer of a run's latent space (`aecore.space.describe`).

    It waits for the run's weights, codes and images.

    It opens `opening` (`space.opening`) once, and then again only when its `number` is another. `moved` hears
    where a movement came to rest. `answers` is what the panel in sight is told, such as to its `question`. Returns,
    once, the place in another run that the person turns to, such as by undo.
    """

    def tell() -> None:
        moved(Place(**st.session_state["explorer"]["place"]))

    # a list, because Streamlit looks for dataframes in a dict, and loading pandas for that takes half a second
    said = _explorer(
        key="explorer", data=[space, opening, answers],
        on_place_change=tell, on_question_change=_heard, on_turn_change=_heard,
    )  # fmt: skip
    return Place(**said.turn) if said.turn else None


def question() -> Mapping[str, Any]:
    """What a panel of the explorer last asked for; empty where none has."""
    return st.session_state.get("explorer", {}).get("question") or {}


def _heard() -> None:
    """A question needs no more than the rerun that it causes."""


def atlas(
    *,
    run: str,
    version: str,
    images: str,
    span: tuple[float, float],
    method: str,
    classes: Sequence[str],
    plane: Plane | None,
    neighbours: int,
    order: Sequence[int],
    groups: Sequence[tuple[str, Sequence[int]]],
    problem: str | None,
    kept: Callable[[str, list[int]], None],
    dropped: Callable[[str], None],
) -> dict[str, str] | None:
    """The map of a run's test codes by a projection; it waits for that map, the codes, the weights and the images.

    `version` is the run's, and `images` the name of its images' payload.

    Pixels are shown from black to white over `span`. A drag decodes points of `plane`, or where that is None the
    blend of the `neighbours` nearest codes. Dots can be coloured by a dimension of the code, which are offered in
    `order`. `kept` hears the name and test images of a group that the person keeps beside `groups`, and `dropped`
    the name of one to forget; `problem` says why the last one was not kept. Returns, once, what the person opens, as
    query parameters of Explore: the `start` of a test image, `z` where it is another code than that image's, or a
    `panel`.
    """

    def keep() -> None:
        wish = st.session_state["atlas"]["keep"]
        kept(wish["name"], wish["indices"])

    data = {
        "run": run, "version": version, "images": images, "span": span, "method": method, "classes": classes,
        "plane": plane and {name: array.tolist() for name, array in plane._asdict().items()},
        "neighbours": neighbours, "order": order, "groups": groups,
        "problem": problem,
    }  # fmt: skip
    target: dict[str, str] | None = _atlas(
        key="atlas",
        data=data,
        on_open_change=lambda: None,
        on_keep_change=keep,
        on_drop_change=lambda: dropped(st.session_state["atlas"]["drop"]),
    ).open
    return target


def epochs(chosen: Sequence[RunFolder], key: str = "epochs") -> None:
    """The epoch scrubber: one slider moves the grids, maps, strips and curves of all chosen runs together.

    `chosen` holds finished runs and jobs in any mixture, in the order of the theme's chart colours. Call it at
    every tick while one of them trains: its slider stays at the newest epoch unless the person has moved it.
    What is stored of the epochs travels apart: call `grids` for the same runs afterwards.
    """
    titles = runs.short_labels(chosen)
    shown = []
    for run in chosen:
        try:
            described = scrubber.describe(run)
        except AecoreError as error:
            st.error(said(error))
            continue
        extras = {"title": titles[run.run_id], "classes": runs.classes(run), "floor": runs.floor(run)}
        shown.append({**described, **extras})
    _epochs(key=key, data={"key": key, "runs": shown, "chunk": scrubber.CHUNK})


def grids(chosen: Sequence[RunFolder]) -> None:
    """Send what is stored of the runs' epochs to the page, ten epochs a blob, the newest first, for `epochs`.

    That of finished runs never changes: call it for them outside a fragment that ticks, for jobs inside.
    """
    stored = [(run, kind) for run in chosen for kind in run.kinds()]
    lists = [scrubber.chunks(run.epochs(kind)).values() for run, kind in stored]
    store(*(partial(_chunk, *stored[at], held) for at, held in scrubber.newest_first(lists)))


def _chunk(run: RunFolder, kind: str, epochs: tuple[int, ...]) -> tuple[str, bytes]:
    number = scrubber.number(epochs[-1])
    packed = runs.epochs_chunk(run, kind, epochs)
    for problem in packed.problems:
        st.warning(said(problem))
    return f"grids/{run.run_id}/{scrubber.version(run)}/{kind}/{number}-{epochs[-1]}", packed.blob


_tiles = component("tiles")


def tiles(data: Mapping[str, Any], key: str) -> dict[str, str] | None:
    """Rows of images under one another; the `run` and `start` of the tile that was just clicked, or None."""
    clicked: dict[str, str] | None = _tiles(key=key, data=data, on_open_change=lambda: None).open
    return clicked


_parallel = component("parallel")


def parallel(fields: Sequence[Mapping[str, Any]], unit: str, trials: Sequence[Mapping[str, Any]], key: str) -> int:
    """Trials of a search, the best first, as parallel coordinates and a table; the number of the one that is chosen."""
    chosen: int | None = st.session_state.get(key, {}).get("trial")
    if chosen not in [trial["number"] for trial in trials]:
        chosen = trials[0]["number"]
    _parallel(key=key, data=[fields, unit, trials, chosen], on_trial_change=lambda: None)
    return chosen
