"""Groups of test images that a person lassoed on the map, kept for the session and named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from aecore.datasets import Dataset
from aecore.errors import AecoreError

MOST = 12  # groups in a session
LONGEST = 40  # letters of a name
KEY = "groups"  # of the session


@dataclass(frozen=True)
class Group:
    """Test images of a dataset, which is told from others of its name by its version, by their numbers."""

    name: str
    dataset: tuple[str, str]
    indices: tuple[int, ...]


def kept(dataset: Dataset) -> list[tuple[str, list[int]]]:
    """The name and the test images of each of the dataset's groups, the oldest first."""
    return [(group.name, list(group.indices)) for group in _all() if group.dataset == _key(dataset)]


def keep(name: str, dataset: Dataset, indices: Sequence[int]) -> None:
    """Keep a group; it replaces the dataset's group of that name. `AecoreError` where it cannot be kept."""
    name = " ".join(name.split())[:LONGEST]
    count = len(dataset.test_images)
    if not name:
        raise AecoreError("A group needs a name; write one.")
    if not indices or not all(isinstance(index, int) and 0 <= index < count for index in indices):
        raise AecoreError(f"A group holds some of the test images 0 to {count - 1}; draw round some dots.")
    others = [group for group in _all() if (group.name, group.dataset) != (name, _key(dataset))]
    if len(others) >= MOST:
        raise AecoreError(f"{MOST} groups are kept already; delete one.")
    st.session_state[KEY] = [*others, Group(name, _key(dataset), tuple(sorted(set(indices))))]


def drop(name: str, dataset: Dataset) -> None:
    """Forget a group."""
    st.session_state[KEY] = [group for group in _all() if (group.name, group.dataset) != (name, _key(dataset))]


def _key(dataset: Dataset) -> tuple[str, str]:
    return dataset.name, dataset.version


def _all() -> list[Group]:
    found: list[Group] = st.session_state.get(KEY, [])
    return found
