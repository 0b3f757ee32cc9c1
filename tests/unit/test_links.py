"""Explore's links: what opens, and what is said of those that cannot open."""

import sys
from pathlib import Path

import numpy as np
import pytest

from aecore import store
from aecore.places import decode_code, encode_code

sys.path.insert(0, str(Path(__file__).parents[2] / "app"))
from links import Place, across, resolve


@pytest.fixture(scope="module")
def runs():
    return store.runs()


def test_a_code_survives_to_the_last_bit():
    z = np.random.default_rng(0).standard_normal(64).astype(np.float32) * 1e-20
    np.testing.assert_array_equal(decode_code(encode_code(z)), z)
    assert encode_code(np.array([1, -0.5], np.float32)) == "AACAPwAAAL8"  # what the page's JavaScript writes


@pytest.mark.parametrize("text", ["", "AAA", "AAAAA", "????", "äöüß", "AADAfw", "AACAfw"])
def test_what_is_no_code(text):
    assert decode_code(text) is None  # the last two spell NaN and infinity


def test_an_empty_link_is_the_first_run_and_image(runs):
    assert resolve({}, runs) == (Place(runs[0].run_id, "test-0"), None)


@pytest.mark.parametrize(
    "start", ["test-0", "test-9999", "train-59999", "mean-9", "sample-4294967295", "zero", "own-3"]
)
def test_a_good_link(runs, start):
    z = encode_code(np.zeros(20, np.float32))
    place, problem = resolve({"run": runs[1].run_id, "start": start, "z": z}, runs)
    assert (place, problem) == (Place(runs[1].run_id, start, z), None)
    kind, _, number = start.partition("-")
    assert place.image == ((kind, int(number)) if kind in ("test", "train") else None)


@pytest.mark.parametrize(
    "start",
    ["test-10000", "train-60000", "own-", "test--1", "test-", "mean-10", "sample-4294967296", "nowhere", "zero-1"],
)
def test_a_start_that_does_not_exist(runs, start):
    place, problem = resolve({"start": start, "z": encode_code(np.zeros(20, np.float32))}, runs)
    assert place == Place(runs[0].run_id, "test-0")
    assert problem == f"The link's start “{start}” does not exist for Fashion-MNIST; this starts from test image 0."


def test_a_run_that_is_gone_keeps_the_image_but_not_the_code(runs):
    place, problem = resolve({"run": "gone", "start": "test-5", "z": "AAAA"}, runs)
    assert place == Place(runs[0].run_id, "test-5")
    assert problem == f"The link's run “gone” is not on this computer; this is {runs[0].title}."
    assert resolve({"run": "gone", "start": "nowhere"}, runs)[0] == place.__class__(runs[0].run_id, "test-0")


def test_another_run_keeps_the_start_the_panel_and_the_axes(runs):
    place = Place("ae", "test-5", "AACAPw", "directions", "principal 3 rest")
    assert across(place, "vae") == Place("vae", "test-5", None, "directions", "principal")
    for view in (None, "3 rest", "lerp.test-0.test-1"):
        assert across(Place("ae", "test-5", view=view), "vae").view is None


def test_a_code_that_does_not_fit(runs):
    place, problem = resolve({"z": "AACAPwAAAL8"}, runs)
    assert place == Place(runs[0].run_id, "test-0")
    assert problem == "The link's code has 2 numbers where this model's have 20; this is the start's own code."
    assert resolve({"z": "?"}, runs)[1] == "The link's code is damaged; this is the start's own code."
