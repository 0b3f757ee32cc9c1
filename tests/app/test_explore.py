"""The Explore page without a browser: what it tells its component to show."""

from __future__ import annotations

import base64
import json
import shutil
from dataclasses import replace

import groups
import numpy as np
import pytest
from groups import Group

from aecore import datasets, evaluation, make_config, neighbours, store
from aecore.record import RECORD


def explorer(app):
    """What the explorer was given."""
    (found,) = [element for element in app.get("bidi_component") if element.proto.component_name == "explorer"]
    space, opening, answers = json.loads(found.proto.json)
    return {**space, "opening": opening, "answers": answers}


def sent(app):
    """The keys of the blobs on their way to the page, in order."""
    found = [element.proto for element in app.get("bidi_component") if element.proto.component_name == "store"]
    return [proto.bytes.split(b"\n", 1)[0].decode() for proto in found]


@pytest.fixture
def runs():
    """The chapter's runs by family."""
    return {run.config.family: run for run in store.runs() if run.config == make_config(run.config.family)}


def model(app):
    """The widget that chooses the run: buttons, or a list where there are many."""
    return next(one for one in (*app.get("button_group"), *app.selectbox) if one.key == "explore_model")


def test_it_opens_at_once_with_the_first_run_and_image(home, open_page, runs):
    app = open_page("explore")
    assert not app.exception
    data, ae = explorer(app), runs["ae"]
    assert data["run"] == ae.run_id
    name = f"{ae.run_id}/{ae.version}"
    assert sent(app) == [f"weights/{name}", f"codes/{name}", f"images/fashion_mnist/{ae.dataset.version}"]
    np.testing.assert_array_equal(np.array(data["opening"]["code"], np.float32), ae.codes[0])
    image = datasets.load("fashion_mnist").test_images[0]
    assert base64.b64decode(data["opening"]["image"]) == image.tobytes()
    assert len(json.dumps(data)) < 20_000


def test_dimensions_stand_in_order_of_importance(home, open_page, runs):
    data = explorer(open_page("explore"))
    variance = runs["ae"].codes.var(0)
    shown = [dimension["index"] for dimension in data["dimensions"]]
    assert shown == np.argsort(-variance).tolist()
    assert data["dimensions"][0]["importance"] == 1
    for dimension in data["dimensions"]:
        codes = runs["ae"].codes[:, dimension["index"]]
        inside = (codes > dimension["low"]) & (codes < dimension["high"])
        assert 0.98 < inside.mean() < 1


def test_another_model_keeps_the_start_under_a_new_number(home, open_page, runs):
    app = open_page("explore")
    before = explorer(app)["opening"]["number"]
    model(app).set_value(runs["vae"].run_id).run()
    data = explorer(app)
    assert data["run"] == runs["vae"].run_id
    assert data["gaussian"] is None
    assert data["measure"] == "KL to the prior"
    assert data["opening"]["number"] != before
    np.testing.assert_array_equal(np.array(data["opening"]["code"], np.float32), runs["vae"].codes[0])
    assert all(dimension["low"] < -2.57 and dimension["high"] > 2.57 for dimension in data["dimensions"])


def test_a_link_opens_what_it_says(home, open_page, runs):
    app = open_page("figures")
    for name, value in {"run": runs["pca"].run_id, "start": "mean-3"}.items():
        app.query_params[name] = value
    data = explorer(app.switch_page("views/explore.py").run())
    assert data["run"] == runs["pca"].run_id
    assert data["opening"]["start"] == "mean-3"
    assert "image" not in data["opening"]


def test_without_runs_it_says_what_to_do(nothing, open_page):
    app = open_page("explore")
    assert not app.exception
    assert [info.value for info in app.info] == ["There is no run to explore yet. Train one on the Train page."]


def test_a_damaged_run_is_explained_and_the_others_stay_in_reach(runs, nothing, open_page, tmp_path):
    for run in runs.values():
        shutil.copytree(run.path, tmp_path / "none" / run.run_id, ignore=shutil.ignore_patterns("epochs", "maps"))
    (tmp_path / "none" / runs["ae"].run_id / "weights.safetensors").write_bytes(b"damaged")
    app = open_page("explore")
    assert ["does not match its checksum" in error.value for error in app.error] == [True]
    assert explorer(model(app).set_value(runs["pca"].run_id).run())["run"] == runs["pca"].run_id


