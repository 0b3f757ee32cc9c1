"""Components out of plain files: the modules of one, joined into the single string that Streamlit takes."""

from __future__ import annotations

import re
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

FOLDER = Path(__file__).parent
_IMPORT = re.compile(r'^import\s[^;]*?from\s+"(\./|\.\./)([^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default\b)", re.MULTILINE)


def component(name: str) -> ComponentRenderer:
    """The component in the folder `name`: `name.js` with all it imports, and `name.html` and `name.css` if any."""
    folder = FOLDER / name
    html, css = (path.read_text("utf-8") if path.exists() else None for path in _beside(folder, "html", "css"))
    return st.components.v2.component(name, html=html, css=css, js=join(folder / f"{name}.js"))


def _beside(folder: Path, *suffixes: str) -> list[Path]:
    return [folder / f"{folder.name}.{suffix}" for suffix in suffixes]


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
        for start, rest in _IMPORT.findall(source):
            add(path.parent / f"{start}{rest}")
        joined[path] = _EXPORT.sub("", _IMPORT.sub("", source))

    add(entry)
    return "\n".join(joined.values())
