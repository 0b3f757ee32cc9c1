"""The Compare page without a browser."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from aecore import datasets, store


def tiles(app):
    """What the component of tiles was given."""
    (found,) = [element for element in app.get("bidi_component") if element.proto.component_name.endswith("tiles")]
    return json.loads(found.proto.json)


def choose(app, key, value):
    widget = next(widget for widget in (*app.selectbox, *app.number_input) if widget.key == f"compare {key}")
    widget.set_value(value).run()
    return tiles(app)


def starts(data):
    return [image["start"] for image in data["images"]]


def test_the_shipped_runs_are_compared_on_the_same_images(home, open_page):
    app = open_page("compare")
    assert not app.exception
    shown = tiles(app)
    assert [row["title"] for row in shown["rows"]] == ["Real", "AE", "VAE", "PCA"]
    assert starts(shown) == [f"test-{index}" for index in range(10)]
    run = store.load(shown["rows"][1]["run"])
    assert shown["rows"][1]["mean"] == f"{run.evaluation['sse']:.2f}"
    assert shown["rows"][1]["errors"] == [f"{error:.1f}" for error in run.errors["sse"][:10]]


def test_pca_at_every_length_meets_the_models(home, open_page):
    labels = {metric.label: metric.value for metric in open_page("compare").metric}
    assert len(labels) == 2  # PCA itself is the yardstick
    numbers = [int(value.removesuffix(" numbers")) for value in labels.values()]
    assert all(20 < number < 784 for number in numbers)


def test_a_class_and_a_count_narrow_the_images(home, open_page):
    app = open_page("compare")
    choose(app, "class", "Bag")
    shown = choose(app, "images", 4)
    assert [image["title"] for image in shown["images"]] == ["Bag"] * 4


def test_a_seed_shuffles_the_same_way_again(home, open_page):
    app = open_page("compare")
    first = starts(choose(app, "order", "Random"))
    second = starts(choose(app, "seed", 1))
    assert first != second
    assert starts(choose(app, "seed", 0)) == first


def test_the_largest_errors_come_first(home, open_page):
    app = open_page("compare")
    shown = choose(app, "order", "Largest error")
    errors = store.load(shown["rows"][1]["run"]).errors["sse"]
    assert starts(shown) == [f"test-{index}" for index in np.argsort(-errors, kind="stable")[:10]]


def test_the_largest_advantage_over_pca_comes_first(home, open_page):
    app = open_page("compare")
    shown = choose(app, "order", "Largest advantage")
    ahead, behind = (store.load(shown["rows"][row]["run"]).errors["sse"] for row in (1, 3))
    assert starts(shown) == [f"test-{index}" for index in np.argsort(ahead - behind, kind="stable")[:10]]


def test_bce_stands_beside_its_floor(home, open_page):
    app = open_page("compare")
    next(group for group in app.get("button_group") if group.key == "compare error").set_value("bce").run()
    real, model = tiles(app)["rows"][:2]
    assert real["detail"] == "BCE floor"
    assert all(float(floor) < float(error) for floor, error in zip(real["errors"], model["errors"], strict=True))
    assert float(real["mean"]) == pytest.approx(189.86, abs=0.01)


def test_the_table_has_units_and_the_floor(home, open_page):
    (table,) = [html.proto.body for html in open_page("compare").get("html") if "<table>" in html.proto.body]
    for words in ("sum over pixels", "nats an image", "BCE floor", "189.86", "active units", "of 20", "−ELBO"):
        assert words in table


def test_without_runs_the_page_says_so(nothing, open_page):
    app = open_page("compare")
    assert not app.exception
    assert [info.value for info in app.info] == ["There are no runs to compare yet. Train one on the Train page."]


def test_without_a_chosen_run_the_page_asks_for_one(home, open_page):
    app = open_page("compare")
    app.multiselect[0].set_value([]).run()
    assert not app.exception
    assert [info.value for info in app.info] == ["Choose at least one model."]


def test_a_run_with_damaged_codes_is_named_in_one_sentence(home, open_page):
    run = next(run for run in store.runs() if run.config.family == "pca")
    own = home / "runs" / "pca-broken"
    shutil.copytree(run.path, own)
    (own / "codes.safetensors").write_bytes(b"damaged")
    record = json.loads((own / "run.json").read_text())
    record["config"]["latent_dim"] = 21
    (own / "run.json").write_text(json.dumps(record))
    app = open_page("compare")
    app.multiselect[0].set_value([store.Run(own).run_id]).run()
    assert not app.exception
    assert "does not match its checksum" in app.error[0].value


def test_the_names_fit_the_classes_of_the_dataset(home, open_page):
    data = datasets.load("fashion_mnist")
    shown = tiles(open_page("compare"))
    assert [image["title"] for image in shown["images"]] == [data.classes[label] for label in data.test_labels[:10]]
