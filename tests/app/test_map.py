"""The Map page without a browser."""

from __future__ import annotations

import json

import numpy as np

from aecore import store
from aecore.projection import NEIGHBOURS, plane


def atlas(app):
    """What the map's component was given."""
    (found,) = [element for element in app.get("bidi_component") if element.proto.component_name.endswith("atlas")]
    return json.loads(found.proto.json)


def test_the_first_run_is_shown_on_its_pca_plane(home, open_page):
    app = open_page("map")
    assert not app.exception
    run = store.runs()[0]
    shown = atlas(app)
    assert (shown["run"], shown["dataset"], shown["method"]) == (run.run_id, "fashion_mnist", "pca")
    np.testing.assert_allclose(shown["plane"]["axes"], plane(run.codes).axes, rtol=1e-6)
    assert len(shown["classes"]) == 10
    assert "z = mean + u·V" in app.caption[0].value


def test_t_sne_says_that_it_has_no_inverse(home, open_page):
    app = open_page("map")
    projection = next(group for group in app.button_group if group.key == "map projection")
    projection.set_value("tsne").run()
    shown = atlas(app)
    assert (shown["method"], shown["plane"], shown["neighbours"]) == ("tsne", None, NEIGHBOURS)
    assert app.caption[0].value.startswith("t-SNE has no inverse")


def test_a_run_without_maps_says_how_to_make_them(home, open_page, monkeypatch):
    monkeypatch.setattr(store.Run, "maps", {})
    app = open_page("map")
    assert not app.exception
    assert f"`aecore map {store.runs()[0].run_id}`" in app.info[0].value


def test_without_runs_the_page_points_to_training(nothing, open_page):
    app = open_page("map")
    assert not app.exception
    assert "Train one" in app.info[0].value
