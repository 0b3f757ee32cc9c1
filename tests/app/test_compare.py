"""The Compare page without a browser."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from aecore import certificate, datasets, files, make_config, store
from aecore.record import RECORD
from aecore.run import own_measures


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
    assert [row["title"] for row in shown["rows"]][:4] == ["Real", "AE", "VAE", "PCA"]
    assert starts(shown) == [f"test-{index}" for index in range(10)]
    run = store.load(shown["rows"][1]["run"])
    assert shown["rows"][1]["mean"] == f"{run.evaluation['sse']:.2f}"
    assert shown["rows"][1]["errors"] == [f"{error:.1f}" for error in run.errors["sse"][:10]]


def test_pca_at_every_length_meets_the_models(home, open_page):
    labels = {metric.label: metric.value for metric in open_page("compare").metric}
    assert not [label for label in labels if "-number PCA" in label]  # PCA itself is the yardstick
    numbers = [int(value.removesuffix(" numbers")) for value in labels.values()]
    assert len(numbers) >= 2 and all(20 < number < 784 for number in numbers)


def test_a_class_and_a_count_narrow_the_images(home, open_page):
    app = open_page("compare")
    choose(app, "class fashion_mnist", "Bag")
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
    (table,) = [html.proto.body for html in open_page("compare").get("html") if "all test images" in html.proto.body]
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
    own = home / "runs" / make_config("pca", seed=7).run_id
    shutil.copytree(run.path, own)
    (own / "codes.safetensors").write_bytes(b"damaged")
    record = json.loads((own / "run.json").read_text())
    record["config"]["seed"] = 7
    (own / "run.json").write_text(json.dumps(record | {"run_id": own.name}))
    app = open_page("compare")
    app.multiselect[0].set_value([run.run_id, own.name]).run()
    assert not app.exception and not app.error
    assert ["does not match its checksum" in warning.value for warning in app.warning] == [True]
    assert [row["run"] for row in tiles(app)["rows"]] == ["", run.run_id]


def test_the_names_fit_the_classes_of_the_dataset(home, open_page):
    data = datasets.load("fashion_mnist")
    shown = tiles(open_page("compare"))
    assert [image["title"] for image in shown["images"]] == [data.classes[label] for label in data.test_labels[:10]]


def press(app, key, value):
    next(group for group in app.get("button_group") if group.key == f"compare {key}").set_value(value).run()
    return tiles(app)


def test_noise_is_seen_by_every_model_and_scored_against_the_clean_images(home, open_page):
    app = open_page("compare")
    clean = tiles(app)["rows"]
    app.slider[0].set_value(0.25).run()
    shown = tiles(app)
    real, noisy, model = shown["rows"][:3]
    assert (noisy["title"], noisy["detail"]) == ("Noisy", "variance 0.25")
    assert all(150 < float(error) < 250 for error in noisy["errors"])  # 784 pixels of variance 0.25
    assert real["sprite"] == clean[0]["sprite"] and model["sprite"] != clean[1]["sprite"]
    assert sum(map(float, model["errors"])) > sum(map(float, clean[1]["errors"]))
    assert shown["meanTitle"] == "mean of these 10"
    assert float(model["mean"]) == pytest.approx(np.mean([float(error) for error in model["errors"]]), abs=0.1)


def test_optimised_codes_are_named_lower_the_error_and_have_a_mean_where_it_is_kept(home, open_page):
    app = open_page("compare")
    app.number_input[0].set_value(3).run()
    encoder = tiles(app)["rows"][1]
    best = press(app, "codes", "Optimised")["rows"][1]
    assert (encoder["codes"], best["codes"]) == ("", "optimised codes")
    assert all(float(b) <= float(e) for b, e in zip(best["errors"], encoder["errors"], strict=True))
    assert best["mean"] == "–"
    assert any("--codes optimised --keep" in caption.value for caption in app.caption)
    run = store.load(best["run"])
    table = {**run.measures, "optimised": {"sse": 5.5}}
    files.write_whole(own_measures(run), json.dumps(table).encode())
    assert press(app, "codes", "Optimised")["rows"][1]["mean"] == "5.50"
    (numbers,) = [html.proto.body for html in app.get("html") if "all test images" in html.proto.body]
    assert "optimised codes" in numbers


def test_a_column_of_likelihood_brings_its_floor(home, open_page):
    app = open_page("compare")
    columns = next(widget for widget in app.multiselect if widget.label == "Columns")
    assert "BCE floor" not in columns.options

    def shown():
        return next(html.proto.body for html in app.get("html") if "all test images" in html.proto.body)

    columns.set_value(["sse"]).run()
    assert "floor" not in shown() and "PSNR" not in shown()
    columns.set_value(["bce", "psnr"]).run()
    assert "BCE floor" in shown() and "PSNR" in shown()


def test_the_certificate_is_on_the_page(home, open_page):
    (table,) = [html.proto.body for html in open_page("compare").get("html") if "published ones" in html.proto.body]
    assert table.count("<tr>") == 1 + len(certificate.ROWS)
    assert "14.664" in table and "floor 189.86" in table and "Hinton &amp; Salakhutdinov" in table


def test_a_dataset_that_is_not_here_leaves_the_others_alone(home, open_page, tmp_path, monkeypatch):
    run = next(run for run in store.runs() if run.config.family == "pca")
    folder = home / "runs" / make_config("pca", dataset="mnist", seed=1).run_id
    shutil.copytree(run.path, folder)
    record = json.loads((run.path / RECORD).read_text())
    record["config"] |= {"dataset": "mnist", "seed": 1}
    (folder / RECORD).write_text(json.dumps(record | {"run_id": folder.name}))
    monkeypatch.setenv("AECORE_DATA", str(tmp_path / "no data"))
    datasets.load.cache_clear()
    app = open_page("compare")
    assert not app.info
    press_dataset = next(group for group in app.get("button_group") if group.key == "compare dataset")
    press_dataset.set_value("mnist").run()
    assert not app.exception
    (told,) = [info.value for info in app.info]
    assert "MNIST is not on this machine: run `aecore fetch mnist`" in told
    assert any("14.66" in html.proto.body for html in app.get("html"))
    press(app, "dataset", "fashion_mnist")
    assert not app.info and not app.exception
    datasets.load.cache_clear()
