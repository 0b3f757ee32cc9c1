"""The Map page without a browser."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from aecore import jobs, projection, store
from aecore.inverse import inverse_error
from aecore.projection import NEIGHBOURS, plane
from aecore.space import describe

APP = Path(__file__).parents[2] / "app"


def atlas(app):
    """What the map's component was given."""
    (found,) = [element for element in app.get("bidi_component") if element.proto.component_name.endswith("atlas")]
    return json.loads(found.proto.json)


def test_the_first_run_is_shown_on_its_pca_plane(home, open_page):
    app = open_page("map")
    assert not app.exception
    run = store.runs()[0]
    shown = atlas(app)
    assert (shown["run"], shown["version"], shown["method"]) == (run.run_id, run.version, "pca")
    assert shown["images"] == f"fashion_mnist/{run.dataset.version}"
    np.testing.assert_allclose(shown["plane"]["axes"], plane(run.codes).axes, rtol=1e-6)
    assert len(shown["classes"]) == 10
    assert shown["order"] == [dimension["index"] for dimension in describe(run)["dimensions"]]
    assert shown["groups"] == []
    told = app.caption[0].value
    assert "z = mean + u·V" in told
    error = inverse_error(run, "pca")
    assert f"loses {error.variance:.0%} of the codes' variance: SSE {error.sse:.1f}" in told


def test_t_sne_says_that_it_has_no_inverse(home, open_page):
    app = open_page("map")
    projection = next(group for group in app.button_group if group.key == "map projection")
    projection.set_value("tsne").run()
    shown = atlas(app)
    assert (shown["method"], shown["plane"], shown["neighbours"]) == ("tsne", None, NEIGHBOURS)
    told = app.caption[0].value
    assert told.startswith("t-SNE has no inverse")
    error = inverse_error(store.runs()[0], "tsne")
    assert f"missed by {error.variance:.1%} of the codes' variance" in told
    assert f"SSE {error.sse:.1f} from a test image's dot, {error.own_sse:.1f} from its code" in told


def test_a_run_without_maps_says_how_to_make_them(home, open_page, monkeypatch):
    monkeypatch.setattr(store.Run, "maps", {})
    app = open_page("map")
    assert not app.exception
    assert f"`aecore map {store.runs()[0].run_id}`" in app.info[0].value


def offer(app):
    return next(button for button in app.button if button.label.startswith("Compute"))


@pytest.fixture
def started(monkeypatch):
    """The maps that the page has asked for; nothing is computed."""
    wanted = []
    monkeypatch.setattr(jobs, "start_maps", lambda *words: wanted.append(words))
    monkeypatch.setattr(jobs, "making_maps", lambda run_id: False)
    return wanted


def test_umap_is_computed_when_it_is_asked_for(home, open_page, started):
    run = store.runs()[0]
    app = open_page("map")
    assert offer(app).label == "Compute UMAP (about 40 s)"
    offer(app).click().run()
    assert started == [(run.run_id, "umap")]
    # the process ended, and there is no map
    assert f"`aecore map {run.run_id} --method umap` says why" in app.info[0].value


def test_a_map_that_was_asked_for_is_shown_once_it_is_there(home, open_page, started, monkeypatch):
    run = store.runs()[0]
    app = open_page("map")
    maps = {**run.maps, "umap": run.maps["tsne"]}
    monkeypatch.setattr(jobs, "start_maps", lambda *words: monkeypatch.setattr(store.Run, "maps", maps))
    offer(app).click().run()
    assert atlas(app)["method"] == "umap"
    assert app.caption[0].value.startswith("UMAP has no inverse")
    assert not [button for button in app.button if button.label.startswith("Compute")]


def test_a_run_without_maps_gets_them_by_the_button(home, open_page, started, monkeypatch):
    maps = store.runs()[0].maps
    monkeypatch.setattr(store.Run, "maps", {})
    app = open_page("map")
    assert offer(app).label == "Compute the maps"
    monkeypatch.setattr(jobs, "start_maps", lambda *words: monkeypatch.setattr(store.Run, "maps", maps))
    offer(app).click().run()
    assert atlas(app)["method"] == "pca"
    assert not app.info


def test_while_a_map_is_computed_the_page_says_so(home, open_page, started, monkeypatch):
    monkeypatch.setattr(jobs, "making_maps", lambda run_id: True)
    app = open_page("map")
    assert "Computing" in app.caption[0].value
    assert not [button for button in app.button if button.label.startswith("Compute")]


def test_without_umap_the_page_says_what_brings_it(home, open_page, started, monkeypatch):
    row = projection.METHODS["umap"]
    monkeypatch.setitem(projection.METHODS, "umap", replace(row, package="no_such_package"))
    app = open_page("map")
    offer(app).click().run()
    assert not app.exception and started == []
    assert "`pip install latent-explorer[maps]` brings it" in app.info[0].value
    assert atlas(app)["method"] == "pca"


def test_a_link_opens_its_run_and_map(home):
    run = [run for run in store.runs() if run.config.dataset == "fashion_mnist"][3]
    app = AppTest.from_file(str(APP / "main.py"), default_timeout=60).switch_page("views/map.py")
    app.query_params.update({"run": run.run_id, "map": "tsne"})
    shown = atlas(app.run())
    assert (shown["run"], shown["method"]) == (run.run_id, "tsne")


@pytest.mark.parametrize(
    ("link", "words"), [({"run": "ae-no"}, "“ae-no” is not on this computer"), ({"map": "no"}, "“no” is not computed")]
)
def test_a_wrong_link_gets_a_sentence(home, link, words):
    app = AppTest.from_file(str(APP / "main.py"), default_timeout=60).switch_page("views/map.py")
    app.query_params.update(link)
    app.run()
    assert words in app.info[0].value
    assert (atlas(app)["run"], atlas(app)["method"]) == (store.runs()[0].run_id, "pca")


def test_without_runs_the_page_points_to_training(nothing, open_page):
    app = open_page("map")
    assert not app.exception
    assert "Train one" in app.info[0].value
