"""What a button asked for, and the sentence where it could not be done."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import streamlit as st
from plain import said

from aecore.errors import AecoreError, system_errors

_PROBLEM = "problem"
P = ParamSpec("P")


def attempt(action: Callable[..., Any], *arguments: Any, place: str = _PROBLEM) -> None:
    """Do what a button asked for; where it cannot be done, keep the sentence for `show_problem` at that place."""
    try:
        with system_errors():
            action(*arguments)
    except AecoreError as error:
        st.session_state[place] = str(error)


def or_sentence(part: Callable[P, None]) -> Callable[P, None]:
    """A page, or a part of one that is rerun by itself, which says in a sentence what keeps it from being shown."""

    @wraps(part)
    def shown(*arguments: P.args, **named: P.kwargs) -> None:
        try:
            with system_errors():
                part(*arguments, **named)
        except AecoreError as error:
            st.error(said(error))

    return shown


def show_problem(place: str = _PROBLEM) -> None:
    """The last attempt's sentence, once."""
    if problem := st.session_state.pop(place, ""):
        st.error(said(problem))
