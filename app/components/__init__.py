"""The page's live components: plain HTML, CSS and JavaScript files, a folder each, and a function that mounts each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from streamlit.components import v2
from streamlit.components.v2.types import ComponentRenderer  # the type of a mount function

from components.bundle import join

_HERE = Path(__file__).parent


def _component(name: str) -> ComponentRenderer:
    """Registers the folder `name`: its .js, and its .html and .css where it has them."""
    folder = _HERE / name
    html, css = (folder / f"{name}.{ending}" for ending in ("html", "css"))
    return v2.component(
        name,
        html=html.read_text("utf-8") if html.exists() else "",
        css=css.read_text("utf-8") if css.exists() else "",
        js=join(folder / f"{name}.js"),
    )


_store = _component("store")


def store(key: str, payload: bytes) -> None:
    """Send a blob to the page, where other components find it under `key` for the life of the tab.

    Mount it after the page's own content, so that the picture comes first.
    """
    _store(key=f"blob {key}", data=key.encode() + b"\n" + payload, height=1)


_tiles = _component("tiles")


def tiles(data: Mapping[str, Any], key: str) -> dict[str, str] | None:
    """Rows of images under one another; the `run` and `start` of the tile that was just clicked, or None."""
    clicked: dict[str, str] | None = _tiles(key=key, data=data, on_open_change=lambda: None).open
    return clicked
