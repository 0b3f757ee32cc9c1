"""Every page on few, equal and odd images: it shows what can be told, or one sentence."""

import json

import numpy as np
import pytest
import streamlit as st

from aecore import datasets, make_config, store
from aecore.experiment import add_maps, load_or_train
from aecore.record import RECORD

SIDE = 8
COUNTS = {"two": 2, "three": 3, "ten": 10, "sixty": 60, "hundred": 100, "equal": 60, "blank": 60}


@pytest.fixture
def few(nothing, tmp_path, monkeypatch):
    """Adds so many images as the dataset `few`, and trains a run of each family on them."""
    monkeypatch.setenv("AECORE_DATA", str(tmp_path / "data"))
    st.cache_data.clear()

    def train(name, families, latent_dim=2):
        images = np.random.default_rng(0).integers(0, 256, (COUNTS[name], SIDE, SIDE)).astype(np.uint8)
        if name in ("equal", "blank"):
            images[:] = images[0] if name == "equal" else 0
        np.savez(tmp_path / "few.npz", images=images, labels=np.arange(len(images)) % 3)
        datasets.load.cache_clear()
        datasets.add("few", tmp_path / "few.npz")
        for family in families:
            changes = {} if family == "pca" else {"epochs": 1, "hidden": (8,)}
            add_maps(load_or_train(make_config(family, dataset="few", latent_dim=latent_dim, **changes)))
        return store.runs()

    yield train
    datasets.load.cache_clear()
    st.cache_data.clear()


def told(app, name):
    """What a component was given, as strict JSON."""
    (found,) = [one for one in app.get("bidi_component") if one.proto.component_name.endswith(name)]
    return json.loads(found.proto.json, parse_constant=pytest.fail)


@pytest.mark.parametrize("name", COUNTS)
def test_every_page_shows_what_it_can(few, open_page, name):
    families = ["ae", "vae"] if name in ("two", "three") else ["ae", "vae", "pca"]
    runs = few(name, families)
    for page in ("explore", "map", "compare", "train"):
        app = open_page(page)
        assert not app.exception, page
        assert not app.error, page
    tests = len(runs[0].codes)
    told(open_page("map"), "atlas")
    space = told(open_page("explore"), "explorer")[0]
    assert space["count"] == tests
    if tests < 10 or name in ("equal", "blank"):
        assert space["cloud"] is None and space["unsure"].startswith("Too few test codes to tell")
    else:
        assert space["cloud"] and not space["unsure"]
    assert (space["gaussian"] is None) == (tests == 1)


def test_a_map_that_the_codes_are_too_few_for_is_not_offered_and_why_is_said(few, open_page):
    few("sixty", ["ae"])
    app = open_page("map")
    assert app.caption[0].value.endswith(
        "t-SNE needs at least 8 codes, not 6; PCA takes any number. UMAP needs at least 8 codes, not 6; PCA takes any "
        "number."
    )
    assert not [button for button in app.button if "UMAP" in button.label]


def test_a_link_to_a_sample_that_nothing_is_drawn_from_opens_elsewhere(few, open_page):
    few("ten", ["ae"])
    app = open_page("train")
    app.query_params["start"] = "sample-7"
    app.switch_page("views/explore.py").run()
    assert not app.exception
    assert any("“sample-7” does not exist" in info.value for info in app.info)
    assert told(app, "explorer")[1]["start"] == "test-0"


def test_pca_of_one_training_image_is_left_out_and_the_rest_of_the_page_is_there(few, open_page):
    few("two", ["ae"])
    app = open_page("compare")
    assert "PCA needs at least two training images, not 1." in [info.value for info in app.info]
    assert any("published ones" in one.proto.body for one in app.get("html"))


def test_a_model_that_pca_never_equals_is_said_so(few, open_page):
    run = few("ten", ["ae"])[0]
    app = open_page("compare")
    assert not app.exception
    (metric,) = app.metric
    reached = metric.value
    assert reached.startswith("no number: its 8 leave SSE") or reached.removesuffix("s").endswith(" number"), reached
    assert run.evaluation["sse"] > 0


def test_more_images_than_there_are_are_one_sentence_on_the_form(few, open_page):
    few("ten", ["ae"])
    app = open_page("train")
    next(box for box in app.selectbox if box.label == "Dataset").set_value("few").run()
    next(box for box in app.number_input if box.label.startswith("Training images")).set_value(10).run()
    assert [error.value for error in app.error] == ["'train_images' must be at most 9, all that 'few' has, not 10."]
    next(box for box in app.number_input if box.label.startswith("Training images")).set_value(0).run()
    next(box for box in app.number_input if box.label == "Epochs").set_value(0).run()
    assert [error.value for error in app.error] == [
        "'epochs' must be at least 1 for the family 'ae', which learns from them."
    ]


def test_a_run_worse_than_the_mean_image_is_said_to_be(few, open_page, monkeypatch):
    run = few("hundred", ["ae"])[0]
    record = json.loads((run.path / RECORD).read_text())
    record["evaluation"] |= {"bce": 1e21, "mean_image_bce": 250.3}
    (run.path / RECORD).write_text(json.dumps(record))
    st.cache_resource.clear()
    words = "Worse than the mean training image for all: BCE 1e+21, where that image has 250.3."
    assert words in [info.value for info in open_page("explore").info]
    (table,) = [one.proto.body for one in open_page("compare").get("html") if "all test images" in one.proto.body]
    assert words in table and "<td>1e+21</td>" in table
