"""What a button asked for, and the sentence where it could not be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from aecore.errors import AecoreError, system_errors

_PROBLEM = "problem"


def attempt(action: Callable[..., Any], *arguments: Any, place: str = _PROBLEM) -> None:
    """Do what a button asked for; where it cannot be done, keep the sentence for `show_problem` at that place."""
    try:
        with system_errors():
            action(*arguments)
    except AecoreError as error:
        st.session_state[place] = str(error)


def show_problem(place: str = _PROBLEM) -> None:
    """The last attempt's sentence, once."""
    if problem := st.session_state.pop(place, ""):
        st.error(problem)
