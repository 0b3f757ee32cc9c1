"""The app, run without a browser."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from aecore import roots
from aecore.draft import Draft

APP = Path(__file__).parents[2] / "app"
sys.path.insert(0, str(APP))  # as `streamlit run app/main.py` does

Open = Callable[[str], AppTest]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home with no runs of one's own; the shipped ones are there."""
    monkeypatch.setenv("AECORE_HOME", str(tmp_path / "home"))
    st.cache_resource.clear()
    return tmp_path / "home"


@pytest.fixture
def nothing(home, tmp_path, monkeypatch):
    """No runs at all."""
    monkeypatch.setattr(roots, "shipped", lambda: tmp_path / "none")
    return home


@pytest.fixture
def open_page() -> Open:
    """Opens a page of the app, by its name in the navigation."""

    def open_page(name: str) -> AppTest:
        app = AppTest.from_file(str(APP / "main.py"), default_timeout=60)
        app.switch_page(f"views/{name}.py")
        return app.run()

    return open_page


@pytest.fixture
def draft(home):
    """Makes an unfinished run whose training ended as it is told."""

    def make(config, state, **facts):
        draft = Draft(config)
        draft.begin()
        draft.set_status(state, **facts)
        return draft

    return make