@pytest.fixture
def digits(home, runs, tmp_path, monkeypatch):
    """The id of a run on MNIST, on a machine without MNIST."""
    monkeypatch.setenv("AECORE_DATA", str(tmp_path / "no data"))
    datasets.load.cache_clear()
    folder = home / "runs" / make_config("pca", dataset="mnist").run_id
    shutil.copytree(runs["pca"].path, folder, ignore=shutil.ignore_patterns("epochs", "maps"))
    record = json.loads((folder / RECORD).read_text())
    record["config"]["dataset"] = "mnist"
    (folder / RECORD).write_text(json.dumps(record | {"run_id": folder.name}))
    yield store.Run(folder).run_id
    datasets.load.cache_clear()


def test_a_run_without_its_data_says_what_to_do_and_the_others_stay_in_reach(home, open_page, runs, digits):
    app = open_page("explore")
    model(app).set_value(digits).run()
    assert not app.exception
    assert ["run `aecore fetch mnist`" in error.value for error in app.error] == [True]
    assert explorer(model(app).set_value(runs["pca"].run_id).run())["run"] == runs["pca"].run_id
    assert not app.error


def test_a_link_to_a_run_without_its_data_opens_the_first_run(home, open_page, runs, digits):
    app = open_page("figures")
    app.query_params["run"] = digits
    data = explorer(app.switch_page("views/explore.py").run())
    assert data["run"] == runs["ae"].run_id
    assert ["run `aecore fetch mnist`" in info.value for info in app.info] == [True]


def test_faces_are_shown_over_their_span_and_only_people_with_images_have_means(home, open_page, monkeypatch):
    faces = replace(datasets.load("fashion_mnist"), span=(-5.0, 3.5), classes=tuple(map(str, range(40))))
    monkeypatch.setattr(datasets, "load", lambda name: faces)
    data = explorer(open_page("explore"))
    assert data["span"] == [-5, 3.5]
    assert [mean is not None for mean in data["means"]] == [True] * 10 + [False] * 30


def test_the_models_panel_is_sent_the_weights_of_the_other_models(home, open_page, runs):
    app = open_page("figures")
    app.query_params["panel"] = "models"
    app.switch_page("views/explore.py").run()
    beside = [run for run in store.runs() if run.config.dataset == "fashion_mnist"]
    answers = explorer(app)["answers"]
    assert [run for run, _, _ in answers["models"]] == [run.run_id for run in beside]
    assert len({title for _, title, _ in answers["models"]}) == len(beside)
    assert sorted(key for key in sent(app) if key.startswith("weights/")) == sorted(
        f"weights/{run.run_id}/{run.version}" for run in beside
    )


def test_the_directions_panel_is_told_of_this_datasets_groups(home, open_page):
    app = open_page("figures")
    data = datasets.load("fashion_mnist")
    app.session_state[groups.KEY] = [
        Group("boots", ("fashion_mnist", data.version), (0, 23)),
        Group("sevens", ("mnist", "1"), (0, 17)),
    ]
    app.query_params["panel"] = "directions"
    assert explorer(app.switch_page("views/explore.py").run())["answers"] == {"groups": [["boots", [0, 23]]]}


def test_other_panels_ask_for_nothing(home, open_page, runs):
    app = open_page("explore")
    assert explorer(app)["answers"] == {}
    assert len([key for key in sent(app) if key.startswith("weights/")]) == 1


def test_a_training_image_is_a_start(home, open_page, runs):
    app = open_page("figures")
    app.query_params["start"] = "train-59999"
    opening = explorer(app.switch_page("views/explore.py").run())["opening"]
    data = datasets.load("fashion_mnist")
    assert base64.b64decode(opening["image"]) == data.train_images[59999].tobytes()
    assert opening["label"] == data.train_labels[59999]
    code = runs["ae"].encode(data.pixels(data.train_images[59999:]))[0]
    np.testing.assert_allclose(opening["code"], code, atol=1e-5)


def test_the_nearest_training_images():
    import nearby

    run = next(run for run in store.runs() if run.config.train_images == 2000)
    data = datasets.load(run.config.dataset)
    codes = neighbours.training_codes(run, data)
    found = nearby.nearest_codes(run, codes, codes[7])
    assert found[0][:3] == [7, int(data.train_labels[7]), 0.0]
    assert [row[2] for row in found] == sorted(row[2] for row in found)
    assert found[1][2] == pytest.approx(np.linalg.norm(codes[found[1][0]] - codes[7]), abs=1e-3)
    pictures = nearby.nearest_pictures(run, codes[7])
    assert max(row[0] for row in pictures) < 2000  # it has seen no others
    index = pictures[0][0]
    real = data.pixels(data.train_images[index : index + 1])
    assert pictures[0][2] == pytest.approx(float(evaluation.sse(real, run.decode(codes[7:8]))[0]), rel=1e-4)
    assert base64.b64decode(pictures[0][3]) == data.train_images[index].tobytes()
