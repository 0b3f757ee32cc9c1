"""What a button asked for, and the sentence where it could not be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from aecore.errors import AecoreError


def attempt(action: Callable[..., Any], *arguments: Any, place: str = "page") -> None:
    """Do what a button asked for; where it cannot be done, keep the sentence for `show_problem` of that place."""
    try:
        action(*arguments)
    except AecoreError as error:
        st.session_state[_key(place)] = str(error)


def show_problem(place: str = "page") -> None:
    """The sentence of the last attempt at that place of the page, once."""
    if problem := st.session_state.pop(_key(place), ""):
        st.error(problem)


def _key(place: str) -> str:
    return f"problem {place}"
