"""Components out of plain files: the modules of one, joined into the single string that Streamlit takes."""

from __future__ import annotations

import re
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

FOLDER = Path(__file__).parent
_IMPORT = re.compile(r'^import\s[^;]*?from\s+"(\.[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default\b)", re.MULTILINE)


def component(name: str) -> ComponentRenderer:
    """The component in the folder `name`: `name.js` with all it imports, and `name.html` and `name.css` if any."""
    folder = FOLDER / name
    return st.components.v2.component(
        name, html=_text(folder / f"{name}.html"), css=_text(folder / f"{name}.css"), js=join(folder / f"{name}.js")
    )


def _text(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


def join(entry: Path) -> str:
    """The module `entry` behind every module that it imports, each once, as one module.

    Modules are written for this: imports are by name and relative, no name stands for two things, and
    only the entry has a default export.
    """
    joined: dict[Path, str] = {}

    def add(path: Path) -> None:
        path = path.resolve()
        if path in joined:
            return
        source = path.read_text("utf-8")
        for imported in _IMPORT.findall(source):
            add(path.parent / imported)
        joined[path] = _EXPORT.sub("", _IMPORT.sub("", source))

    add(entry)
    return "\n".join(joined.values())
