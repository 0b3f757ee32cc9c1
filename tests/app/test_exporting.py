"""The Export popover: what it offers, and the files that its buttons make."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest

from aecore import exports, make_config, store


@pytest.fixture
def run():
    return next(run for run in store.runs() if run.config == make_config("ae"))


def names(app):
    return [button.key for button in app.get("download_button")]


def test_explore_and_train_offer_every_format_and_map_those_of_the_run(home, open_page):
    films = names(open_page("train"))
    assert films == ["export epochs-gif", "export epochs-mp4"]
    assert sorted([*names(open_page("explore")), *films]) == sorted(f"export {name}" for name in exports.FORMATS)
    assert names(open_page("map")) == [f"export {name}" for name in ("html", "onnx", "parquet", "projector")]


def test_nothing_is_made_before_a_click(home, open_page, monkeypatch):
    monkeypatch.setattr(exports, "make", lambda *_: pytest.fail("made too early"))
    app = open_page("explore")
    assert not app.exception


def test_every_walk_on_offer_can_be_made(home, open_page, run):
    (walk,) = [box for box in open_page("explore").selectbox if box.label == "Walk from it"]
    assert len(walk.options) == 20 + 10
    assert walk.options[0] == "along z17"
    assert walk.options[-1] == "to the mean of Ankle boot"


def test_a_click_makes_the_file(home, open_page, run):
    from exporting import _made

    told = json.loads(_made("json", exports.View(run, "test-3")))
    np.testing.assert_array_equal(np.float32(told["z"]), run.codes[3])
    with zipfile.ZipFile(io.BytesIO(_made("onnx", exports.View(run)))) as archive:
        assert archive.namelist() == [f"{run.run_id}.encoder.onnx", f"{run.run_id}.decoder.onnx"]
