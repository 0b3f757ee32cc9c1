"""Groups of test images, kept for the session."""

from __future__ import annotations

from dataclasses import replace

import groups
import pytest

from aecore import AecoreError, datasets

DATASET = datasets.load("fashion_mnist")
OTHER = replace(DATASET, name="mnist")
CHANGED = replace(DATASET, checksums={"images": "others"})  # under the same name


@pytest.fixture(autouse=True)
def session(monkeypatch):
    """A session with nothing in it."""
    kept = {}
    monkeypatch.setattr(groups.st, "session_state", kept)
    return kept


def test_a_group_is_kept_for_its_dataset_until_it_is_dropped():
    groups.keep("  high   heels ", DATASET, [7, 3, 3])
    groups.keep("others", DATASET, [1])
    assert groups.kept(DATASET) == [("high heels", [3, 7]), ("others", [1])]
    assert groups.kept(OTHER) == groups.kept(CHANGED) == []
    groups.drop("high heels", OTHER)
    groups.drop("high heels", CHANGED)
    groups.drop("others", DATASET)
    assert groups.kept(DATASET) == [("high heels", [3, 7])]


def test_a_group_replaces_the_one_of_its_name():
    groups.keep("one", DATASET, [1])
    groups.keep("one", DATASET, [2])
    assert groups.kept(DATASET) == [("one", [2])]


@pytest.mark.parametrize(
    ("name", "indices", "words"),
    [
        (" ", [1], "needs a name"),
        ("a", [], "draw round"),
        ("a", [10_000], "0 to 9999"),
        ("a", [-1], "0 to 9999"),
        ("a", ["1"], "0 to 9999"),
    ],
)
def test_what_is_no_group_gets_a_sentence(name, indices, words):
    with pytest.raises(AecoreError, match=words):
        groups.keep(name, DATASET, indices)
    assert groups.kept(DATASET) == []


def test_no_more_than_a_dozen():
    for number in range(groups.MOST):
        groups.keep(str(number), DATASET, [number])
    groups.keep("3", DATASET, [4])  # in the place of another
    with pytest.raises(AecoreError, match="delete one"):
        groups.keep("one more", DATASET, [1])


def test_a_long_name_is_cut():
    groups.keep("x" * 100, DATASET, [1])
    assert groups.kept(DATASET)[0][0] == "x" * groups.LONGEST
