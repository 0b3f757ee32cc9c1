"""Components out of plain files: the modules of one, joined into the single string that Streamlit takes."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from aecore.javascript import join

FOLDER = Path(__file__).parent


def component(name: str) -> ComponentRenderer:
    """The component in the folder `name`: `name.js` with all it imports, and `name.html` and `name.css` if any."""
    folder = FOLDER / name
    return st.components.v2.component(
        name, html=_text(folder / f"{name}.html"), css=_text(folder / f"{name}.css"), js=join(folder / f"{name}.js")
    )


def _text(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None
